// What both handlers share: verify the signature, pass the event on, show the books.
// It needs nothing but Node.
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const TOLERANCE_S = 300;

function keyOf(secret) {
  const text = secret.replace(/^whsec_/, "");
  const key = Buffer.from(text, "base64");
  // Node also decodes text that is not base64: encode the key again, and compare.
  const isBase64 = text !== secret && key.length >= 16 && key.toString("base64") === text;
  return isBase64 ? key : Buffer.from(secret);
}

/** Checks the Standard Webhooks signature: see docs/how-to/verify-webhooks.md. */
function isOurs(body, headers, secret) {
  const timestamp = headers["webhook-timestamp"] ?? "";
  if (!/^[0-9]{1,12}$/.test(timestamp)) return false;
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > TOLERANCE_S) return false;
  const signed = Buffer.concat([Buffer.from(`${headers["webhook-id"]}.${timestamp}.`), body]);
  const digest = createHmac("sha256", keyOf(secret)).update(signed).digest("base64");
  const expected = Buffer.from("v1," + digest);
  return (headers["webhook-signature"] ?? "").split(" ").some((value) => {
    const given = Buffer.from(value);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

/** Serves `POST /webhook` and `GET /books?payment_id=…`. */
export function serve(shop) {
  const place = process.argv.indexOf("--port");
  const port = place > 0 ? Number(process.argv[place + 1]) : 4300;
  const secret = process.env.PAYGATE_WEBHOOK_SECRET ?? "whsec_test_abc123";
  const server = createServer(async (request, response) => {
    const answer = (status, body) => {
      response.writeHead(status, { "Content-Type": "application/json" });
      response.end(JSON.stringify(body));
    };
    if (request.method === "GET") {
      const asked = new URL(request.url, "http://localhost").searchParams;
      return answer(200, shop.books(asked.get("payment_id")));
    }
    const parts = [];
    for await (const part of request) parts.push(part);
    const body = Buffer.concat(parts);
    if (!isOurs(body, request.headers, secret)) return answer(401, { error: "Invalid signature" });
    shop.receive(request.headers["webhook-id"], JSON.parse(body));
    return answer(200, { received: true });
  });
  server.on("error", (error) => {
    const reason = error.code === "EADDRINUSE" ? "Address already in use" : error.code;
    console.error(`port ${port}: ${reason}; choose another one with --port`);
    process.exit(1);
  });
  server.listen(port, "127.0.0.1", () => {
    console.log(`listening: http://127.0.0.1:${server.address().port}/webhook`);
  });
}
