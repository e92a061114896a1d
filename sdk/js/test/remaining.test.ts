import assert from "node:assert/strict";
import { test } from "node:test";

import { leftOf, secondsLeft } from "../src/page/remaining.ts";

test("the last second is shown until it is over, and nothing below zero", () => {
  assert.equal(secondsLeft(10_000, 0), 10);
  assert.equal(secondsLeft(10_000, 9_999), 1);
  assert.equal(secondsLeft(10_000, 10_000), 0);
  assert.equal(secondsLeft(10_000, 99_000), 0);
});

test("time is written as on a clock", () => {
  assert.deepEqual([0, 9, 60, 300, 3_723].map(leftOf), ["0:00", "0:09", "1:00", "5:00", "1:02:03"]);
});

test("a time that is none is not written", () => {
  assert.equal(leftOf(secondsLeft(Number.NaN, 0)), "");
});
