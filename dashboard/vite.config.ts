import { createHash } from "node:crypto";
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

// The API that a development server's pages talk to.
const api = process.env["PAYGATE_API"] ?? "http://127.0.0.1:8000";

const BUILT = "../paygate/core/api/static/dashboard";
// Licenses and notices of every package that is bundled.
const LICENSES = "licenses.md";
const FONT = "@fontsource-variable/inter";
const SOURCES = ["index.html", "package-lock.json", "package.json", "public", "src", "tsconfig.json", "vite.config.ts"];

/** Writes a digest of the sources, so that a test without Node can detect a stale build. */
function builtFrom(): Plugin {
  return {
    name: "built-from",
    apply: "build",
    closeBundle() {
      const digest = createHash("sha256");
      for (const path of SOURCES.flatMap(filesUnder).sort()) {
        digest.update(`${path}\0`).update(readFileSync(path)).update("\0");
      }
      writeFileSync(join(BUILT, "built-from.txt"), `${digest.digest("hex")}\n`);
    },
  };
}

/** Adds the font, which Vite leaves out because only CSS imports it. */
function fontLicense(): Plugin {
  return {
    name: "font-license",
    apply: "build",
    closeBundle() {
      const read = (name: string) => readFileSync(join("node_modules", FONT, name), "utf8");
      const { version, license } = JSON.parse(read("package.json")) as { version: string; license: string };
      appendFileSync(join(BUILT, LICENSES), `\n## ${FONT} - ${version} (${license})\n\n${read("LICENSE")}`);
    },
  };
}

function filesUnder(path: string): string[] {
  if (path.includes(".")) return [path];
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

export default defineConfig(({ command }) => ({
  plugins: [react(), builtFrom(), fontLicense()],
  // Built, the pages are served by the API at /login and /dashboard/*, and by a
  // server of their own; the assets have one address on both.
  base: command === "build" ? "/dashboard/" : "/",
  build: {
    outDir: BUILT,
    // Files in `public` are copied unchanged: the icon and the plain log page.
    emptyOutDir: true,
    // The content security policy allows no data: fonts and no inline scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: LICENSES },
    sourcemap: false,
    chunkSizeWarningLimit: 600,
    rolldownOptions: {
      output: {
        // Every page is a file of its own; what they share is two files, not fifty.
        codeSplitting: {
          groups: [
            { name: "libraries", test: /node_modules/ },
            { name: "shared", test: /src\/(api|charts|format|ui)\// },
          ],
        },
      },
    },
  },
  server: {
    port: 3220,
    strictPort: true,
    proxy: { "/api": api, "/health": api },
  },
}));
