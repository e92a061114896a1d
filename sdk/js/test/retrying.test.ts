import assert from "node:assert/strict";
import { test } from "node:test";

import { Refused, Unreachable } from "../src/page/api.ts";
import { untilAnswered } from "../src/page/retrying.ts";

const watching = () => {
  const seen: string[] = [];
  return { seen, lost: () => seen.push("lost"), back: () => seen.push("back") };
};

test("it asks until there is an answer, and waits longer each time", async () => {
  const network = watching();
  const waits: number[] = [];
  let tries = 0;
  const answer = await untilAnswered(
    async () => {
      tries += 1;
      if (tries < 7) throw new Unreachable("away");
      return tries;
    },
    network,
    async (ms) => void waits.push(ms),
  );

  assert.equal(answer, 7);
  assert.deepEqual(waits, [500, 1000, 2000, 4000, 4000, 4000]);
  assert.deepEqual(network.seen, [...Array(6).fill("lost"), "back"]);
});

test("a definite no is handed on at once", async () => {
  const network = watching();
  const no = () => Promise.reject(new Refused(404, "NOT_FOUND_ERROR", "Order not found", null));

  await assert.rejects(untilAnswered(no, network), /Order not found/);
  assert.deepEqual(network.seen, ["back"]);
});
