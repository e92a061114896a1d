// With a server that answers what a test wants.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";

import * as library from "@paygate/server";

import { startServer } from "./gateway.mjs";

const { ConfigurationError, ConnectionFailedError, PaygateClient, UnexpectedResponseError } = library;
const KEYS = { apiKey: "key_test_1", apiSecret: "secret_of_this_test" };
const PAYMENT = { id: "pay_1", amount: 50000 };
const UPI = { order_id: "order_1", method: "upi", vpa: "asha@okaxis" };
const error = (code, more = {}) => ({ error: { code, description: "No.", ...more } });
const status = (number, body = error("SERVER_ERROR"), headers = {}) => ({ number, body, headers });
const CUT = "the connection closes";

/** A client of a server that gives these answers, one for each request. */
async function scripted(t, answers, retry = { firstPauseMs: 1 }) {
  const seen = [];
  const server = await startServer((request, response, body) => {
    seen.push({ url: request.url, headers: request.headers, body: body.toString() });
    const answer = answers[Math.min(seen.length, answers.length) - 1];
    if (answer === CUT) return request.socket.destroy();
    response.writeHead(answer.number, answer.headers);
    return response.end(typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body));
  });
  t.after(server.stop);
  return { seen, client: new PaygateClient({ ...KEYS, baseUrl: server.url, retry }) };
}

const AGAIN = [
  CUT,
  status(408),
  status(409, error("IDEMPOTENCY_IN_PROGRESS")),
  status(429, error("RATE_LIMIT_ERROR"), { "Retry-After": "0" }),
  status(500),
  status(502, "<html>Bad Gateway"),
  status(503),
];
for (const first of AGAIN) {
  test(`a payment is sent again with the same key after ${first.number ?? first}`, async (t) => {
    const { client, seen } = await scripted(t, [first, first, status(201, PAYMENT)]);

    assert.equal((await client.payments.create(UPI)).id, "pay_1");
    assert.equal(seen.length, 3);
    assert.equal(new Set(seen.map(({ headers }) => headers["idempotency-key"])).size, 1);
    assert.match(seen[0].headers["idempotency-key"], /^[0-9a-f-]{36}$/);
    assert.equal(new Set(seen.map(({ body }) => body)).size, 1);
  });
}

for (const key of ["", " ", '""', " sale-1", "sale-1\n", "₹", "x".repeat(256), 1042]) {
  test(`the key ${JSON.stringify(key)}, which the server refuses or ignores, is refused`, async (t) => {
    const { client, seen } = await scripted(t, [CUT, status(201, PAYMENT)]);

    // The retry of a request whose key is ignored would be a second payment.
    assert.throws(() => client.payments.create(UPI, { idempotencyKey: key }), ConfigurationError);
    assert.equal(seen.length, 0);
  });
}

test("a request that cannot be written is a mistake of the program, and not sent again", async (t) => {
  const { client, seen } = await scripted(t, [status(201, PAYMENT)]);

  await assert.rejects(client.orders.create({ amount: 50000n }), (thrown) => thrown.name === "TypeError");
  assert.equal(seen.length, 0);
});

test("a code that is the name of something else is an error like any other", async (t) => {
  const { client } = await scripted(t, [status(400, error("constructor"))]);

  await assert.rejects(client.orders.get("order_1"), library.BadRequestError);
});

for (const first of [CUT, status(503), status(408)]) {
  test(`without a key nothing is sent again after ${first.number ?? first}`, async (t) => {
    const { client, seen } = await scripted(t, [first]);

    await assert.rejects(client.webhooks.endpoints.create({ url: "https://shop.example" }));
    assert.equal(seen.length, 1);
    assert.equal(seen[0].headers["idempotency-key"], undefined);
  });
}

test("without a key a request that was refused by a limit is sent again", async (t) => {
  const made = { id: "e", secret: "whsec_new" };
  const { client } = await scripted(t, [status(429, error("RATE_LIMIT_ERROR")), status(201, made)]);

  assert.equal((await client.webhooks.endpoints.create({ url: "https://shop.example" })).secret, "whsec_new");
});

test("without a key a request that was never sent is sent again", async () => {
  const refused = Object.assign(new TypeError("fetch failed"), { cause: { code: "ECONNREFUSED" } });
  let asked = 0;
  const fetch = async () => {
    asked += 1;
    if (asked < 3) throw refused;
    return new Response(JSON.stringify({ id: "e" }), { status: 201 });
  };
  const client = new PaygateClient({ ...KEYS, baseUrl: "http://pay.example", retry: { firstPauseMs: 1 }, fetch });

  await client.webhooks.endpoints.create({ url: "https://shop.example" });
  assert.equal(asked, 3);
});

const REFUSED = [
  [400, "BAD_REQUEST_ERROR", "BadRequestError"],
  [401, "AUTHENTICATION_ERROR", "AuthenticationError"],
  [403, "FORBIDDEN", "ForbiddenError"],
  [404, "NOT_FOUND_ERROR", "NotFoundError"],
  [409, "OTHER", "BadRequestError"],
  [413, "BAD_REQUEST_ERROR", "BadRequestError"],
  [422, "BAD_REQUEST_ERROR", "BadRequestError"],
  [422, "IDEMPOTENCY_KEY_REUSED", "IdempotencyKeyReusedError"],
];
for (const [number, code, name] of REFUSED) {
  test(`${number} ${code} is not sent again, and is a ${name}`, async (t) => {
    const body = error(code, { reason: "too_small", field: "amount" });
    const { client, seen } = await scripted(t, [status(number, body, { "X-Request-Id": "req_1" })]);

    await assert.rejects(client.payments.create(UPI, { idempotencyKey: "sale-1" }), (thrown) => {
      assert.ok(thrown instanceof library[name] && thrown.name === name);
      assert.deepEqual([thrown.status, thrown.code, thrown.reason], [number, code, "too_small"]);
      assert.deepEqual([thrown.field, thrown.requestId, thrown.idempotencyKey], ["amount", "req_1", "sale-1"]);
      assert.equal(thrown.message, `${number} ${code}: No.`);
      return true;
    });
    assert.equal(seen.length, 1);
  });
}

for (const [number, name] of [[429, "RateLimitError"], [500, "ServerError"], [503, "UnavailableError"]]) {
  test(`after the last retry ${number} is a ${name}`, async (t) => {
    const { client, seen } = await scripted(t, [status(number)], { firstPauseMs: 1, retriesMax: 2 });

    await assert.rejects(client.orders.get("order_1"), library[name]);
    assert.equal(seen.length, 3);
  });
}

test("Retry-After is honoured, and beyond the total it raises at once", async (t) => {
  const soon = status(429, error("RATE_LIMIT_ERROR"), { "Retry-After": "1" });
  const late = status(429, error("RATE_LIMIT_ERROR"), { "Retry-After": "3600" });
  const { client, seen } = await scripted(t, [soon, late]);
  const beganMs = performance.now();

  await assert.rejects(client.orders.get("order_1"), (thrown) => thrown.retryAfterMs === 3_600_000);
  assert.equal(seen.length, 2);
  // A timer may fire a little early.
  assert.ok(performance.now() - beganMs >= 990);
});

test("a redirect is not followed", async (t) => {
  const { client, seen } = await scripted(t, [status(302, "", { Location: "http://127.0.0.1:9/" })]);

  await assert.rejects(client.orders.get("order_1"), UnexpectedResponseError);
  assert.equal(seen.length, 1);
});

test("a response that is late counts as lost", async (t) => {
  const server = await startServer(() => {});
  t.after(server.stop);
  const client = new PaygateClient({ ...KEYS, baseUrl: server.url, timeoutMs: 50, retry: { firstPauseMs: 1, retriesMax: 1 } });

  await assert.rejects(client.payments.create(UPI, { idempotencyKey: "sale-1" }), (thrown) => {
    assert.ok(thrown instanceof ConnectionFailedError);
    assert.match(thrown.message, /no response after 2 attempts/);
    return thrown.idempotencyKey === "sale-1";
  });
});

test("a response that the server may delay has more time", async (t) => {
  const server = await startServer((request, response) => {
    setTimeout(() => response.end(JSON.stringify(PAYMENT)), request.url.includes("wait=2") ? 200 : 0);
  });
  t.after(server.stop);
  const retry = { firstPauseMs: 1, retriesMax: 0 };
  const client = new PaygateClient({ ...KEYS, baseUrl: server.url, timeoutMs: 100, retry });

  assert.equal((await client.payments.get("pay_1", { wait: 2 })).id, "pay_1");
});

test("all pages are read with the same filters", async (t) => {
  const page = (rows, next_cursor) => status(200, { data: rows, total: 2, limit: 100, next_cursor });
  const pages = [page([{ id: "pay_1" }], "c1"), page([], "c2"), page([{ id: "pay_2" }], null)];
  const { client, seen } = await scripted(t, pages);
  const found = [];
  for await (const row of client.payments.iterate({ from: new Date("2026-01-15"), method: "upi" })) found.push(row.id);

  assert.deepEqual(found, ["pay_1", "pay_2"]);
  const query = "/api/v1/payments?from=2026-01-15T00%3A00%3A00.000Z&method=upi&limit=100";
  assert.deepEqual(seen.map(({ url }) => url), [query, `${query}&cursor=c1`, `${query}&cursor=c2`]);
});

test("a cursor that leads to itself ends with an error", async (t) => {
  const { client, seen } = await scripted(t, [status(200, { data: [], next_cursor: "c1" })]);

  await assert.rejects(client.orders.iterate().next(), UnexpectedResponseError);
  assert.equal(seen.length, 2);
});

test("ids cannot lead to another path", async (t) => {
  const { client, seen } = await scripted(t, [status(200, PAYMENT)]);

  await client.payments.get("../orders?q");
  assert.equal(seen[0].url, "/api/v1/payments/..%2Forders%3Fq");
  for (const wrong of ["", ".", ".."]) assert.throws(() => client.payments.get(wrong), ConfigurationError);
});

test("settings come from the environment, and wrong ones are refused", () => {
  const names = { PAYGATE_URL: "https://pay.example/", PAYGATE_API_KEY: "k", PAYGATE_API_SECRET: "s" };
  const before = { ...process.env };
  Object.assign(process.env, names);
  assert.equal(inspect(new PaygateClient()), "PaygateClient(https://pay.example/api/v1)");
  for (const name of Object.keys(names)) {
    delete process.env[name];
    assert.throws(() => new PaygateClient(), { name: "ConfigurationError", message: new RegExp(name) });
    process.env[name] = names[name];
  }
  for (const name of Object.keys(names)) delete process.env[name];
  Object.assign(process.env, before);

  const inspected = inspect(new PaygateClient({ ...KEYS, baseUrl: "http://localhost:8000/api/v1" }));
  assert.equal(inspected, "PaygateClient(http://localhost:8000/api/v1)");
  for (const baseUrl of ["", "pay.example", "ftp://pay.example", "https://asha:pin@x.example", "http://x/?a"]) {
    assert.throws(() => new PaygateClient({ ...KEYS, baseUrl }), (thrown) => {
      return thrown instanceof ConfigurationError && !thrown.message.includes("pin");
    });
  }
  const baseUrl = "https://pay.example";
  assert.throws(() => new PaygateClient({ apiKey: "k", apiSecret: "line\nend", baseUrl }), ConfigurationError);
});

test("no text contains a key", async (t) => {
  const { client, seen } = await scripted(t, [CUT], { firstPauseMs: 1, retriesMax: 0 });
  const card = { number: "4111111111111111", expiry_month: 1, expiry_year: 2030 };
  const thrown = await client.payments.create({ order_id: "o", method: "card", card }).catch((each) => each);
  const texts = [client, client.orders, thrown, thrown.cause].map((each) => inspect(each, { depth: 9, showHidden: true }));

  assert.ok(thrown instanceof ConnectionFailedError);
  texts.push(JSON.stringify(client), thrown.stack);
  for (const hidden of [...Object.values(KEYS), card.number]) assert.ok(!texts.join("\n").includes(hidden));
  assert.equal(seen[0].headers["x-api-secret"], KEYS.apiSecret);
});
