/** Copy the API reference: our page, and the viewer it shows the document with. */

import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const TARGET = join(HERE, "../paygate/core/api/static/reference");
const VIEWER = join(HERE, "node_modules/redoc/bundles/redoc.standalone.js");
// The viewer shows its maker's logo from the network; no page of ours loads anything from elsewhere.
const LOGO = "https://cdn.redoc.ly/redoc/logo-mini.svg";
const NO_IMAGE = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==";

const viewer = await readFile(VIEWER, "utf8");
if (!viewer.includes(LOGO)) throw new Error(`${VIEWER} does not name ${LOGO}; look what it loads now`);

await rm(TARGET, { recursive: true, force: true });
await mkdir(TARGET, { recursive: true });
await writeFile(join(TARGET, "redoc.js"), viewer.replaceAll(LOGO, NO_IMAGE));
await writeFile(join(TARGET, "redoc.js.LICENSE.txt"), await readFile(`${VIEWER}.LICENSE.txt`));
for (const name of ["index.html", "start.js"]) {
  await writeFile(join(TARGET, name), await readFile(join(HERE, "reference", name)));
}
