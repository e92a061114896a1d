import assert from "node:assert/strict";
import { test } from "node:test";

import {
  cardRulesOf,
  codeDigitsOf,
  groupedExpiry,
  groupedNumber,
  isCardNumber,
  isCode,
  isGood,
  networkOf,
  numberIn,
  readExpiry,
  withAsciiDigits,
  type CardRules,
} from "../src/page/card.ts";

const GROUPS = [4, 4, 4, 4, 3];
const BACK = { digits: [3, 4], usual: 3 };
const RULES: CardRules = {
  number: { digits_min: 13, digits_max: 19 },
  expiry: { utc_offset_hours: -12, years_ahead_max: 50 },
  security_code: { digits: [3, 4] },
  networks: [
    { name: "visa", title: "Visa", ranges: [["4", "4"]], groups: GROUPS, security_code: BACK },
    {
      name: "mastercard",
      title: "Mastercard",
      ranges: [["51", "55"], ["2221", "2720"]],
      groups: GROUPS,
      security_code: BACK,
    },
    {
      name: "amex",
      title: "Amex",
      ranges: [["34", "34"], ["37", "37"]],
      groups: [4, 6, 5],
      security_code: { digits: [4], usual: 4 },
    },
  ],
};

const nameOf = (digits: string): string | null => networkOf(digits, RULES)?.name ?? null;

test("the rules are the schema's", () => {
  assert.equal(cardRulesOf({ "x-card": RULES }), RULES);
  assert.equal(cardRulesOf({}), null);
  assert.equal(cardRulesOf(undefined), null);
});

test("digits of every script are read", () => {
  assert.equal(withAsciiDigits("٠١٢٣٤٥٦٧٨٩"), "0123456789");
  assert.equal(withAsciiDigits("۰۱۲۳۴۵۶۷۸۹"), "0123456789");
  assert.equal(withAsciiDigits("०१२३४५६७८९"), "0123456789");
  assert.equal(withAsciiDigits("০১২৩৪৫৬৭৮৯"), "0123456789");
  assert.equal(withAsciiDigits("０１２３４５６７８９"), "0123456789");
  assert.equal(withAsciiDigits("𝟎𝟗𝟘𝟡𝟶𝟿"), "090909");
  assert.equal(withAsciiDigits("a1²Ⅷ"), "a1²Ⅷ");
});

test("a number is grouped as it is printed on the card", () => {
  const grouped = (text: string): string => groupedNumber(text, RULES);
  assert.equal(grouped("4111111111111111"), "4111 1111 1111 1111");
  assert.equal(grouped("378282246310005"), "3782 822463 10005");
  assert.equal(grouped("41111"), "4111 1");
  assert.equal(grouped("4111-1111 1111x1111"), "4111 1111 1111 1111");
  assert.equal(grouped("٤١١١١١١١١١١١١١١١"), "4111 1111 1111 1111");
  assert.equal(grouped("６".repeat(30)), "6666 6666 6666 6666 666");
  assert.equal(grouped(""), "");
  assert.equal(groupedNumber("378282246310005", null), "3782 8224 6310 005");
});

test("what Luhn and the length forbid is no card number", () => {
  const good = ["4111111111111111", "5555 5555 5555 4444", "378282246310005", "४१११११११११११११११"];
  for (const text of good) assert.equal(isCardNumber(text, RULES), true, text);
  for (const bad of ["1234567890123456", "4111111111111112", "411111111111", "", "4111x"]) {
    assert.equal(isCardNumber(bad, RULES), false, bad);
  }
  assert.equal(numberIn("४१११ ११११-११११ १११１"), "4111111111111111");
});

test("where no rules are published, the gateway judges", () => {
  const now = new Date();
  assert.equal(isCardNumber("1234567890123456", null), true);
  assert.equal(isCardNumber("abc", null), false);
  assert.equal(isGood({ month: "01", year: "2001" }, null, now), true);
  assert.equal(isCode("12345", codeDigitsOf(null, null)), true);
  assert.equal(isCode("12x", codeDigitsOf(null, null)), false);
});

test("the first digits tell the network", () => {
  const networks: readonly (readonly [string, string | null])[] = [
    ["4", "visa"],
    ["5", null],
    ["50", null],
    ["51", "mastercard"],
    ["55", "mastercard"],
    ["56", null],
    ["222", null],
    ["2220", null],
    ["2221", "mastercard"],
    ["27209", "mastercard"],
    ["2721", null],
    ["34", "amex"],
    ["35", null],
    ["", null],
  ];
  for (const [digits, network] of networks) assert.equal(nameOf(digits), network, digits);
});

test("a date gets its slash while it is typed", () => {
  const typed = (keys: string): string => [...keys].reduce((text, key) => groupedExpiry(text + key), "");
  assert.equal(typed("1"), "1");
  assert.equal(typed("7"), "07");
  assert.equal(typed("12"), "12");
  assert.equal(typed("12/"), "12/");
  assert.equal(typed("123"), "12/3");
  assert.equal(typed("1230"), "12/30");
  assert.equal(typed("122030"), "12/2030");
  assert.equal(typed("12/30"), "12/30");
  assert.equal(typed("1/30"), "01/30");
  assert.equal(typed("1/2030"), "01/2030");
  assert.equal(typed("1 / 30"), "01/30");
  assert.equal(typed("1-30"), "01/30");
  assert.equal(typed("01/30"), "01/30");
  assert.equal(typed("01 30"), "01/30");
  assert.equal(typed("739"), "07/39");
  assert.equal(typed("7/39"), "07/39");
  assert.equal(typed("11/30"), "11/30");
  assert.equal(typed("13/30"), "13/30");
  assert.equal(typed("१/३०"), "01/30");
});

test("a date that is pasted is read as it was meant", () => {
  for (const pasted of ["01/2030", "01 / 2030", "1/2030", "2030-01", "2030-1", "2030/01", "203001"]) {
    assert.equal(groupedExpiry(pasted), "01/2030", pasted);
  }
  for (const pasted of ["01 / 30", "1/30", "01-30", "01.30", "0130", "０１／３０", "٠١/٣٠", " 1 – 30 "]) {
    assert.equal(groupedExpiry(pasted), "01/30", pasted);
  }
});

test("a date is read in all of these ways, and nothing else is a date", () => {
  assert.deepEqual(readExpiry("12/30"), { month: "12", year: "2030" });
  assert.deepEqual(readExpiry(" 1 / 2031 "), { month: "01", year: "2031" });
  assert.deepEqual(readExpiry("2031-12"), { month: "12", year: "2031" });
  assert.deepEqual(readExpiry("١/٣٠"), { month: "01", year: "2030" });
  for (const bad of ["13/30", "0/30", "00/30", "12/3", "", "12/203", "2030-13", "30/01/x", "/30", "x"]) {
    assert.equal(readExpiry(bad), null, bad);
  }
});

test("a card is good until its month has ended in the last time zone, and for no century", () => {
  const end = Date.UTC(2026, 11, 1, 12);
  const isGoodAt = (month: string, year: string, at: number): boolean =>
    isGood({ month, year }, RULES, new Date(at));

  assert.equal(isGoodAt("11", "2026", end - 1), true);
  assert.equal(isGoodAt("11", "2026", end), false);
  assert.equal(isGoodAt("12", "2026", Date.UTC(2027, 0, 1, 12) - 1), true);
  assert.equal(isGoodAt("12", "2026", Date.UTC(2027, 0, 1, 12)), false);
  assert.equal(isGoodAt("12", "2076", end), true);
  assert.equal(isGoodAt("01", "2077", end), false);
  assert.equal(isGoodAt("01", "2077", Date.UTC(2027, 0, 1)), true);
});

test("a security code has as many digits as the network's rule says", () => {
  const isCodeOf = (code: string, number: string): boolean =>
    isCode(code, codeDigitsOf(networkOf(number, RULES), RULES));

  assert.equal(isCodeOf("123", "4"), true);
  assert.equal(isCodeOf("1234", "4"), true);
  assert.equal(isCodeOf("12345", "4"), false);
  assert.equal(isCodeOf("1234", "37"), true);
  assert.equal(isCodeOf("123", "37"), false);
  assert.equal(isCodeOf("123", "9"), true);
  assert.equal(isCodeOf("12a", "9"), false);
});
