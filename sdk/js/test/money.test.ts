import assert from "node:assert/strict";
import { test } from "node:test";

import { brief, formatted } from "../src/page/money.ts";

test("rupees are grouped in lakhs wherever the reader is", () => {
  const sum = { minor: 123_456_789, currency: "INR" };
  assert.equal(formatted(sum, "en-US"), "₹12,34,567.89");
  assert.equal(formatted(sum, "hi-IN"), "₹12,34,567.89");
});

test("a button leaves out decimals that say nothing", () => {
  assert.equal(formatted({ minor: 50_000, currency: "INR" }, "en"), "₹500.00");
  assert.equal(brief({ minor: 50_000, currency: "INR" }, "en"), "₹500");
  assert.equal(brief({ minor: 50_050, currency: "INR" }, "en"), "₹500.50");
});

test("each currency has its own decimals", () => {
  assert.equal(formatted({ minor: 2_500, currency: "JPY" }, "en"), "¥2,500");
  assert.equal(formatted({ minor: 12_345, currency: "KWD" }, "en").replace(/\s/, " "), "KWD 12.345");
});
