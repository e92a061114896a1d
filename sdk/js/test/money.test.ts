import assert from "node:assert/strict";
import { test } from "node:test";

import { brief, formatted } from "../src/page/money.ts";
import { readExponents } from "../src/shared/currencies.ts";

test("rupees are grouped in lakhs wherever the reader is", () => {
  const sum = { minor: 123_456_789, currency: "INR" };
  assert.equal(formatted(sum, "en-US", 2), "₹12,34,567.89");
  assert.equal(formatted(sum, "hi-IN", 2), "₹12,34,567.89");
});

test("a button leaves out decimals that say nothing", () => {
  assert.equal(formatted({ minor: 50_000, currency: "INR" }, "en", 2), "₹500.00");
  assert.equal(brief({ minor: 50_000, currency: "INR" }, "en", 2), "₹500");
  assert.equal(brief({ minor: 50_050, currency: "INR" }, "en", 2), "₹500.50");
});

test("the API's decimals count, not the browser's", () => {
  const exponents = readExponents("CLF=4 IQD=3 JPY=0 KWD=3");
  const shown = (minor: number, currency: string): string =>
    formatted({ minor, currency }, "en", exponents.get(currency) ?? 2).replace(/\s/, " ");
  assert.equal(shown(500_000, "HUF"), "Ft 5,000.00");
  assert.equal(shown(2_500, "JPY"), "¥2,500");
  assert.equal(shown(12_345, "KWD"), "KWD 12.345");
  assert.equal(shown(12_345, "IQD"), "IQD 12.345");
  assert.equal(shown(12_345, "CLF"), "CLF 1.2345");
  assert.equal(shown(5, "KWD"), "KWD 0.005");
  assert.equal(shown(9_007_199_254_740_991, "INR"), "₹9,00,71,99,25,47,409.91");
});
