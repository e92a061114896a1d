/** The page that frames us, if any: where to post, and what it may ask. */

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
  /** Given by a framing page of an opaque origin, which cannot be posted to otherwise. */
  #port: MessagePort | null = null;
  /** Posted before there was a port. */
  #waiting: object[] = [];
  readonly #isFramed = window.parent !== window;

  /**
   * @param handshake From the SDK. Without one the framing page is a hand-made one:
   *   it is told the same, without a nonce, at the origin the browser says it has.
   */
  constructor(private readonly handshake: Handshake | null) {
    this.#origin = this.#isFramed ? (handshake?.origin ?? framingOrigin() ?? OPAQUE) : null;
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

  /** Do what the framing page asks. Without a handshake it can only hand over a port. */
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
    const said = handshake
      ? messageFrom(event, from, handshake)
      : senderOf(event) === OPAQUE && (event.data as { type?: unknown } | null);
    return said ? (said.type as ParentMessage["type"]) : null;
  }

  #answerThrough(port: MessagePort | undefined): void {
    if (!port) return;
    this.#port?.close();
    this.#port = port;
    for (const message of this.#waiting.splice(0)) port.postMessage(message);
  }

  /** Tell the framing page nothing from now on. */
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
