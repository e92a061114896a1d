import assert from "node:assert/strict";
import { test } from "node:test";

import { languageOf, localeOf, wordsIn } from "../src/page/words.ts";

test("the language asked for comes first, then the reader's, then English", () => {
  assert.equal(languageOf("hi", ["en-US"]), "hi");
  assert.equal(languageOf(null, ["hi-IN", "en"]), "hi");
  assert.equal(languageOf("fr", ["de", "hi"]), "hi");
  assert.equal(languageOf(null, ["fr"]), "en");
});

test("numbers follow the reader's own variety of the language", () => {
  assert.equal(localeOf("en", ["en-GB", "hi"]), "en-GB");
  assert.equal(localeOf("hi", ["en-GB"]), "hi-IN");
});

test("no sentence is missing in Hindi or left in English", () => {
  const [english, hindi] = [wordsIn("en"), wordsIn("hi")];
  const same = Object.keys(english).filter(
    (name) => english[name as keyof typeof english] === hindi[name as keyof typeof hindi],
  );

  assert.deepEqual(same, ["cvv", "upi"]);
});
