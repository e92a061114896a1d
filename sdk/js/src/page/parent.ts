/** The embedding page, if any: where to post messages, and what it may request. */

import {
  messageFrom,
  OPAQUE,
  originOf,
  senderOf,
  type Handshake,
  type PageMessage,
  type ParentMessage,
} from "../shared/protocol.ts";
import type { Payment } from "./api.ts";

export class Parent {
  #origin: string | null;
  /** Sent by an embedding page with an opaque origin, which has no address for messages. */
  #port: MessagePort | null = null;
  /** Messages that are posted before there is a port. */
  #waiting: object[] = [];
  readonly #isFramed = window.parent !== window;

  /**
   * @param handshake From the SDK. Without one the page is embedded manually: it gets the same
   *   messages, without a nonce, at the origin that the browser reports.
   */
  constructor(private readonly handshake: Handshake | null) {
    this.#origin = this.#isFramed ? (handshake?.origin ?? framingOrigin() ?? OPAQUE) : null;
  }

  /**
   * Whether the merchant allows the embedding pages; if not, no more messages are posted. All
   * ancestor frames count, if the browser reports them.
   */
  isAllowed(origins: readonly string[] | undefined): boolean {
    if (!origins || !this.#isFramed) return true;
    const known = framingOrigins();
    // If the browser does not report it, use the handshake's origin: no other page gets messages.
    const around = known.length > 0 ? known : [this.#origin ?? ""];
    const isAllowed = around.every((one) => origins.includes(one));
    if (!isAllowed) this.#leave();
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

  /** Handle messages of the embedding page. Without a handshake it can only send a port. */
  listen(focus: () => void): void {
    window.addEventListener("message", (event: MessageEvent<unknown>) => {
      const type = this.#asked(event);
      if (type === "checkout_focus" && this.handshake) focus();
      if (type === "checkout_port" && this.#origin === OPAQUE) this.#answerThrough(event.ports[0]);
    });
  }

  #asked(event: MessageEvent<unknown>): ParentMessage["type"] | null {
    if (!this.#isFramed || event.source !== window.parent) return null;
    const { handshake } = this;
    const from = { window: window.parent, origin: handshake?.origin ?? OPAQUE };
    const message = handshake
      ? messageFrom(event, from, handshake)
      : senderOf(event) === OPAQUE && (event.data as { type?: unknown } | null);
    return message ? (message.type as ParentMessage["type"]) : null;
  }

  #answerThrough(port: MessagePort | undefined): void {
    if (!port) return;
    this.#port?.close();
    this.#port = port;
    for (const message of this.#waiting.splice(0)) port.postMessage(message);
  }

  /** Post no more messages to the embedding page. */
  #leave(): void {
    this.#origin = null;
    this.#port?.close();
    this.#port = null;
    this.#waiting = [];
  }

  #post(message: object): void {
    if (!this.#origin) return;
    const { nonce, instance } = this.handshake ?? {};
    const proof = nonce && instance ? { nonce, instance } : {};
    const whole = { ...message, ...proof };
    if (this.#origin !== OPAQUE) window.parent.postMessage(whole, this.#origin);
    else if (this.#port) this.#port.postMessage(whole);
    else this.#waiting.push(whole);
  }
}

/** Some clients read these fields in `payload`. */
function short(payment: Payment): object {
  return { id: payment.id, order_id: payment.order_id, status: payment.status };
}

function framingOrigin(): string | null {
  return framingOrigins()[0] || null;
}

/** The nearest first. Other browsers only report the nearest, as the referrer. */
function framingOrigins(): readonly string[] {
  const { ancestorOrigins } = location as { ancestorOrigins?: DOMStringList };
  const named = ancestorOrigins ? [...ancestorOrigins] : [document.referrer];
  return named.map((one) => originOf(one) ?? "").filter((one) => one !== "" || ancestorOrigins);
}
