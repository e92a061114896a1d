/** The page that frames us, if any: where to post, and what it may ask. */

import {
  messageFrom,
  originOf,
  type Handshake,
  type PageMessage,
  type ParentMessage,
} from "../shared/protocol.ts";
import type { Payment } from "./api.ts";

export class Parent {
  #origin: string | null;
  readonly #isFramed = window.parent !== window;

  /**
   * @param handshake From the SDK. Without one the framing page is a hand-made one:
   *   it is told the same, without a nonce, at the origin the browser says it has.
   */
  constructor(
    isEmbedded: boolean,
    private readonly handshake: Handshake | null,
  ) {
    const isAddressed = isEmbedded && this.#isFramed;
    this.#origin = isAddressed ? (handshake?.origin ?? framingOrigin()) : null;
  }

  /**
   * Whether the merchant lets the page around us frame the checkout; if not, it hears no
   * more of us. Every frame around this one counts, where the browser tells them.
   */
  isAllowed(origins: readonly string[] | undefined): boolean {
    if (!origins || !this.#isFramed) return true;
    const told = framingOrigins();
    // Where the browser keeps it to itself, we go by what we were told: nobody else hears us.
    const around = told.length > 0 ? told : [this.#origin ?? ""];
    const isAllowed = around.every((one) => origins.includes(one));
    if (!isAllowed) this.#origin = null;
    return isAllowed;
  }

  succeeded(payment: Payment): void {
    const { id, order_id: orderId, amount, currency, status } = payment;
    this.post({ type: "payment_success", data: { paymentId: id, orderId, amount, currency, status } });
    this.#post({ type: "PAYMENT_SUCCESS", payload: { ...short(payment), amount, currency } });
  }

  failed(payment: Payment, error: string): void {
    const errorCode = payment.error_code ?? "PAYMENT_FAILED";
    this.post({ type: "payment_failed", data: { error, errorCode, paymentId: payment.id } });
    this.#post({ type: "PAYMENT_FAILED", payload: { ...short(payment), error, errorCode } });
  }

  post(message: PageMessage): void {
    this.#post(message);
  }

  /** Do what the framing page asks; only the SDK's own page is listened to. */
  listen(asked: (type: ParentMessage["type"]) => void): void {
    const { handshake } = this;
    if (!handshake) return;
    const from = { window: window.parent, origin: handshake.origin };
    window.addEventListener("message", (event: MessageEvent<unknown>) => {
      if (messageFrom(event, from, handshake)?.type === "checkout_focus") asked("checkout_focus");
    });
  }

  #post(message: object): void {
    if (!this.#origin) return;
    const { nonce, instance } = this.handshake ?? {};
    const proof = nonce && instance ? { nonce, instance } : {};
    window.parent.postMessage({ ...message, ...proof }, this.#origin);
  }
}

/** Some clients read these words, under `payload`. */
function short(payment: Payment): object {
  return { id: payment.id, order_id: payment.order_id, status: payment.status };
}

function framingOrigin(): string | null {
  return framingOrigins()[0] || null;
}

/** The nearest first. Browsers that do not tell name, as referrer, the nearest alone. */
function framingOrigins(): readonly string[] {
  const { ancestorOrigins } = location as { ancestorOrigins?: DOMStringList };
  const named = ancestorOrigins ? [...ancestorOrigins] : [document.referrer];
  return named.map((one) => originOf(one) ?? "").filter((one) => one !== "" || ancestorOrigins);
}
