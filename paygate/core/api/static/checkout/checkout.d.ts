/** A payment that the API itself says has succeeded. */
export interface PaymentResult {
  readonly paymentId: string;
  /** The same as `paymentId`. */
  readonly id: string;
  /** `success`, or `authorized` where the merchant captures by hand. */
  readonly status: string;
  readonly orderId: string;
  /** In minor units: paise, cents. */
  readonly amount: number;
  readonly currency: string;
  /** `paymentId`, for code that takes the result for the id. */
  toString(): string;
}

/** A try that failed. The shopper may try again while the modal is open. */
export interface PaymentFailure {
  readonly error: string;
  readonly errorCode: string;
  readonly paymentId: string;
}

/** The checkout page says that the payment succeeded; the API could not be asked so far. */
export interface PaymentUnconfirmed {
  readonly paymentId: string;
  readonly orderId: string;
  /** For the developer's eyes. */
  readonly error: string;
}

export interface PaymentGatewayOptions {
  /** The merchant's public API key. */
  readonly key: string;
  /** The order to be paid, made by the merchant's server. */
  readonly orderId: string;
  /** Called once, before `onClose`, when the API confirms the payment. */
  readonly onSuccess?: (result: PaymentResult) => void;
  /** Called for each try that fails; the modal stays open. */
  readonly onFailure?: (failure: PaymentFailure) => void;
  /** Called once each time the modal goes away, for whatever reason. */
  readonly onClose?: () => void;
  /**
   * Called once when the API does not answer whether the payment succeeded. Asking goes
   * on, and `onSuccess` follows when it answers. Webhooks are not concerned.
   */
  readonly onUnconfirmed?: (payment: PaymentUnconfirmed) => void;
  /** The API's address, when the checkout page is not to be asked for it. */
  readonly apiBase?: string;
  /** The checkout page's address, when it is not beside the script. */
  readonly checkoutUrl?: string;
  /** The order's `client_secret`, where the gateway demands one. */
  readonly clientSecret?: string;
}

export interface OpenOptions {
  readonly order_id: string;
  /** In minor units. The order's own amount is charged; a gateway without orders takes this. */
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
   * Open at once; the modal closes by itself on success and on failure.
   *
   * @throws TypeError Without `order_id` or `amount`.
   */
  static open(options: OpenOptions): PaymentGateway;

  /** Show the modal. Does nothing while it is shown. */
  open(): void;

  /** Take the modal away. Does nothing while there is none. */
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
