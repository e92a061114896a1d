/** The gateway's public API: what a page without credentials may ask. */

import type { Schema } from "./schema.ts";

export interface Order {
  readonly id: string;
  readonly amount: number;
  readonly currency: string;
  readonly status: string;
  /** Missing if no payment link created the order. */
  readonly payment_link?: PaymentLink;
  /** Origins that may embed this page; any if it is missing. */
  readonly allowed_origins?: readonly string[];
}

/** An order that a merchant sends as a link. */
export interface PaymentLink {
  readonly status: "created" | "paid" | "cancelled" | "expired";
  readonly description: string | null;
}

/** The action that the shopper must do. */
export interface NextAction {
  readonly type: "redirect" | "three_ds" | "otp" | "upi_collect" | "upi_intent" | "qr" | "wait";
  readonly expires_at: string;
  readonly data: Readonly<Record<string, string>>;
}

export interface Payment {
  readonly id: string;
  readonly order_id: string;
  /** From a gateway without orders: the requested id. */
  readonly order_receipt?: string;
  readonly amount: number;
  readonly currency: string;
  /** `pending`, `success`, `failed`; with a manual capture `authorized`, `cancelled`. */
  readonly status: string;
  /** Only while it is pending. */
  readonly next_action?: NextAction;
  readonly error_code?: string;
  readonly error_description?: string;
}

export interface Method {
  readonly name: string;
  readonly title: string;
  /** The flows it supports; missing in responses of old gateways. */
  readonly flows?: readonly string[];
  readonly schema?: Schema;
}

/** What can be paid with, and the gateway's time, by which it judges expiry dates. */
export interface Offered {
  readonly data: readonly Method[];
  /** Missing in responses of old gateways. */
  readonly now?: string;
}

/** No response, or a temporary error: retry. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
}

/** A definite error. */
export class Refused extends Error {
  override readonly name = "Refused";

  constructor(
    readonly status: number,
    readonly code: string,
    description: string,
    readonly field: string | null,
  ) {
    super(description);
  }
}

/** The gateway returned another order or payment than was requested. */
export class Mismatch extends Error {
  override readonly name = "Mismatch";
}

const ANSWER_WITHIN_MS = 15_000;
const WORTH_ANOTHER_TRY = new Set([408, 409, 425, 429]);

export class Api {
  constructor(
    readonly base: string,
    private readonly clientSecret: string | null,
    private readonly amount: number | null,
  ) {}

  async order(id: string): Promise<Order> {
    const query = this.amount ? `?${new URLSearchParams(this.#implied)}` : "";
    return named(id, await this.#get<Order>(`/orders/${encodeURIComponent(id)}/public${query}`));
  }

  async payment(id: string): Promise<Payment> {
    return named(id, await this.#get<Payment>(`/payments/${encodeURIComponent(id)}/public`));
  }

  /** Report that the shopper is back from the bank or app; returns the current payment. */
  async complete(id: string): Promise<Payment> {
    const path = `/payments/${encodeURIComponent(id)}/complete`;
    return named(id, await this.#post<Payment>(path, this.#secret, {}));
  }

  /** Cancel a payment that waits for its shopper; rejected if it does not. */
  async cancel(id: string): Promise<Payment> {
    const path = `/payments/${encodeURIComponent(id)}/public/cancel`;
    return named(id, await this.#post<Payment>(path, this.#secret, {}));
  }

  /** The gateway's clock, which tests move; only test gateways have this route. */
  async now(): Promise<number> {
    return Date.parse((await this.#get<{ now: string }>("/test/clock")).now);
  }

  /** Create a test order; only test gateways have this route. */
  testOrder(): Promise<Order & { readonly client_secret?: string }> {
    return this.#post("/test/orders", {}, {});
  }

  /** What can pay this order. */
  methods(orderId: string): Promise<Offered> {
    const query = new URLSearchParams({ order_id: orderId, ...this.#implied });
    return this.#get<Offered>(`/checkout/methods?${query}`);
  }

  /**
   * Create a payment.
   *
   * @param key Idempotency key: the gateway creates one payment per key.
   */
  async pay(
    orderId: string,
    method: string,
    details: Readonly<Record<string, unknown>>,
    key: string,
  ): Promise<Payment> {
    const more = { ...this.#secret, ...(this.amount ? { amount: this.amount } : {}) };
    const body = { ...details, order_id: orderId, method, ...more };
    const payment = await this.#post<Payment>("/payments/public", body, { "Idempotency-Key": key });
    if (!pays(payment, orderId)) throw new Mismatch(`${payment.order_id} for ${orderId}`);
    return payment;
  }

  /** The opener's amount, for a gateway that knows no orders. */
  get #implied(): Record<string, string> {
    return this.amount ? { amount: String(this.amount) } : {};
  }

  get #secret(): Readonly<Record<string, string>> {
    return this.clientSecret ? { client_secret: this.clientSecret } : {};
  }

  #post<Answer>(path: string, body: object, more: Readonly<Record<string, string>>): Promise<Answer> {
    return this.#ask<Answer>(this.#address(path), {
      method: "POST",
      headers: { "Content-Type": "application/json", ...more },
      body: JSON.stringify(body),
    });
  }

  #get<Answer>(path: string): Promise<Answer> {
    // Never in the URL: servers and proxies log URLs.
    const headers: HeadersInit = this.clientSecret ? { "X-Client-Secret": this.clientSecret } : {};
    return this.#ask<Answer>(this.#address(path), { headers });
  }

  #address(path: string): URL {
    return new URL(`/api/v1${path}`, this.base);
  }

  async #ask<Answer>(address: URL, request: RequestInit): Promise<Answer> {
    let answer: Response;
    let body: unknown;
    try {
      const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
      answer = await fetch(address, { ...request, signal, credentials: "omit", cache: "no-store" });
      body = await answer.json();
    } catch (error) {
      throw new Unreachable("no answer", { cause: error });
    }
    if (answer.ok) return body as Answer;
    if (answer.status >= 500 || WORTH_ANOTHER_TRY.has(answer.status)) {
      throw new Unreachable(`answered ${answer.status}`);
    }
    throw refusal(answer.status, body);
  }
}

/** Whether the payment is one of that order. */
export function pays(payment: Payment, orderId: string): boolean {
  return payment.order_id === orderId || payment.order_receipt === orderId;
}

/** Returns the object if its id is the requested one: another spelling must not lead to another object. */
function named<Thing extends { readonly id: string }>(id: string, answered: Thing): Thing {
  if (answered.id !== id) throw new Mismatch(`${answered.id} for ${id}`);
  return answered;
}

function refusal(status: number, body: unknown): Refused {
  const error = (body as { error?: Readonly<Record<string, unknown>> } | null)?.error;
  const field = error?.["field"];
  return new Refused(
    status,
    String(error?.["code"] ?? ""),
    String(error?.["description"] ?? ""),
    typeof field === "string" ? field : null,
  );
}
