import assert from "node:assert/strict";
import { test } from "node:test";

import {
  groupedExpiry,
  groupedNumber,
  isCardNumber,
  isCvv,
  isGood,
  networkOf,
  readExpiry,
} from "../src/page/card.ts";

const NOVEMBER = new Date(2026, 10, 21);

test("a number is grouped as it is printed on the card", () => {
  assert.equal(groupedNumber("4111111111111111"), "4111 1111 1111 1111");
  assert.equal(groupedNumber("378282246310005"), "3782 822463 10005");
  assert.equal(groupedNumber("41111"), "4111 1");
  assert.equal(groupedNumber("4111-1111 1111x1111"), "4111 1111 1111 1111");
  assert.equal(groupedNumber("6".repeat(30)).replaceAll(" ", "").length, 19);
});

test("what Luhn and the length forbid is no card number", () => {
  for (const good of ["4111111111111111", "5555 5555 5555 4444", "378282246310005"]) {
    assert.equal(isCardNumber(good), true, good);
  }
  for (const bad of ["1234567890123456", "4111111111111112", "411111111111", "", "٤١١١١١١١١١١١١١١١"]) {
    assert.equal(isCardNumber(bad), false, bad);
  }
});

test("the first digits tell the network", () => {
  const networks: readonly (readonly [string, string])[] = [
    ["4", "visa"],
    ["51", "mastercard"],
    ["55", "mastercard"],
    ["56", "unknown"],
    ["34", "amex"],
    ["37", "amex"],
    ["60", "rupay"],
    ["65", "rupay"],
    ["81", "rupay"],
    ["89", "rupay"],
    ["90", "unknown"],
    ["5", "unknown"],
    ["", "unknown"],
  ];
  for (const [digits, network] of networks) assert.equal(networkOf(digits), network, digits);
});

test("a date gets its slash while it is typed", () => {
  assert.equal(groupedExpiry("1"), "1");
  assert.equal(groupedExpiry("7"), "07");
  assert.equal(groupedExpiry("12"), "12");
  assert.equal(groupedExpiry("12/"), "12/");
  assert.equal(groupedExpiry("123"), "12/3");
  assert.equal(groupedExpiry("1230"), "12/30");
  assert.equal(groupedExpiry("122030"), "12/2030");
  assert.equal(groupedExpiry("12/30"), "12/30");
});

test("a date is read in both lengths, and nothing else is a date", () => {
  assert.deepEqual(readExpiry("12/30"), { month: "12", year: "2030" });
  assert.deepEqual(readExpiry(" 1 / 2031 "), { month: "01", year: "2031" });
  for (const bad of ["13/30", "0/30", "12/3", "1230", "12-30", "", "12/203"]) {
    assert.equal(readExpiry(bad), null, bad);
  }
});

test("a card is good through its month and for no century", () => {
  assert.equal(isGood({ month: "11", year: "2026" }, NOVEMBER), true);
  assert.equal(isGood({ month: "10", year: "2026" }, NOVEMBER), false);
  assert.equal(isGood({ month: "01", year: "2027" }, NOVEMBER), true);
  assert.equal(isGood({ month: "12", year: "2076" }, NOVEMBER), true);
  assert.equal(isGood({ month: "01", year: "2077" }, NOVEMBER), false);
});

test("a security code has three digits, four on American Express", () => {
  assert.equal(isCvv("123", "visa"), true);
  assert.equal(isCvv("1234", "visa"), false);
  assert.equal(isCvv("1234", "amex"), true);
  assert.equal(isCvv("123", "amex"), false);
  assert.equal(isCvv("123", "unknown"), true);
  assert.equal(isCvv("12a", "unknown"), false);
});
