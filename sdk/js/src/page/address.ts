/** The parameters in the page's own URL. */

import { recallFragment } from "../shared/memory.ts";
import { readFragment, writeFragment, type Fragment } from "../shared/protocol.ts";

export interface Address extends Fragment {
  readonly orderId: string | null;
  /** The amount that the opener requests, in minor units. Only a gateway that knows
   * no orders makes use of it; every other charges its order's own amount. */
  readonly amount: number | null;
  /** Named on `/success` and `/failure`. */
  readonly paymentId: string | null;
  readonly isEmbedded: boolean;
  readonly isTest: boolean;
  readonly language: string | null;
  /** The root of a server that has nothing but the checkout. */
  readonly isRoot: boolean;
}

export function readAddress(location: Location): Address {
  const query = new URLSearchParams(location.search);
  return {
    ...readFragment(location.hash || (recallFragment(location.pathname + location.search) ?? "")),
    orderId: query.get("order_id"),
    amount: Number(query.get("amount")) || null,
    paymentId: query.get("payment_id"),
    // Some clients embed the page without the parameter.
    isEmbedded: window.parent !== window || query.get("embedded") === "true",
    isTest: query.get("key")?.startsWith("key_test_") ?? false,
    language: query.get("lang"),
    isRoot: location.pathname === "/",
  };
}

/** The URL of an order's checkout, in the same frame and language as this page. */
export function addressOf(orderId: string, clientSecret: string | null, here: Location): URL {
  const address = new URL("/checkout", here.href);
  const query = new URLSearchParams(here.search);
  query.set("order_id", orderId);
  address.search = query.toString();
  const { handshake } = readFragment(here.hash);
  address.hash = writeFragment({ handshake, clientSecret, pendingPayment: null });
  return address;
}
