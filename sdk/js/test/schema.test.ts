import assert from "node:assert/strict";
import { test } from "node:test";

import { answerTo, place, questionsOf, type Question, type Schema } from "../src/page/schema.ts";

const BANK: Schema = {
  type: "object",
  required: ["bank", "account"],
  properties: {
    bank: { type: "string", enum: ["HDFC", "SBI"], title: "Bank" },
    account: { $ref: "#/$defs/Account" },
    kind: { const: "netbanking" },
    save: { type: "boolean" },
    months: { anyOf: [{ type: "integer", minimum: 3, maximum: 24 }, { type: "null" }] },
  },
  $defs: {
    Account: {
      type: "object",
      required: ["number"],
      properties: {
        number: { type: "string", pattern: "^[0-9]{4,}$", description: "On your card." },
        nick_name: { type: ["string", "null"] },
      },
    },
  },
};

const asked = (name: string): Question => {
  const found = questionsOf(BANK).find(({ path }) => path.join(".") === name);
  if (!found) throw new Error(name);
  return found;
};

test("every property is asked for, in order, down into references", () => {
  const questions = questionsOf(BANK).map(({ path, label, kind, isRequired }) => [
    path.join("."),
    label,
    kind,
    isRequired,
  ]);

  assert.deepEqual(questions, [
    ["bank", "Bank", "choice", true],
    ["account.number", "Number", "text", true],
    ["account.nick_name", "Nick name", "text", false],
    ["save", "Save", "yesno", false],
    ["months", "Months", "whole", false],
  ]);
});

test("an answer is as its schema says, null when it cannot be, undefined when there is none", () => {
  assert.equal(answerTo(asked("bank"), "SBI"), "SBI");
  assert.equal(answerTo(asked("bank"), "ICICI"), null);
  assert.equal(answerTo(asked("account.number"), " 1234 "), "1234");
  assert.equal(answerTo(asked("account.number"), "12a4"), null);
  assert.equal(answerTo(asked("months"), "12"), 12);
  for (const wrong of ["2", "25", "3.5", "x"]) assert.equal(answerTo(asked("months"), wrong), null, wrong);
  assert.equal(answerTo(asked("save"), "true"), true);
  assert.equal(answerTo(asked("bank"), " "), undefined);
});

test("a pattern we cannot read is left to the gateway", () => {
  const question = { ...asked("account.number"), schema: { pattern: "(?P<python>x)" } };

  assert.equal(answerTo(question, "anything"), "anything");
});

test("a schema that refers to itself ends", () => {
  const schema: Schema = {
    $ref: "#/$defs/Node",
    $defs: { Node: { type: "object", properties: { next: { $ref: "#/$defs/Node" } } } },
  };

  assert.equal(questionsOf(schema).length, 1);
});

test("answers go where their paths say", () => {
  const details = {};
  place(details, ["card", "number"], "4111");
  place(details, ["card", "holder"], "Asha");
  place(details, ["bank"], "SBI");

  assert.deepEqual(details, { card: { number: "4111", holder: "Asha" }, bank: "SBI" });
});
