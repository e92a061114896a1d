import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";

import {
  ConfigurationError,
  WebhookVerificationError,
  verifyLegacyWebhook,
  verifyWebhook,
} from "@paygate/server";

const KEY = Buffer.alloc(32, 1);
const SECRET = `whsec_${KEY.toString("base64")}`;
const OTHER = "whsec_test_abc123";
const nowS = () => Math.floor(Date.now() / 1000);
const bodyOf = (ageS = 0) => JSON.stringify({ event: "payment.success", timestamp: nowS() - ageS, data: { order_id: "o" } });
const both = [verifyWebhook, verifyLegacyWebhook];

function headersOf(body, ageS = 0) {
  const timestamp = String(nowS() - ageS);
  const digest = createHmac("sha256", KEY).update(`evt_1.${timestamp}.${body}`).digest("base64");
  return {
    "webhook-id": "evt_1",
    "webhook-timestamp": timestamp,
    "webhook-signature": `v1,${digest}`,
    "x-webhook-signature": createHmac("sha256", SECRET).update(body).digest("hex"),
  };
}

for (const verify of both) {
  test(`${verify.name}: only the right secret and body are accepted`, () => {
    const body = bodyOf();
    const headers = headersOf(body);
    const upper = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]));

    for (const given of [headers, upper, new Headers(headers)]) {
      for (const raw of [body, Buffer.from(body), new TextEncoder().encode(body)]) {
        const event = verify(raw, given, [OTHER, SECRET]);
        assert.deepEqual([event.type, event.id, event.data, event.payment], ["payment.success", "evt_1", { order_id: "o" }, null]);
      }
    }
    for (const wrong of [[`${body} `, headers, SECRET], [body, headers, OTHER]]) {
      assert.throws(() => verify(...wrong), WebhookVerificationError);
    }
  });

  test(`${verify.name}: without a secret nothing is accepted, and a parsed body is a mistake`, () => {
    const body = bodyOf();
    for (const secret of ["", [], [SECRET, ""], undefined]) {
      assert.throws(() => verify(body, headersOf(body), secret), ConfigurationError);
    }
    assert.throws(() => verify(JSON.parse(body), headersOf(body), SECRET), TypeError);
    assert.throws(() => verify(body, {}, SECRET), WebhookVerificationError);
    for (const wrong of ["", "[]", "{}", '{"event":1,"timestamp":1,"data":{}}']) {
      assert.throws(() => verify(wrong, headersOf(wrong), SECRET), WebhookVerificationError);
    }
  });

  test(`${verify.name}: errors contain no secret and no expected signature`, () => {
    const body = bodyOf();
    const right = headersOf(body);
    const wrong = { ...right, "webhook-signature": "v1,AAAA", "x-webhook-signature": "00" };
    assert.throws(() => verify(body, wrong, SECRET), (thrown) => {
      const hidden = [SECRET, right["webhook-signature"], right["x-webhook-signature"]];
      return hidden.every((each) => !thrown.stack.includes(each));
    });
  });
}

test("an attempt too far from now is refused", () => {
  const body = bodyOf();
  for (const ageS of [400, -400]) {
    assert.throws(() => verifyWebhook(body, headersOf(body, ageS), SECRET), /too far/);
    assert.ok(verifyWebhook(body, headersOf(body, ageS), SECRET, { toleranceS: 3600 }));
  }
  for (const timestamp of ["soon", "-5", "1e9", "1\n", "9".repeat(400)]) {
    const headers = { ...headersOf(body), "webhook-timestamp": timestamp };
    assert.throws(() => verifyWebhook(body, headers, SECRET), WebhookVerificationError);
  }
});

test("the plain signature has the time of the event", () => {
  const [hours, days] = [bodyOf(3 * 3600), bodyOf(3 * 86400)];
  assert.ok(verifyLegacyWebhook(hours, headersOf(hours), SECRET));
  assert.throws(() => verifyLegacyWebhook(days, headersOf(days), SECRET), /too far/);
  assert.ok(verifyLegacyWebhook(days, headersOf(days), SECRET, { toleranceS: null }));
});

test("plain headers alone are not enough for the stricter function", () => {
  const body = bodyOf();
  const { "x-webhook-signature": plain } = headersOf(body);
  assert.ok(verifyLegacyWebhook(body, { "x-webhook-signature": plain }, SECRET));
  assert.throws(() => verifyWebhook(body, { "x-webhook-signature": plain }, SECRET), /webhook-id/);
});
