import assert from "node:assert/strict";
import { test } from "node:test";

import { wayBack } from "../src/simulator/way-back.ts";

const HERE = "https://pay.example";

test("a shopper is sent back to the checkout's own pages", () => {
  assert.equal(wayBack("/checkout?order_id=order_1", HERE), `${HERE}/checkout?order_id=order_1`);
  assert.equal(wayBack(`${HERE}/success?payment_id=pay_1`, HERE), `${HERE}/success?payment_id=pay_1`);
});

test("and to nowhere else, however it is written", () => {
  const elsewhere = [
    null,
    "",
    "https://evil.example/checkout",
    "http://pay.example/checkout",
    "https://pay.example:8443/checkout",
    "//evil.example/checkout",
    "\\\\evil.example\\checkout",
    "/\\evil.example/checkout",
    "https://pay.example@evil.example/checkout",
    "https://user:word@pay.example/checkout",
    "javascript:alert(1)",
    "data:text/html,checkout",
    "/checkout/../dashboard",
    "/dashboard",
    "https://[",
  ];
  for (const asked of elsewhere) assert.equal(wayBack(asked, HERE), null, String(asked));
});
