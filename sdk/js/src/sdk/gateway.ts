import { forget, recall, remember } from "../shared/memory.ts";
import {
  messageFrom,
  OPAQUE,
  originOf,
  readMessage,
  writeFragment,
  type Handshake,
  type ParentMessage,
} from "../shared/protocol.ts";
import type {
  OpenOptions,
  PaymentFailure,
  PaymentGatewayOptions,
  PaymentResult,
  PaymentUnconfirmed,
} from "./checkout.d.ts";
import { confirm } from "./confirm.ts";
import { Modal } from "./modal.ts";
import { pageAddress } from "./script.ts";

declare const VERSION: string;

/** A shopper who closes the modal during the confirmation has still paid. */
const TRIES_AFTER_CLOSE = 30;

interface ResolvedOptions {
  readonly key: string | null;
  readonly orderId: string;
  readonly amount: number | null;
  readonly onSuccess: (result: PaymentResult) => void;
  readonly onFailure: (failure: PaymentFailure) => void;
  readonly onClose: () => void;
  readonly onUnconfirmed: (payment: PaymentUnconfirmed) => void;
  readonly closesOnFailure: boolean;
  readonly apiBase: string | null;
  readonly checkoutUrl: string | undefined;
  readonly clientSecret: string | null;
}

/** One opening of the modal, with its own nonce. */
interface Session {
  readonly handshake: Handshake;
  readonly modal: Modal;
  readonly origin: string;
  /** Reverts what `open` has done, the last step first. */
  readonly undo: (() => void)[];
  apiBase: string;
  isConfirming: boolean;
}

const nothing = (): void => undefined;

/** See `checkout.d.ts`, which is what merchants read. */
export class PaymentGateway {
  static readonly version: string = VERSION;

  #options: ResolvedOptions;
  #session: Session | null = null;

  constructor(options: PaymentGatewayOptions) {
    if (!options?.key) throw new TypeError("PaymentGateway: key is required");
    if (!options.orderId) throw new TypeError("PaymentGateway: orderId is required");
    this.#options = {
      key: options.key,
      orderId: options.orderId,
      amount: null,
      onSuccess: options.onSuccess ?? nothing,
      onFailure: options.onFailure ?? nothing,
      onClose: options.onClose ?? nothing,
      onUnconfirmed: options.onUnconfirmed ?? nothing,
      closesOnFailure: false,
      apiBase: options.apiBase ?? null,
      checkoutUrl: options.checkoutUrl,
      clientSecret: options.clientSecret ?? null,
    };
  }

  static open(options: OpenOptions): PaymentGateway {
    if (!options?.order_id) throw new TypeError("PaymentGateway.open: order_id is required");
    if (!options.amount) throw new TypeError("PaymentGateway.open: amount is required");
    const { order_id: orderId, amount, onSuccess, onFailure, onUnconfirmed } = options;
    const gateway = new PaymentGateway({ key: "none", orderId });
    gateway.#options = {
      ...gateway.#options,
      key: null,
      amount,
      onSuccess: onSuccess ?? nothing,
      onFailure: onFailure ?? nothing,
      onUnconfirmed: onUnconfirmed ?? nothing,
      closesOnFailure: true,
      clientSecret: options.client_secret ?? null,
    };
    gateway.open();
    return gateway;
  }

  open(): void {
    if (this.#session) return;
    const handshake = {
      nonce: randomText(),
      instance: randomText(),
      origin: originOf(window.origin) ?? OPAQUE,
    };
    const address = addressOf(this.#options, handshake);
    const modal = new Modal(
      address,
      () => this.close(),
      () => this.#send({ type: "checkout_focus" }),
      () => this.#loaded(session),
    );
    const session: Session = {
      handshake,
      modal,
      origin: address.origin,
      undo: [],
      apiBase: this.#options.apiBase ?? address.origin,
      isConfirming: false,
    };
    this.#session = session;
    // A script in the page's head runs before there is a body.
    if (document.body) return this.#show(session);
    const show = (): void => this.#show(session);
    document.addEventListener("DOMContentLoaded", show);
    session.undo.push(() => document.removeEventListener("DOMContentLoaded", show));
  }

  close(): void {
    const session = this.#session;
    if (!session) return;
    this.#end(session);
    call(this.#options.onClose);
  }

  #show(session: Session): void {
    const { modal, undo } = session;
    const listener = (event: MessageEvent<unknown>): void => this.#receive(event, session);
    window.addEventListener("message", listener);
    undo.push(() => window.removeEventListener("message", listener), () => modal.hide());
    try {
      modal.show();
    } catch (error) {
      this.#end(session);
      throw error;
    }
  }

  #end(session: Session): void {
    this.#session = null;
    for (const undo of session.undo.splice(0).reverse()) undo();
  }

  /** A page with an opaque origin has no address: send the checkout a port. */
  #loaded(session: Session): void {
    if (session.handshake.origin !== OPAQUE || this.#session !== session) return;
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => this.#handle(readMessage(data, session.handshake), session);
    session.undo.push(() => port1.close());
    this.#send({ type: "checkout_port" }, [port2]);
  }

  #send(message: ParentMessage, ports: readonly MessagePort[] = []): void {
    const session = this.#session;
    if (!session) return;
    const { nonce, instance } = session.handshake;
    const whole = { ...message, nonce, instance };
    session.modal.window?.postMessage(whole, session.origin, [...ports]);
  }

  #receive(event: MessageEvent<unknown>, session: Session): void {
    const from = { window: session.modal.window, origin: session.origin };
    this.#handle(messageFrom(event, from, session.handshake), session);
  }

  #handle(message: ReturnType<typeof messageFrom>, session: Session): void {
    if (!message) return;
    const data = (message.data ?? {}) as Readonly<Record<string, unknown>>;
    switch (message.type) {
      case "checkout_ready":
        if (!this.#options.apiBase && data["apiBase"]) session.apiBase = String(data["apiBase"]);
        break;
      case "checkout_resized":
        session.modal.resize(Number(data["height"]) || 0);
        break;
      case "payment_started":
        remember(this.#options.orderId, String(data["paymentId"]));
        break;
      case "payment_success":
        void this.#succeed(String(data["paymentId"]), session);
        break;
      case "payment_failed":
        this.#fail(data);
        break;
      case "close_modal":
        this.close();
    }
  }

  async #succeed(paymentId: string, session: Session): Promise<void> {
    if (session.isConfirming) return;
    session.isConfirming = true;
    let triesLeft = TRIES_AFTER_CLOSE;
    const { orderId, clientSecret } = this.#options;
    const result = await confirm({
      apiBase: session.apiBase,
      paymentId,
      orderId,
      clientSecret,
      isWorthwhile: () => this.#session === session || triesLeft-- > 0,
      unanswered: () => this.#unconfirmed(paymentId, session.apiBase),
    });
    session.isConfirming = false;
    if (!result) {
      console.warn(`PaymentGateway: ${session.apiBase} does not confirm ${paymentId} of ${orderId}`);
      return;
    }
    forget(orderId);
    call(() => this.#options.onSuccess(result));
    if (this.#session === session) this.close();
  }

  /** The shopper may have paid, but the API does not respond. */
  #unconfirmed(paymentId: string, apiBase: string): void {
    const { orderId } = this.#options;
    const error =
      `${apiBase} does not respond to requests for ${paymentId} from this page; ` +
      "onSuccess is called once it can. Check connect-src of the page's Content-Security-Policy.";
    console.error(`PaymentGateway: ${error}`);
    call(() => this.#options.onUnconfirmed({ paymentId, orderId, error }));
  }

  #fail(data: Readonly<Record<string, unknown>>): void {
    forget(this.#options.orderId);
    const { error, errorCode, paymentId } = data;
    call(() =>
      this.#options.onFailure({
        error: String(error ?? ""),
        errorCode: String(errorCode ?? ""),
        paymentId: String(paymentId ?? ""),
      }),
    );
    if (this.#options.closesOnFailure) this.close();
  }
}

function addressOf(options: ResolvedOptions, handshake: Handshake): URL {
  const address = pageAddress(options.checkoutUrl);
  const fields = address.searchParams;
  fields.set("order_id", options.orderId);
  if (options.amount !== null) fields.set("amount", String(options.amount));
  fields.set("embedded", "true");
  if (options.key) fields.set("key", options.key);
  const { clientSecret, orderId } = options;
  address.hash = writeFragment({ handshake, clientSecret, pendingPayment: recall(orderId) });
  return address;
}

/** 128 random bits. `crypto.randomUUID` is missing on pages served without TLS. */
function randomText(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Call a merchant's function; its exceptions are reported asynchronously. */
function call(callback: () => void): void {
  try {
    callback();
  } catch (error) {
    setTimeout(() => {
      throw error;
    });
  }
}
