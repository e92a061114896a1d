import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { openNamespace, startPaygate } from "./paygate.mjs";

let paygate;
before(async () => {
  paygate = await startPaygate();
});
after(() => paygate.stop());

// A shop's own code would stand here.
async function checkOut(merchant) {
  const order = await merchant.call("POST", "/orders", { amount: 50000 });
  const upi = { order_id: order.id, method: "upi", vpa: "asha@paytm" };
  let payment = await merchant.call("POST", "/payments", upi);
  while (["pending", "processing"].includes(payment.status)) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    payment = await merchant.call("GET", `/payments/${payment.id}`);
  }
  return payment;
}

test("a payment is taken", { concurrency: true }, async () => {
  const merchant = await openNamespace(paygate);
  assert.equal((await checkOut(merchant)).status, "success");
  await merchant.retire();
  await assert.rejects(merchant.call("GET", "/payments"), /401/);
});

test("a decline is reported", { concurrency: true }, async () => {
  const merchant = await openNamespace(paygate, { scenario: "insufficient_funds" });
  assert.equal((await checkOut(merchant)).decline_code, "insufficient_funds");
  assert.equal((await merchant.call("GET", "/payments?limit=10")).total, 1);
});

test("webhooks come to the test that asked", { concurrency: true }, async (t) => {
  const received = [];
  const shop = createServer((request, answer) => {
    let body = "";
    request.on("data", (part) => (body += part));
    request.on("end", () => (received.push(JSON.parse(body)), answer.end()));
  }).listen(0, "127.0.0.1");
  t.after(() => (shop.close(), shop.closeAllConnections()));
  await once(shop, "listening");
  const webhook_url = `http://127.0.0.1:${shop.address().port}/webhook`;
  const merchant = await openNamespace(paygate, { webhook_url });
  const payment = await checkOut(merchant);
  while (!received.some((event) => event.event === "payment.success")) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.ok(received.every((event) => event.data.payment_id === payment.id));
});
