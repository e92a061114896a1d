/** A payment whose success the API has confirmed. */
export interface PaymentResult {
  readonly paymentId: string;
  /** The same as `paymentId`. */
  readonly id: string;
  /** `success`, or `authorized` with manual capture. */
  readonly status: string;
  readonly orderId: string;
  /** In minor units: paise, cents. */
  readonly amount: number;
  readonly currency: string;
  /** `paymentId`, for code that uses the result as the id. */
  toString(): string;
}

/** A failed payment. The shopper may try again while the modal is open. */
export interface PaymentFailure {
  readonly error: string;
  readonly errorCode: string;
  readonly paymentId: string;
}

/** The checkout page reports a success that the API has not confirmed yet. */
export interface PaymentUnconfirmed {
  readonly paymentId: string;
  readonly orderId: string;
  /** For developers. */
  readonly error: string;
}

export interface PaymentGatewayOptions {
  /** The merchant's public API key. */
  readonly key: string;
  /** The order to pay, created by the merchant's server. */
  readonly orderId: string;
  /** Called once, before `onClose`, when the API confirms the payment. */
  readonly onSuccess?: (result: PaymentResult) => void;
  /** Called for each failed payment; the modal stays open. */
  readonly onFailure?: (failure: PaymentFailure) => void;
  /** Called each time the modal closes, for any reason. */
  readonly onClose?: () => void;
  /**
   * Called once if the API does not confirm whether the payment succeeded. Requests
   * continue, and `onSuccess` follows after a response. Webhooks are not affected.
   */
  readonly onUnconfirmed?: (payment: PaymentUnconfirmed) => void;
  /** The API's URL; by default the checkout page provides it. */
  readonly apiBase?: string;
  /** The checkout page's URL, if it is not next to the script. */
  readonly checkoutUrl?: string;
  /** The order's `client_secret`, if the gateway requires it. */
  readonly clientSecret?: string;
}

export interface OpenOptions {
  readonly order_id: string;
  /** In minor units. The order's amount is charged; only a gateway without orders uses this. */
  readonly amount: number;
  readonly onSuccess?: (result: PaymentResult) => void;
  readonly onFailure?: (failure: PaymentFailure) => void;
  readonly onUnconfirmed?: (payment: PaymentUnconfirmed) => void;
  readonly client_secret?: string;
}

/** The checkout in a modal on the merchant's page. */
export declare class PaymentGateway {
  static readonly version: string;

  /** @throws TypeError Without `key` or `orderId`. */
  constructor(options: PaymentGatewayOptions);

  /**
   * Open the modal at once; it closes on success and on failure.
   *
   * @throws TypeError Without `order_id` or `amount`.
   */
  static open(options: OpenOptions): PaymentGateway;

  /** Show the modal. Does nothing while it is shown. */
  open(): void;

  /** Close the modal. Does nothing while it is closed. */
  close(): void;
}

/** `<paygate-checkout key="…" order-id="…">`: a button that opens the checkout. */
export declare class PaygateCheckoutElement extends HTMLElement {
  open(): void;
  close(): void;
}

declare global {
  interface HTMLElementTagNameMap {
    "paygate-checkout": PaygateCheckoutElement;
  }
  interface HTMLElementEventMap {
    "paygate-success": CustomEvent<PaymentResult>;
    "paygate-failure": CustomEvent<PaymentFailure>;
    "paygate-close": CustomEvent<null>;
    "paygate-unconfirmed": CustomEvent<PaymentUnconfirmed>;
  }
}
