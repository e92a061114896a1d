/**
 * The messages between a merchant's page and the embedded checkout page.
 *
 * Both sides know a secret nonce: the merchant's page creates it and
 * passes it in the frame's URL fragment, which is sent to no server and can be
 * read by no other origin. Every message carries it, in both directions.
 */

export interface Handshake {
  /** Proof that a message belongs to this opening of this modal. */
  readonly nonce: string;
  /** The modal's id, if a page has several. */
  readonly instance: string;
  /** The origin of the merchant's page; the checkout only posts there. `OPAQUE` if it has none. */
  readonly origin: string;
}

export interface PaymentSuccess {
  readonly paymentId: string;
  readonly orderId: string;
  readonly amount: number;
  readonly currency: string;
  readonly status: string;
}

export interface PaymentFailure {
  readonly error: string;
  readonly errorCode: string;
  readonly paymentId: string;
}

/** From the checkout page to the merchant's. */
export type PageMessage =
  | { readonly type: "payment_started"; readonly data: { readonly paymentId: string } }
  | { readonly type: "payment_success"; readonly data: PaymentSuccess }
  | { readonly type: "payment_failed"; readonly data: PaymentFailure }
  | { readonly type: "close_modal" }
  /** The page is ready; it uses the API at `apiBase`. */
  | { readonly type: "checkout_ready"; readonly data: { readonly apiBase: string } }
  | { readonly type: "checkout_resized"; readonly data: { readonly height: number } };

/**
 * From the merchant's page to the checkout page. A page with an opaque origin sends
 * a port with `checkout_port`, and gets messages through it.
 */
export type ParentMessage =
  | { readonly type: "checkout_focus" }
  | { readonly type: "checkout_port" };

/**
 * The origin of pages without one: from a file, or in a sandbox. No message can
 * be addressed to it, and `"*"` would reach any page.
 */
export const OPAQUE = "null";

/** The contents of the URL fragment of the checkout page. */
export interface Fragment {
  readonly handshake: Handshake | null;
  readonly clientSecret: string | null;
  /** The order's pending payment when the modal was last open. */
  readonly pendingPayment: string | null;
}

export function writeFragment({ handshake, clientSecret, pendingPayment }: Fragment): string {
  const fields = new URLSearchParams({ ...handshake });
  if (clientSecret) fields.set("client_secret", clientSecret);
  if (pendingPayment) fields.set("payment_id", pendingPayment);
  return fields.toString();
}

export function readFragment(hash: string): Fragment {
  const fields = new URLSearchParams(hash.replace(/^#/, ""));
  const nonce = fields.get("nonce");
  const instance = fields.get("instance");
  const named = fields.get("origin");
  const origin = named === OPAQUE ? OPAQUE : originOf(named);
  const handshake = nonce && instance && origin ? { nonce, instance, origin } : null;
  const clientSecret = fields.get("client_secret");
  return { handshake, clientSecret, pendingPayment: fields.get("payment_id") };
}

/** The origin of a URL; null if it has none for messages. */
export function originOf(address: string | null | undefined): string | null {
  if (!address) return null;
  try {
    const url = new URL(address);
    return url.protocol === "https:" || url.protocol === "http:" ? url.origin : null;
  } catch {
    return null;
  }
}

/**
 * The message in an event, if it comes from that window, that origin and knows the
 * nonce; null for any other message.
 */
export function messageFrom(
  event: MessageEvent<unknown>,
  from: { readonly window: Window | null; readonly origin: string },
  handshake: Handshake,
): { readonly type: string; readonly data: unknown } | null {
  if (!from.window || event.source !== from.window) return null;
  return senderOf(event) === from.origin ? readMessage(event.data, handshake) : null;
}

/** The origin of a message; browsers write opaque origins differently. */
export function senderOf(event: MessageEvent<unknown>): string {
  return originOf(event.origin) ?? OPAQUE;
}

/** The message, if it has the nonce. Messages of a port need no other proof. */
export function readMessage(
  data: unknown,
  handshake: Handshake,
): { readonly type: string; readonly data: unknown } | null {
  if (typeof data !== "object" || data === null) return null;
  const message = data as Record<string, unknown>;
  if (message["nonce"] !== handshake.nonce || message["instance"] !== handshake.instance) return null;
  return typeof message["type"] === "string" ? { type: message["type"], data: message["data"] } : null;
}
