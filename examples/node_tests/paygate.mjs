// A paygate of a test file's own, and a namespace for each test. Needs nothing but Node.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** Starts a gateway; it ends with `stop()`, or with this process however that ends. */
export async function startPaygate(command = process.env.PAYGATE ?? "paygate") {
  const args = ["dev", "--ephemeral", "--until-stdin-closes"];
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  return { ...JSON.parse(line), stop: () => (child.stdin.end(), once(child, "exit")) };
}

/** A merchant for one test: fresh keys, and nothing of any other test's. */
export async function openNamespace(paygate, wanted = {}) {
  const namespace = await send("POST", paygate.namespaces_url, wanted);
  const keys = { "X-Api-Key": namespace.api_key, "X-Api-Secret": namespace.api_secret };
  return {
    ...namespace,
    call: (method, path, body) => send(method, paygate.api_url + path, body, keys),
    retire: () => send("DELETE", `${paygate.namespaces_url}/${namespace.id}`),
  };
}

async function send(method, url, body, headers = {}) {
  const answer = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
  const said = await answer.json();
  if (!answer.ok) throw new Error(`${answer.status} ${said.error.description}`);
  return said;
}
