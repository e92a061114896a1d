// A gateway for the tests of a file, and a network that loses responses.
import { spawn } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import { createInterface } from "node:readline";

/** The gateway of the environment; without one, a `paygate dev --ephemeral` for this file. */
export async function startGateway() {
  const { PAYGATE_URL, PAYGATE_API_KEY, PAYGATE_API_SECRET } = process.env;
  if (PAYGATE_URL) {
    const keys = { apiKey: PAYGATE_API_KEY, apiSecret: PAYGATE_API_SECRET };
    return { options: { baseUrl: PAYGATE_URL, ...keys }, stop: async () => {} };
  }
  const args = ["dev", "--ephemeral", "--until-stdin-closes"];
  const child = spawn(process.env.PAYGATE ?? "paygate", args, { stdio: ["pipe", "pipe", "inherit"] });
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  const ready = JSON.parse(line);
  const keys = { apiKey: ready.api_key, apiSecret: ready.api_secret };
  return {
    options: { baseUrl: ready.base_url, ...keys },
    stop: () => (child.stdin.end(), once(child, "exit")),
  };
}

/** A server of this process; `answer` is given each request with its body. */
export async function startServer(answer) {
  const server = http.createServer((request, response) => {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => answer(request, response, Buffer.concat(parts)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    stop: () => (server.close(), server.closeAllConnections()),
  };
}

/**
 * A proxy in front of a gateway. For each name in `lost`, such as `POST /api/v1/payments`, the
 * gateway gets a request, and the connection closes without a byte of its response. A name in
 * `cut` is a response that breaks off after its first piece.
 */
export async function startLossyProxy(baseUrl) {
  const { hostname, port } = new URL(baseUrl);
  const proxy = { lost: [], cut: [], seen: [] };
  const server = await startServer((request, response, body) => {
    const { method, url, headers } = request;
    const name = `${method} ${url.split("?")[0]}`;
    const behind = http.request({ hostname, port, method, path: url, headers }, (answer) => {
      proxy.seen.push({ name, url, status: answer.statusCode, key: headers["idempotency-key"] });
      const take = (names) => names.includes(name) && names.splice(names.indexOf(name), 1);
      if (take(proxy.lost)) {
        answer.resume().on("end", () => request.socket.destroy());
      } else {
        if (take(proxy.cut)) answer.once("data", () => setImmediate(() => request.socket.destroy()));
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
      }
    });
    behind.on("error", () => request.socket.destroy());
    response.on("close", () => behind.destroy());
    behind.end(body);
  });
  return Object.assign(proxy, server);
}

/** Wait until something is so. */
export async function until(check, withinMs = 30_000) {
  const end = Date.now() + withinMs;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > end) throw new Error("it did not happen in time");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
