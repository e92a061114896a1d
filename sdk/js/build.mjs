/**
 * Build the SDK, the checkout page and the payer simulator into the Python package, the same bytes every time.
 *
 *   node build.mjs           write them
 *   node build.mjs --check   fail if what is there is not what would be written
 */

import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const STATIC = join(HERE, "../../paygate/core/api/static");
const SDK_GZIPPED_BYTES_MAX = 12_000;

const { version } = JSON.parse(await readFile(join(HERE, "package.json"), "utf8"));
const banner = `/*! paygate checkout ${version} | Apache-2.0 */`;

const shared = {
  absWorkingDir: HERE,
  bundle: true,
  minify: true,
  write: false,
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  define: { VERSION: JSON.stringify(version) },
  logLevel: "warning",
};

const checkout = new Map([
  ["checkout.js", await script("src/sdk/classic.ts", "iife")],
  ["checkout.mjs", await script("src/sdk/module.ts", "esm")],
  ["checkout.d.ts", await readFile(join(HERE, "src/sdk/checkout.d.ts"))],
  ...(await pages({
    from: "src/page",
    at: "/checkout",
    entries: { page: "main.ts", style: "checkout.css", icon: "icon.svg" },
    documents: ["index.html"],
  })),
]);
checkout.set("integrity.json", integrity(["checkout.js", "checkout.mjs"]));
const simulator = new Map(
  await pages({
    from: "src/simulator",
    at: "/simulator",
    entries: { bank: "bank.ts", phone: "phone.ts", style: "simulator.css", icon: "icon.svg" },
    documents: ["bank.html", "phone.html"],
  }),
);

const sdkBytes = gzipSync(checkout.get("checkout.js"), { level: 9 }).length;
if (sdkBytes > SDK_GZIPPED_BYTES_MAX) {
  throw new Error(`checkout.js is ${sdkBytes} bytes gzipped, above ${SDK_GZIPPED_BYTES_MAX}`);
}

for (const [folder, files] of Object.entries({ checkout, simulator })) {
  const target = join(STATIC, folder);
  if (process.argv.includes("--check")) await check(target, files);
  else await write(target, files);
}

/** What a merchant's page may demand of a script, as `integrity="…"`. */
function integrity(names) {
  const hash = (name) => createHash("sha384").update(checkout.get(name)).digest("base64");
  const scripts = names.map((name) => [name, `sha384-${hash(name)}`]);
  return Buffer.from(`${JSON.stringify({ version, ...Object.fromEntries(scripts) }, null, 2)}\n`);
}

async function script(entry, format) {
  const { outputFiles } = await build({
    ...shared,
    entryPoints: [entry],
    format,
    banner: { js: banner },
  });
  return outputFiles[0].contents;
}

/** Pages, and what they load under names made from its content. */
async function pages({ from, at, entries, documents }) {
  const { outputFiles } = await build({
    ...shared,
    entryPoints: Object.fromEntries(
      Object.entries(entries).map(([name, file]) => [name, `${from}/${file}`]),
    ),
    loader: { ".svg": "copy" },
    outdir: "out",
    entryNames: "assets/[name]-[hash]",
    format: "iife",
  });
  const assets = outputFiles.map((file) => [relative(join(HERE, "out"), file.path), file.contents]);
  const named = (entry) => `${at}/${assets.find(([name]) => name.startsWith(`assets/${entry}-`))[0]}`;
  const filled = async (document) => {
    const html = await readFile(join(HERE, from, document), "utf8");
    return [document, Buffer.from(html.replace(/{{(\w+)}}/g, (_, entry) => named(entry)))];
  };
  return [...assets, ...(await Promise.all(documents.map(filled)))];
}

async function write(target, files) {
  await rm(target, { recursive: true, force: true });
  for (const [name, contents] of files) {
    await mkdir(dirname(join(target, name)), { recursive: true });
    await writeFile(join(target, name), contents);
    console.log(`${name}  ${contents.length} bytes, ${gzipSync(contents, { level: 9 }).length} gzipped`);
  }
}

async function check(target, files) {
  const entries = await readdir(target, { recursive: true, withFileTypes: true });
  const there = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(target, join(entry.parentPath, entry.name)));
  const isSame = async (name) =>
    Buffer.compare(await readFile(join(target, name)), Buffer.from(files.get(name))) === 0;
  const stale = there.filter((name) => !files.has(name));
  const missing = [...files.keys()].filter((name) => !there.includes(name));
  const other = [];
  for (const name of there) if (files.has(name) && !(await isSame(name))) other.push(name);
  const wrong = [...stale, ...missing, ...other];
  if (wrong.length > 0) {
    console.error(`not what the sources build: ${wrong.join(", ")}; run npm run build`);
    process.exit(1);
  }
  console.log(`${relative(STATIC, target)}: the built files are what the sources build`);
}
