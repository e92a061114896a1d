import assert from "node:assert/strict";
import { test } from "node:test";

import { messageFrom, originOf, readFragment, writeFragment } from "../src/shared/protocol.ts";

const HANDSHAKE = { nonce: "n".repeat(32), instance: "i".repeat(32), origin: "https://shop.example" };
const FRAME = {} as Window;

const event = (data: unknown, origin = "https://pay.example", source: unknown = FRAME) =>
  ({ data, origin, source }) as MessageEvent<unknown>;

const from = { window: FRAME, origin: "https://pay.example" };
const sent = { type: "close_modal", nonce: HANDSHAKE.nonce, instance: HANDSHAKE.instance };

test("what is written into a fragment is read from it", () => {
  const fragment = { handshake: HANDSHAKE, clientSecret: "a&b=c#d", pendingPayment: "pay_1" };

  assert.deepEqual(readFragment(`#${writeFragment(fragment)}`), fragment);
});

test("a fragment without the whole handshake has none", () => {
  for (const hash of ["", "#", "#nonce=a&instance=b", "#nonce=a&instance=b&origin=*", "#nonce=a&origin=https://x.example"]) {
    assert.equal(readFragment(hash).handshake, null, hash);
  }
});

test("a page opened from a file is known by its opaque origin, however a browser writes it", () => {
  const hash = "#nonce=a&instance=b&origin=null";
  const handshake = { nonce: "a", instance: "b", origin: "null" };
  const sent = { type: "checkout_port", nonce: "a", instance: "b" };
  assert.deepEqual(readFragment(hash).handshake, handshake);
  for (const origin of ["null", "file://"]) {
    const received = messageFrom(event(sent, origin), { window: FRAME, origin: "null" }, handshake);
    assert.equal(received?.type, "checkout_port", origin);
  }
  const web = event(sent, "https://evil.example");
  assert.equal(messageFrom(web, { window: FRAME, origin: "null" }, handshake), null);
});

test("only web addresses have an origin to post to", () => {
  assert.equal(originOf("https://shop.example/cart?a=1"), "https://shop.example");
  assert.equal(originOf("http://localhost:4000"), "http://localhost:4000");
  for (const none of ["", null, undefined, "null", "*", "javascript:alert(1)", "data:text/html,x", "shop"]) {
    assert.equal(originOf(none), null, String(none));
  }
});

test("a message counts with its origin, its window, its nonce and its instance", () => {
  assert.equal(messageFrom(event(sent), from, HANDSHAKE)?.type, "close_modal");
});

test("a message that lacks any of the four does not count", () => {
  const wrong = [
    event(sent, "https://evil.example"),
    event(sent, "https://pay.example", {}),
    event(sent, "https://pay.example", null),
    event({ ...sent, nonce: "x".repeat(32) }),
    event({ ...sent, instance: "x".repeat(32) }),
    event({ type: "close_modal" }),
    event({ ...sent, type: 1 }),
    event("close_modal"),
    event(null),
  ];
  for (const one of wrong) assert.equal(messageFrom(one, from, HANDSHAKE), null);
  const gone = { window: null, origin: "https://pay.example" };
  assert.equal(messageFrom(event(sent, "https://pay.example", null), gone, HANDSHAKE), null);
});
