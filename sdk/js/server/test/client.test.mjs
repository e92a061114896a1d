// With a real gateway.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import {
  AuthenticationError,
  BadRequestError,
  ConnectionFailedError,
  IdempotencyKeyReusedError,
  NotFoundError,
  PaygateClient,
  verifyLegacyWebhook,
  verifyWebhook,
} from "@paygate/server";

import { startGateway, startLossyProxy, startServer, until } from "./gateway.mjs";

const UPI = { method: "upi", vpa: "asha@okaxis" };
const CARD = { number: "4111 1111 1111 1111", expiry_month: 12, expiry_year: 2035, cvv: "123" };
const retry = { firstPauseMs: 10 };
let gateway, paygate;

before(async () => {
  gateway = await startGateway();
  paygate = new PaygateClient(gateway.options);
});
after(() => gateway.stop());

async function paid(client = paygate, order = { amount: 50000 }) {
  const { id } = await client.orders.create(order);
  const payment = await client.payments.create({ order_id: id, ...UPI });
  return until(async () => {
    const found = await client.payments.get(payment.id);
    return found.status !== "pending" && found;
  });
}

async function all(rows) {
  const found = [];
  for await (const row of rows) found.push(row);
  return found;
}

test("a payment from the order to the refund", async () => {
  const payment = await paid(paygate, { amount: 50000, receipt: "tea-1", notes: { sku: "tea" } });
  const refund = await paygate.refunds.create({ payment_id: payment.id, amount: 20000, reason: "broke" });
  const [listed] = (await paygate.refunds.list({ payment_id: payment.id })).data;
  const timeline = await paygate.payments.timeline(payment.id);

  assert.equal(payment.status, "success");
  assert.equal(payment.vpa, "asha@okaxis");
  assert.equal(payment.amount_captured, 50000);
  assert.equal((await paygate.orders.get(payment.order_id)).status, "paid");
  assert.deepEqual([listed.id, listed.amount], [refund.id, 20000]);
  const ids = (rows) => rows.map(({ id }) => id);
  assert.deepEqual(ids((await paygate.payments.refunds(payment.id)).data), [refund.id]);
  assert.deepEqual(ids(await all(paygate.payments.iterateRefunds(payment.id))), [refund.id]);
  assert.equal((await paygate.refunds.get(refund.id)).payment_id, payment.id);
  assert.ok(timeline.data.some((entry) => entry.kind === "plugin_call"));
});

test("a card is held, captured and released", async () => {
  const held = await Promise.all(
    [1, 2].map(async () => {
      const order = await paygate.orders.create({ amount: 50000, capture: "manual" });
      const payment = await paygate.payments.create({ order_id: order.id, method: "card", card: CARD });
      return until(async () => {
        const found = await paygate.payments.get(payment.id);
        return found.status === "authorized" && found;
      });
    }),
  );
  await paygate.payments.capture(held[0].id, { amount: 30000 });
  await paygate.payments.cancel(held[1].id);
  const after = (id, status) =>
    until(async () => {
      const found = await paygate.payments.get(id);
      return found.status === status && found;
    });

  assert.equal((await after(held[0].id, "success")).amount_captured, 30000);
  assert.equal((await after(held[1].id, "cancelled")).card_last4, "1111");
});

test("errors of the server have their classes", async () => {
  const once = { idempotencyKey: `sale-${Date.now()}` };
  await assert.rejects(paygate.orders.create({ amount: 99 }), (error) => {
    assert.ok(error instanceof BadRequestError);
    assert.equal(error.name, "BadRequestError");
    assert.deepEqual([error.status, error.code, error.field], [400, "BAD_REQUEST_ERROR", "amount"]);
    return true;
  });
  await assert.rejects(paygate.orders.create({ amount: 500.5 }), /must be an integer/);
  await assert.rejects(paygate.payments.get("pay_0000000000000000"), NotFoundError);
  await paygate.orders.create({ amount: 500 }, once);
  await assert.rejects(paygate.orders.create({ amount: 501 }, once), IdempotencyKeyReusedError);
  const stranger = new PaygateClient({ ...gateway.options, apiSecret: "secret_wrong" });
  await assert.rejects(stranger.orders.list(), AuthenticationError);
});

test("all orders of a time are read page by page", async () => {
  const receipt = `pages-${Date.now()}`;
  const made = [];
  for (const amount of [100, 101, 102]) made.push((await paygate.orders.create({ amount, receipt })).id);
  const first = await paygate.orders.list({ limit: 2, q: receipt });
  const second = await paygate.orders.list({ limit: 2, q: receipt, cursor: first.next_cursor });
  const found = await all(paygate.orders.iterate({ q: receipt }));

  assert.deepEqual([first.data.length, first.total, second.next_cursor], [2, 3, null]);
  assert.deepEqual([...first.data, ...second.data].map((row) => row.id).sort(), made.sort());
  assert.deepEqual(found.map((row) => row.id).sort(), made);
  assert.equal((await paygate.payments.list({ limit: undefined })).limit, 10);
});

test("a lost response ends in one payment and one refund", async (t) => {
  const proxy = await startLossyProxy(gateway.options.baseUrl);
  t.after(proxy.stop);
  const client = new PaygateClient({ ...gateway.options, baseUrl: proxy.url, retry });
  const payments = "POST /api/v1/payments";
  const refunds = "POST /api/v1/refunds";
  proxy.lost.push(payments, payments, refunds);

  const payment = await paid(client);
  await client.refunds.create({ payment_id: payment.id, amount: 100 });

  const sent = proxy.seen.filter(({ name }) => name === payments);
  assert.deepEqual(sent.map(({ status }) => status), [201, 201, 201]);
  assert.equal(new Set(sent.map(({ key }) => key)).size, 1);
  assert.equal(proxy.seen.filter(({ name }) => name === refunds).length, 2);
  const created = await paygate.payments.list({ order_id: payment.order_id });
  const refunded = await paygate.refunds.list({ payment_id: payment.id });
  assert.deepEqual(created.data.map(({ id }) => id), [payment.id]);
  assert.equal(refunded.data.length, 1);
});

test("a lost response without a key is reported", async (t) => {
  const proxy = await startLossyProxy(gateway.options.baseUrl);
  t.after(proxy.stop);
  const client = new PaygateClient({ ...gateway.options, baseUrl: proxy.url, retry });
  proxy.lost.push("POST /api/v1/webhook-endpoints");

  const creating = client.webhooks.endpoints.create({ url: "https://shop.example/hook" });
  await assert.rejects(creating, ConnectionFailedError);
  assert.equal(proxy.seen.length, 1);
});

test("webhooks of an endpoint are verified with both kinds of signatures", async (t) => {
  const arrived = [];
  const shop = await startServer((request, response, body) => {
    arrived.push({ body, headers: request.headers });
    response.end("OK");
  });
  t.after(shop.stop);
  const events = ["payment.success", "webhook.test"];
  const endpoint = await paygate.webhooks.endpoints.create({ url: `${shop.url}/webhook`, events });
  t.after(() => paygate.webhooks.endpoints.delete(endpoint.id));
  const payment = await paid();
  const of = ({ body, headers }) => verifyWebhook(body, headers, endpoint.secret);
  const got = await until(() => arrived.find((each) => of(each).payment?.id === payment.id));

  for (const verify of [verifyWebhook, verifyLegacyWebhook]) {
    const event = verify(got.body, got.headers, endpoint.secret);
    assert.deepEqual([event.type, event.payment.amount], ["payment.success", 50000]);
    assert.match(event.id, /^evt_/);
  }
  const tested = await paygate.webhooks.endpoints.sendTest(endpoint.id);
  const delivery = await until(async () => {
    const found = await paygate.webhooks.deliveries.get(tested.delivery_id);
    return found.status === "success" && found;
  });
  assert.equal(delivery.endpoint.id, endpoint.id);
});

test("endpoints are managed", async () => {
  const { endpoints } = paygate.webhooks;
  const made = await endpoints.create({ url: "http://127.0.0.1:9/x", events: ["payment.*"], description: "books" });
  const renewed = await endpoints.rotateSecret(made.id);
  const changed = await endpoints.update(made.id, { events: ["payment.success"], description: null });
  const off = await endpoints.disable(made.id);
  const on = await endpoints.enable(made.id);
  const listed = await endpoints.list();
  await endpoints.delete(made.id);

  assert.notEqual(renewed.secret, made.secret);
  assert.deepEqual([changed.events, changed.description], [["payment.success"], null]);
  assert.deepEqual([off.is_enabled, on.is_enabled], [false, true]);
  assert.ok(listed.data.some(({ id }) => id === made.id));
  await assert.rejects(endpoints.get(made.id), NotFoundError);
  assert.equal((await paygate.webhooks.get()).id, listed.data[0].id);
});

test("the event stream continues after the last event", async (t) => {
  const proxy = await startLossyProxy(gateway.options.baseUrl);
  t.after(proxy.stop);
  const client = new PaygateClient({ ...gateway.options, baseUrl: proxy.url, retry });
  const stream = "GET /api/v1/stream";
  const connections = () => proxy.seen.filter(({ name }) => name === stream).length;
  const found = [];
  const follow = async () => {
    for await (const event of client.events.follow("0")) {
      found.push(event);
      if (event.payment?.amount === 12345 && event.type === "payment.success") return;
    }
  };
  proxy.cut.push(stream);
  const following = follow();
  // Only then, so that the events come after the interruption.
  await until(() => connections() === 2);
  const payment = await paid(paygate, { amount: 12345 });
  await following;

  const types = found.filter((event) => event.payment?.id === payment.id).map((event) => event.type);
  assert.deepEqual(types, ["payment.created", "payment.pending", "payment.success"]);
  assert.equal(new Set(found.map((event) => event.cursor)).size, found.length);
  assert.ok(found.every((event) => event.id.startsWith("evt_")));
  const past = [];
  for await (const event of paygate.events.iterate({ payment_id: payment.id })) past.push(event.id);
  const ids = found.filter((event) => event.payment?.id === payment.id).map((event) => event.id);
  assert.deepEqual(past, ids.reverse());
  assert.equal((await paygate.events.get(past[0])).payload.event, "payment.success");
  assert.equal(connections(), 2);
});
