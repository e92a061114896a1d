// The API's responses, requests and resources.
// Written by `make clients` from paygate's OpenAPI document; do not edit.

import { type KeyedOptions, type Page, type Send, eachRow, keyOf, path } from "./calls.js";

/** A delivery of an event to an endpoint. */
export interface Delivery {
  id: string;
  event: string;
  status: "pending" | "success" | "failed";
  attempts: number;
  /** ISO 8601 in UTC, to the millisecond. */
  created_at: string;
  last_attempt_at: string | null;
  next_retry_at: string | null;
  response_code: number | null;
  response_body: string | null;
}

/** The endpoint of a delivery. */
export interface EndpointRef {
  id: string;
  /** Null if it was deleted. */
  url: string | null;
}

/** An attempt of a delivery. */
export interface Try {
  /** Number of the attempt. */
  ordinal: number;
  /** ISO 8601 in UTC, to the millisecond. */
  started_at: string;
  /** ISO 8601 in UTC, to the millisecond. */
  finished_at: string;
  took_ms: number | null;
  url: string | null;
  request_headers: Record<string, string>;
  status_code: number | null;
  error: string | null;
  /** Its first 4 KiB. */
  response_body: string | null;
}

/** A delivery with its body and its attempts. */
export interface DeliveryInFull {
  id: string;
  event: string;
  status: "pending" | "success" | "failed";
  attempts: number;
  /** ISO 8601 in UTC, to the millisecond. */
  created_at: string;
  last_attempt_at: string | null;
  next_retry_at: string | null;
  response_code: number | null;
  response_body: string | null;
  event_id: string;
  payment_id: string | null;
  endpoint: EndpointRef;
  /** The body, the same in every attempt. */
  payload: Record<string, unknown>;
  /** The oldest first; if there are too many, the newest. */
  tries: Try[];
}

/** A delivery that is due again. */
export interface DeliveryRetried {
  id: string;
  status: "pending";
  message: string;
}

/** The endpoint in the form of another gateway. */
export interface EndpointShort {
  url: string | null;
  secret: string | null;
}

/** The default endpoint, in every form that clients read. */
export interface Endpoint {
  id: string;
  name: string;
  email: string;
  api_key: string;
  webhook_url: string | null;
  webhook_secret: string | null;
  /** ISO 8601 in UTC, to the millisecond. */
  created_at: string;
  success: boolean;
  message: string;
  data: EndpointShort;
}

/** A test event that was enqueued. */
export interface EndpointTested {
  delivery_id: string;
  event: string;
  endpoint_id: string;
}

/** An order, which is paid at most once. */
export interface Order {
  id: string;
  /** Minor units of the currency. */
  amount: number;
  currency: string;
  status: "created" | "attempted" | "paid";
  merchant_id: string;
  receipt: string | null;
  notes: Record<string, unknown>;
  capture: "automatic" | "manual";
  /** ISO 8601 in UTC, to the millisecond. */
  created_at: string;
  /** ISO 8601 in UTC, to the millisecond. */
  updated_at: string;
}

/** An order with the merchant's fields. */
export interface OrderInFull {
  id: string;
  /** Minor units of the currency. */
  amount: number;
  currency: string;
  status: "created" | "attempted" | "paid";
  merchant_id: string;
  receipt: string | null;
  notes: Record<string, unknown>;
  capture: "automatic" | "manual";
  /** ISO 8601 in UTC, to the millisecond. */
  created_at: string;
  /** ISO 8601 in UTC, to the millisecond. */
  updated_at: string;
  /** Lets a browser pay this order; null for `read_only` and `support`. */
  client_secret: string | null;
}

/** What the shopper has to do before there is a final outcome. */
export interface NextAction {
  type: "redirect" | "three_ds" | "upi_intent" | "qr" | "upi_collect" | "otp" | "wait";
  /** ISO 8601 in UTC, to the millisecond. */
  expires_at: string;
  data: Record<string, string>;
  /** Fields of a plugin's payment method. */
  [field: string]: unknown;
}

/** A payment of an order, with all fields. */
export interface Payment {
  id: string;
  order_id: string;
  /** Minor units of the currency. */
  amount: number;
  currency: string;
  method: string;
  status: "pending" | "authorized" | "success" | "failed" | "cancelled";
  /** ISO 8601 in UTC, to the millisecond. */
  created_at: string;
  /**
   * For shoppers, with `PAYGATE_PROFILE=open-demo` only: the order id of the request, if the order
   * has another id.
   */
  order_receipt?: string;
  vpa?: string | null;
  card_network?: string | null;
  card_last4?: string | null;
  merchant_id: string;
  /** The detailed status. */
  substatus: "pending" | "processing" | "unknown" | "authorized" | "capturing" | "voiding" | "success" | "failed" | "cancelled";
  captured: boolean;
  /** Minor units of the currency. */
  amount_authorized: number;
  /** Minor units of the currency. */
  amount_captured: number;
  /** Minor units of the currency. */
  amount_refunded: number;
  error_code: string | null;
  error_description: string | null;
  decline_code: string | null;
  processor: string;
  /** Scenario that simulated processors play. */
  scenario: string | null;
  /** Missing in events. */
  notes?: Record<string, unknown>;
  next_action: NextAction | null;
  /** ISO 8601 in UTC, to the millisecond. */
  updated_at: string;
  /** Fields of a plugin's payment method. */
  [field: string]: unknown;
}

/** A new payment. Its method may add fields of the instrument. */
export interface PaymentCreated {
  id: string;
  order_id: string;
  /** Minor units of the currency. */
  amount: number;
  currency: string;
  method: string;
  status: "pending" | "authorized" | "success" | "failed" | "cancelled";
  /** ISO 8601 in UTC, to the millisecond. */
  created_at: string;
  /**
   * For shoppers, with `PAYGATE_PROFILE=open-demo` only: the order id of the request, if the order
   * has another id.
   */
  order_receipt?: string;
  vpa?: string | null;
  card_network?: string | null;
  card_last4?: string | null;
  /** Fields of a plugin's payment method. */
  [field: string]: unknown;
}

/** A payment link: an order with an address at which a shopper pays it, once. */
export interface PaymentLink {
  id: string;
  order_id: string;
  /** The hosted page; null for `read_only` and `support`. */
  url: string | null;
  /** `paid` also if a payment that began before its end pays it. */
  status: "created" | "paid" | "cancelled" | "expired";
  /** A payment has begun and may still pay the link. */
  payment_in_progress: boolean;
  /** Minor units of the currency. */
  amount: number;
  currency: string;
  description: string | null;
  receipt: string | null;
  notes: Record<string, unknown>;
  capture: "automatic" | "manual";
  expires_at: string | null;
  cancelled_at: string | null;
  /** ISO 8601 in UTC, to the millisecond. */
  created_at: string;
  /** ISO 8601 in UTC, to the millisecond. */
  updated_at: string;
}

/** A payment after a capture or cancel request. */
export interface PaymentMoved {
  id: string;
  order_id: string;
  /** Minor units of the currency. */
  amount: number;
  currency: string;
  method: string;
  status: "pending" | "authorized" | "success" | "failed" | "cancelled";
  /** ISO 8601 in UTC, to the millisecond. */
  created_at: string;
  /**
   * For shoppers, with `PAYGATE_PROFILE=open-demo` only: the order id of the request, if the order
   * has another id.
   */
  order_receipt?: string;
  vpa?: string | null;
  card_network?: string | null;
  card_last4?: string | null;
  substatus: "pending" | "processing" | "unknown" | "authorized" | "capturing" | "voiding" | "success" | "failed" | "cancelled";
  captured: boolean;
  /** Minor units of the currency. */
  amount_captured: number;
  /** ISO 8601 in UTC, to the millisecond. */
  updated_at: string;
  /** Fields of a plugin's payment method. */
  [field: string]: unknown;
}

/** Deliveries that were resent, or would be. */
export interface Recovered {
  dry_run: boolean;
  matching: number;
  /** At most 10 000 in one call. */
  resent: number;
  /** The oldest of them. */
  sample: Delivery[];
  /** Where to continue, if there are more. */
  next_since: string | null;
}

/** A refund with all fields. */
export interface Refund {
  id: string;
  payment_id: string;
  /** Minor units of the currency. */
  amount: number;
  reason: string | null;
  status: "pending" | "processed" | "failed";
  /** ISO 8601 in UTC, to the millisecond. */
  created_at: string;
  processed_at: string | null;
  /** Missing without any. */
  notes?: Record<string, unknown>;
}

/** A new refund. */
export interface RefundCreated {
  id: string;
  payment_id: string;
  /** Minor units of the currency. */
  amount: number;
  reason: string | null;
  status: "pending" | "processed" | "failed";
  /** ISO 8601 in UTC, to the millisecond. */
  created_at: string;
}

/** An event, with the body of its webhooks. */
export interface StoredEvent {
  /** The same in webhooks and in the event stream. */
  id: string;
  type: string;
  /** Null for an event that is about no payment. */
  payment_id: string | null;
  /** ISO 8601 in UTC, to the millisecond. */
  created_at: string;
  /**
   * `X-Request-Id` of the request that caused it; null if there was none, as for a processor's
   * response to a payment.
   */
  request_id: string | null;
  /** The body of its webhooks, the same in every attempt. */
  payload: Record<string, unknown>;
}

/** A test event that was enqueued. */
export interface TestEventSent {
  status: "success";
  message: string;
  id: string;
  webhook_id: string;
  scheduled: boolean;
  event: string;
  attempts: number;
  response_code: null;
  /** ISO 8601 in UTC, to the millisecond. */
  created_at: string;
}

/** An entry of a payment's timeline. */
export interface TimelineEntry {
  /** ISO 8601 in UTC, to the millisecond. */
  at: string;
  /** A sentence for people; it may change. */
  what: string;
  /** Details for people; they may change. */
  note: string | null;
  kind: "transition" | "operation" | "plugin_call" | "callback" | "event" | "delivery" | "attempt" | "refund" | "decision";
  /** Of the operation, the event, the refund, …. */
  id: string;
  /** Data of the kind, without secrets. */
  data: Record<string, unknown>;
}

/** The timeline of a payment, oldest first. */
export interface Timeline {
  data: TimelineEntry[];
  /** There are more entries. */
  truncated: boolean;
}

/** A webhook endpoint. */
export interface WebhookEndpoint {
  id: string;
  url: string | null;
  description: string | null;
  events: string[];
  sink: string | null;
  is_enabled: boolean;
  /** It is the merchant's default endpoint. */
  is_default: boolean;
  disabled_reason: "manual" | "gone" | "failing" | null;
  disabled_at: string | null;
  consecutive_failures: number;
  first_failure_at: string | null;
  /** Not `closed`: it did not answer, and gets one attempt at a time. */
  breaker: "closed" | "open" | "half_open";
  breaker_open_since: string | null;
  /** Attempts in a row without an answer. */
  unanswered: number;
  /** The secret's last characters. */
  secret_hint: string | null;
  /** Until then the previous secret also signs. */
  previous_secret_until: string | null;
  /** ISO 8601 in UTC, to the millisecond. */
  created_at: string;
  /** ISO 8601 in UTC, to the millisecond. */
  updated_at: string;
}

/** An endpoint with its new secret, which is shown only once. */
export interface WebhookEndpointWithSecret {
  id: string;
  url: string | null;
  description: string | null;
  events: string[];
  sink: string | null;
  is_enabled: boolean;
  /** It is the merchant's default endpoint. */
  is_default: boolean;
  disabled_reason: "manual" | "gone" | "failing" | null;
  disabled_at: string | null;
  consecutive_failures: number;
  first_failure_at: string | null;
  /** Not `closed`: it did not answer, and gets one attempt at a time. */
  breaker: "closed" | "open" | "half_open";
  breaker_open_since: string | null;
  /** Attempts in a row without an answer. */
  unanswered: number;
  /** The secret's last characters. */
  secret_hint: string | null;
  /** Until then the previous secret also signs. */
  previous_secret_until: string | null;
  /** ISO 8601 in UTC, to the millisecond. */
  created_at: string;
  /** ISO 8601 in UTC, to the millisecond. */
  updated_at: string;
  secret: string;
}

/** The merchant's endpoints, the default endpoint first. */
export interface WebhookEndpoints {
  data: WebhookEndpoint[];
}

/** A card, as the payer entered it. */
export interface CardInput {
  /** 13 to 19 digits; spaces and dashes are ignored. */
  number: string;
  /** 1 to 12. */
  expiry_month: string | number;
  /** Two or four digits. */
  expiry_year: string | number;
  /** Three or four digits; checked and not stored. */
  cvv?: string | number | null | undefined;
  /** Accepted and ignored. */
  holder_name?: string | null | undefined;
}

/** What `createOrder` is given. */
export interface OrderRequest {
  /**
   * In minor units: 50000 is ₹500.00, or ¥50000; at least 100, or 1 in a currency without decimals.
   */
  amount: number;
  /** ISO 4217. */
  currency?: string | undefined;
  /** The merchant's reference. */
  receipt?: string | null | undefined;
  /** Any data, up to 16384 bytes of JSON. */
  notes?: Record<string, unknown> | null | undefined;
  /** Manual holds the money until it is captured. */
  capture?: "automatic" | "manual" | null | undefined;
}

/** What `createPaymentLink` is given. */
export interface PaymentLinkRequest {
  /**
   * In minor units: 50000 is ₹500.00, or ¥50000; at least 100, or 1 in a currency without decimals.
   */
  amount: number;
  /** ISO 4217. */
  currency?: string | undefined;
  /** The merchant's reference. */
  receipt?: string | null | undefined;
  /** Any data, up to 16384 bytes of JSON. */
  notes?: Record<string, unknown> | null | undefined;
  /** Manual holds the money until it is captured. */
  capture?: "automatic" | "manual" | null | undefined;
  /** What the shopper pays for; the page shows it. */
  description?: string | null | undefined;
  /** From then on no payment begins; without it, the link has no end. */
  expires_at?: string | Date | null | undefined;
}

/** What `cancelPaymentLink` is given. */
export interface CancelLinkRequest {
  /** Refuse it if a payment has begun and may still pay the link. */
  if_unused?: boolean | undefined;
}

/** What `createPayment` is given. */
export interface CreatePaymentRequest {
  order_id: string;
  /** A payment method: upi, card, or that of a plugin. */
  method: string;
  /** Any data, up to 16384 bytes of JSON. */
  notes?: Record<string, unknown> | null | undefined;
  /** Collect sends a request to the payer's UPI ID; intent and qr need no UPI ID. */
  flow?: "collect" | "intent" | "qr" | undefined;
  /** The payer's virtual payment address. */
  vpa?: string | undefined;
  /** A card, as the payer entered it. */
  card?: CardInput | undefined;
  /** Fields of a plugin's payment method. */
  [field: string]: unknown;
}

/** What `capturePayment` is given. */
export interface CaptureRequest {
  /** Default: all of it. */
  amount?: number | null | undefined;
  /** Release what is not captured. */
  final?: boolean | undefined;
}

/** What `createRefund` is given. */
export interface RefundOfPaymentRequest {
  /** In minor units of the payment's currency. */
  amount: number;
  payment_id: string;
  /** For people. */
  reason?: string | null | undefined;
  /** Any data, up to 16384 bytes of JSON. */
  notes?: Record<string, unknown> | null | undefined;
}

/** What `createEndpoint` is given. */
export interface NewEndpointRequest {
  /** Http or https. */
  url: string;
  /** Event names, families such as payment.*, or * for every event. */
  events?: readonly string[] | undefined;
  /** For people. */
  description?: string | null | undefined;
  /** The only sink that delivers to it, such as one with another format. */
  sink?: string | null | undefined;
}

/** What `changeEndpoint` is given. */
export interface EndpointChangeRequest {
  /** Null sends nothing; only for the default endpoint. */
  url?: string | null | undefined;
  /** Event names, families such as payment.*, or * for every event. */
  events?: readonly string[] | undefined;
  description?: string | null | undefined;
}

/** What `sendTestEvent` is given. */
export interface TestEventRequest {
  event?: string | undefined;
}

/** What `resendDeliveries` is given. */
export interface RecoverRequest {
  /** Deliveries created at this time or later. */
  since: string | Date;
  /** And before this time; default: now. */
  until?: string | Date | null | undefined;
  /** Only these; default: every event. */
  events?: readonly string[] | null | undefined;
  endpoint_id?: string | null | undefined;
  /** Include success to resend delivered events. */
  statuses?: readonly ("pending" | "success" | "failed")[] | undefined;
  /** Only report what would be sent. */
  dry_run?: boolean | undefined;
}

/** What `changeDefaultEndpoint` is given. */
export interface EndpointRequest {
  /** Http or https; null or empty sends no webhooks. */
  webhook_url?: string | null | undefined;
  /** 8 to 64 visible ASCII characters; one that ends in *** is ignored. */
  webhook_secret?: string | null | undefined;
}

/** What a list is filtered by. */
export interface ListOrdersQuery {
  /** More than 100 is 100. */
  limit?: number | undefined;
  /** The `next_cursor` of the page before. */
  cursor?: string | null | undefined;
  /** Created at this time or later. */
  from?: string | Date | null | undefined;
  /** Created before this time. */
  to?: string | Date | null | undefined;
  status?: "created" | "attempted" | "paid" | null | undefined;
  /** A prefix of the id, or three characters or more of the receipt. */
  q?: string | null | undefined;
}

/** What a list is filtered by. */
export interface ListPaymentLinksQuery {
  /** More than 100 is 100. */
  limit?: number | undefined;
  /** The `next_cursor` of the page before. */
  cursor?: string | null | undefined;
  /** Created at this time or later. */
  from?: string | Date | null | undefined;
  /** Created before this time. */
  to?: string | Date | null | undefined;
  status?: "created" | "paid" | "cancelled" | "expired" | null | undefined;
}

/** Parameters of the query. */
export interface CreatePaymentQuery {
  /** Seconds to wait for a next action or an outcome; then the payment is shown as it is. */
  wait?: number | null | undefined;
}

/** Parameters of the query. */
export interface ShowPaymentQuery {
  /** Seconds to wait for a next action or an outcome; then the payment is shown as it is. */
  wait?: number | null | undefined;
}

/** What a list is filtered by. */
export interface ListPaymentsQuery {
  /** More than 100 is 100. */
  limit?: number | undefined;
  /** The `next_cursor` of the page before. */
  cursor?: string | null | undefined;
  /** Created at this time or later. */
  from?: string | Date | null | undefined;
  /** Created before this time. */
  to?: string | Date | null | undefined;
  /** A status. */
  status?: "pending" | "authorized" | "success" | "failed" | "cancelled" | null | undefined;
  /** A payment method, such as upi. */
  method?: string | null | undefined;
  order_id?: string | null | undefined;
  /**
   * A prefix of the id or the order's id, the last four digits of a card, or three characters or
   * more of the order's receipt or of a vpa.
   */
  q?: string | null | undefined;
}

/** What a list is filtered by. */
export interface ListRefundsOfPaymentQuery {
  /** More than 100 is 100. */
  limit?: number | undefined;
  /** The `next_cursor` of the page before. */
  cursor?: string | null | undefined;
}

/** What a list is filtered by. */
export interface ListRefundsQuery {
  /** More than 100 is 100. */
  limit?: number | undefined;
  /** The `next_cursor` of the page before. */
  cursor?: string | null | undefined;
  /** Created at this time or later. */
  from?: string | Date | null | undefined;
  /** Created before this time. */
  to?: string | Date | null | undefined;
  status?: "pending" | "processed" | "failed" | null | undefined;
  payment_id?: string | null | undefined;
}

/** What a list is filtered by. */
export interface ListDeliveriesQuery {
  /** More than 100 is 100. */
  limit?: number | undefined;
  /** The `next_cursor` of the page before. */
  cursor?: string | null | undefined;
  status?: "pending" | "success" | "failed" | null | undefined;
  event?: string | null | undefined;
  endpoint_id?: string | null | undefined;
  payment_id?: string | null | undefined;
}

/** What a list is filtered by. */
export interface ListEventsQuery {
  /** More than 100 is 100. */
  limit?: number | undefined;
  /** The `next_cursor` of the page before. */
  cursor?: string | null | undefined;
  /** Created at this time or later. */
  from?: string | Date | null | undefined;
  /** Created before this time. */
  to?: string | Date | null | undefined;
  /** An event type such as payment.success, or up to 20 of them with commas between them. */
  type?: string | null | undefined;
  /** About this payment or a refund of it. */
  payment_id?: string | null | undefined;
}

/** Orders. An order is an amount that a shopper pays once. */
export class Orders {
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  /**
   * Create an order.
   *
   * Needs the role developer.
   */
  create(body: OrderRequest, options: KeyedOptions = {}): Promise<OrderInFull> {
    return this.#send({
      verb: "POST",
      path: "/orders",
      body,
      idempotencyKey: keyOf(options.idempotencyKey),
    });
  }

  /** Show an order. */
  get(orderId: string): Promise<OrderInFull> {
    return this.#send({ verb: "GET", path: path`/orders/${orderId}` });
  }

  /** List orders. */
  list(query: ListOrdersQuery = {}): Promise<Page<Order>> {
    return this.#send({
      verb: "GET",
      path: "/orders",
      query: { ...query, limit: query.limit ?? 10 },
    });
  }

  /**
   * List orders: every one, newest first.
   *
   * A page is requested when its first row is.
   */
  iterate(query: Omit<ListOrdersQuery, "limit" | "cursor"> = {}): AsyncGenerator<Order, void, void> {
    return eachRow(this.#send, { verb: "GET", path: "/orders", query });
  }
}

/** Payment links: orders with the address of a page on which a shopper pays them. */
export class PaymentLinks {
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  /**
   * Create a payment link.
   *
   * Creates an order and returns the address of a hosted page on which a shopper pays it, once. The
   * events of its payments name the order. Needs the role developer.
   */
  create(body: PaymentLinkRequest, options: KeyedOptions = {}): Promise<PaymentLink> {
    return this.#send({
      verb: "POST",
      path: "/payment-links",
      body,
      idempotencyKey: keyOf(options.idempotencyKey),
    });
  }

  /** Show a payment link. */
  get(linkId: string): Promise<PaymentLink> {
    return this.#send({ verb: "GET", path: path`/payment-links/${linkId}` });
  }

  /** List payment links. */
  list(query: ListPaymentLinksQuery = {}): Promise<Page<PaymentLink>> {
    return this.#send({
      verb: "GET",
      path: "/payment-links",
      query: { ...query, limit: query.limit ?? 10 },
    });
  }

  /**
   * List payment links: every one, newest first.
   *
   * A page is requested when its first row is.
   */
  iterate(query: Omit<ListPaymentLinksQuery, "limit" | "cursor"> = {}): AsyncGenerator<PaymentLink, void, void> {
    return eachRow(this.#send, { verb: "GET", path: "/payment-links", query });
  }

  /**
   * Cancel a payment link.
   *
   * No payment of the link begins any more. One that has begun may end, and may pay the link: see
   * `payment_in_progress`. With `if_unused` such a link is not cancelled. Needs the role developer.
   */
  cancel(linkId: string, body: CancelLinkRequest = {}, options: KeyedOptions = {}): Promise<PaymentLink> {
    return this.#send({
      verb: "POST",
      path: path`/payment-links/${linkId}/cancel`,
      body,
      idempotencyKey: keyOf(options.idempotencyKey),
    });
  }
}

/** Payments of orders. */
export class Payments {
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  /**
   * Create a payment.
   *
   * A worker calls the processor afterwards: the payment is pending, and a webhook reports the
   * outcome. The order's amount is charged; an amount in the request is ignored. With `wait`, the
   * response has all fields of the payment, as it is after the wait. Needs the role developer.
   */
  create(body: CreatePaymentRequest, options: KeyedOptions & CreatePaymentQuery = {}): Promise<PaymentCreated> {
    return this.#send({
      verb: "POST",
      path: "/payments",
      body,
      query: { wait: options.wait },
      idempotencyKey: keyOf(options.idempotencyKey),
    });
  }

  /** Show a payment. */
  get(paymentId: string, query: ShowPaymentQuery = {}): Promise<Payment> {
    return this.#send({ verb: "GET", path: path`/payments/${paymentId}`, query: { ...query } });
  }

  /** List payments. */
  list(query: ListPaymentsQuery = {}): Promise<Page<Payment>> {
    return this.#send({
      verb: "GET",
      path: "/payments",
      query: { ...query, limit: query.limit ?? 10 },
    });
  }

  /**
   * List payments: every one, newest first.
   *
   * A page is requested when its first row is.
   */
  iterate(query: Omit<ListPaymentsQuery, "limit" | "cursor"> = {}): AsyncGenerator<Payment, void, void> {
    return eachRow(this.#send, { verb: "GET", path: "/payments", query });
  }

  /**
   * Capture a payment.
   *
   * Captures held money, all or a part; or confirms an automatic capture. Needs the role support.
   */
  capture(paymentId: string, body: CaptureRequest = {}, options: KeyedOptions = {}): Promise<PaymentMoved> {
    return this.#send({
      verb: "POST",
      path: path`/payments/${paymentId}/capture`,
      body,
      idempotencyKey: keyOf(options.idempotencyKey),
    });
  }

  /**
   * Cancel a payment.
   *
   * Releases the money that a payment of a manual order holds. Needs the role support.
   */
  cancel(paymentId: string, options: KeyedOptions = {}): Promise<PaymentMoved> {
    return this.#send({
      verb: "POST",
      path: path`/payments/${paymentId}/cancel`,
      idempotencyKey: keyOf(options.idempotencyKey),
    });
  }

  /** Show a payment's timeline. */
  timeline(paymentId: string): Promise<Timeline> {
    return this.#send({ verb: "GET", path: path`/payments/${paymentId}/timeline` });
  }

  /** List refunds of a payment. */
  refunds(paymentId: string, query: ListRefundsOfPaymentQuery = {}): Promise<Page<Refund>> {
    return this.#send({
      verb: "GET",
      path: path`/payments/${paymentId}/refunds`,
      query: { ...query, limit: query.limit ?? 10 },
    });
  }

  /**
   * List refunds of a payment: every one, newest first.
   *
   * A page is requested when its first row is.
   */
  iterateRefunds(paymentId: string, query: Omit<ListRefundsOfPaymentQuery, "limit" | "cursor"> = {}): AsyncGenerator<Refund, void, void> {
    return eachRow(this.#send, { verb: "GET", path: path`/payments/${paymentId}/refunds`, query });
  }
}

/** Refunds of payments. */
export class Refunds {
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  /**
   * Refund a payment named in the body.
   *
   * Needs the role support.
   */
  create(body: RefundOfPaymentRequest, options: KeyedOptions = {}): Promise<RefundCreated> {
    return this.#send({
      verb: "POST",
      path: "/refunds",
      body,
      idempotencyKey: keyOf(options.idempotencyKey),
    });
  }

  /** Show a refund. */
  get(refundId: string): Promise<Refund> {
    return this.#send({ verb: "GET", path: path`/refunds/${refundId}` });
  }

  /** List refunds. */
  list(query: ListRefundsQuery = {}): Promise<Page<Refund>> {
    return this.#send({
      verb: "GET",
      path: "/refunds",
      query: { ...query, limit: query.limit ?? 10 },
    });
  }

  /**
   * List refunds: every one, newest first.
   *
   * A page is requested when its first row is.
   */
  iterate(query: Omit<ListRefundsQuery, "limit" | "cursor"> = {}): AsyncGenerator<Refund, void, void> {
    return eachRow(this.#send, { verb: "GET", path: "/refunds", query });
  }
}

/** Webhook endpoints, each with a secret and a filter of its own. */
export class Endpoints {
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  /**
   * Create an endpoint.
   *
   * The secret is only in this response: it is stored sealed. Therefore an `Idempotency-Key` has no
   * effect here. Needs the role developer.
   */
  create(body: NewEndpointRequest): Promise<WebhookEndpointWithSecret> {
    return this.#send({ verb: "POST", path: "/webhook-endpoints", body });
  }

  /** Show an endpoint. */
  get(endpointId: string): Promise<WebhookEndpoint> {
    return this.#send({ verb: "GET", path: path`/webhook-endpoints/${endpointId}` });
  }

  /** List endpoints. */
  list(): Promise<WebhookEndpoints> {
    return this.#send({ verb: "GET", path: "/webhook-endpoints" });
  }

  /**
   * Change an endpoint.
   *
   * Missing fields stay unchanged. Only `url` of the default endpoint can be changed. Needs the
   * role developer.
   */
  update(endpointId: string, body: EndpointChangeRequest = {}, options: KeyedOptions = {}): Promise<WebhookEndpoint> {
    return this.#send({
      verb: "PATCH",
      path: path`/webhook-endpoints/${endpointId}`,
      body,
      idempotencyKey: keyOf(options.idempotencyKey),
    });
  }

  /**
   * Delete an endpoint.
   *
   * Returns the deleted endpoint. Its pending deliveries fail when they become due. Needs the role
   * developer.
   */
  delete(endpointId: string, options: KeyedOptions = {}): Promise<WebhookEndpoint> {
    return this.#send({
      verb: "DELETE",
      path: path`/webhook-endpoints/${endpointId}`,
      idempotencyKey: keyOf(options.idempotencyKey),
    });
  }

  /**
   * Enable an endpoint.
   *
   * Its held deliveries continue at once. Needs the role developer.
   */
  enable(endpointId: string, options: KeyedOptions = {}): Promise<WebhookEndpoint> {
    return this.#send({
      verb: "POST",
      path: path`/webhook-endpoints/${endpointId}/enable`,
      idempotencyKey: keyOf(options.idempotencyKey),
    });
  }

  /**
   * Disable an endpoint.
   *
   * Its pending deliveries are held until it is enabled. Needs the role developer.
   */
  disable(endpointId: string, options: KeyedOptions = {}): Promise<WebhookEndpoint> {
    return this.#send({
      verb: "POST",
      path: path`/webhook-endpoints/${endpointId}/disable`,
      idempotencyKey: keyOf(options.idempotencyKey),
    });
  }

  /**
   * Rotate an endpoint's secret.
   *
   * The previous secret also signs for 24 hours. The secret is only in this response: it is stored
   * sealed. Therefore an `Idempotency-Key` has no effect here. Needs the role developer.
   */
  rotateSecret(endpointId: string): Promise<WebhookEndpointWithSecret> {
    return this.#send({ verb: "POST", path: path`/webhook-endpoints/${endpointId}/rotate` });
  }

  /**
   * Send a test event to an endpoint.
   *
   * Sent whatever its filters, once, and also if it is disabled. Needs the role developer.
   */
  sendTest(endpointId: string, body: TestEventRequest = {}, options: KeyedOptions = {}): Promise<EndpointTested> {
    return this.#send({
      verb: "POST",
      path: path`/webhook-endpoints/${endpointId}/test`,
      body,
      idempotencyKey: keyOf(options.idempotencyKey),
    });
  }
}

/** Deliveries of events to webhook endpoints. */
export class Deliveries {
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  /** Show a delivery with its attempts. */
  get(deliveryId: string): Promise<DeliveryInFull> {
    return this.#send({ verb: "GET", path: path`/webhooks/${deliveryId}` });
  }

  /** List deliveries. */
  list(query: ListDeliveriesQuery = {}): Promise<Page<Delivery>> {
    return this.#send({
      verb: "GET",
      path: "/webhooks",
      query: { ...query, limit: query.limit ?? 10 },
    });
  }

  /**
   * List deliveries: every one, newest first.
   *
   * A page is requested when its first row is.
   */
  iterate(query: Omit<ListDeliveriesQuery, "limit" | "cursor"> = {}): AsyncGenerator<Delivery, void, void> {
    return eachRow(this.#send, { verb: "GET", path: "/webhooks", query });
  }

  /**
   * Retry a delivery.
   *
   * Needs the role support.
   */
  retry(deliveryId: string, options: KeyedOptions = {}): Promise<DeliveryRetried> {
    return this.#send({
      verb: "POST",
      path: path`/webhooks/${deliveryId}/retry`,
      idempotencyKey: keyOf(options.idempotencyKey),
    });
  }

  /**
   * Resend deliveries.
   *
   * The oldest first, at most 10 000 in one call; `next_since` says where to continue. Ids and
   * bodies stay the same, so that receivers recognize copies. Deliveries that are in progress are
   * not changed. Needs the role support.
   */
  resend(body: RecoverRequest, options: KeyedOptions = {}): Promise<Recovered> {
    return this.#send({
      verb: "POST",
      path: "/webhooks/recover",
      body,
      idempotencyKey: keyOf(options.idempotencyKey),
    });
  }
}

/** The merchant's default webhook endpoint; further endpoints, and deliveries. */
export class Webhooks {
  readonly #send: Send;
  /** Webhook endpoints, each with a secret and a filter of its own. */
  readonly endpoints: Endpoints;
  /** Deliveries of events to webhook endpoints. */
  readonly deliveries: Deliveries;

  constructor(send: Send) {
    this.#send = send;
    this.endpoints = new Endpoints(send);
    this.deliveries = new Deliveries(send);
  }

  /**
   * Show the default endpoint.
   *
   * The secret is null for the roles `read_only` and `support`.
   */
  get(): Promise<Endpoint> {
    return this.#send({ verb: "GET", path: "/merchant/config" });
  }

  /**
   * Change the default endpoint.
   *
   * Needs the role developer.
   */
  update(body: EndpointRequest = {}, options: KeyedOptions = {}): Promise<Endpoint> {
    return this.#send({
      verb: "PATCH",
      path: "/merchant/webhook",
      body,
      idempotencyKey: keyOf(options.idempotencyKey),
    });
  }

  /**
   * Rotate the webhook secret.
   *
   * Needs the role developer.
   */
  rotateSecret(options: KeyedOptions = {}): Promise<Endpoint> {
    return this.#send({
      verb: "POST",
      path: "/merchant/webhook/regenerate",
      idempotencyKey: keyOf(options.idempotencyKey),
    });
  }

  /**
   * Send a test event.
   *
   * Needs the role developer.
   */
  sendTest(body: TestEventRequest = {}, options: KeyedOptions = {}): Promise<TestEventSent> {
    return this.#send({
      verb: "POST",
      path: "/merchant/webhook/test",
      body,
      idempotencyKey: keyOf(options.idempotencyKey),
    });
  }
}

/** The merchant's events: past ones in pages, and new ones as they happen. */
export class Events {
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  /** Show an event. */
  get(eventId: string): Promise<StoredEvent> {
    return this.#send({ verb: "GET", path: path`/events/${eventId}` });
  }

  /** List events. */
  list(query: ListEventsQuery = {}): Promise<Page<StoredEvent>> {
    return this.#send({
      verb: "GET",
      path: "/events",
      query: { ...query, limit: query.limit ?? 10 },
    });
  }

  /**
   * List events: every one, newest first.
   *
   * A page is requested when its first row is.
   */
  iterate(query: Omit<ListEventsQuery, "limit" | "cursor"> = {}): AsyncGenerator<StoredEvent, void, void> {
    return eachRow(this.#send, { verb: "GET", path: "/events", query });
  }
}

/** The resources of a client. */
export class Resources {
  /** Orders. An order is an amount that a shopper pays once. */
  readonly orders: Orders;
  /** Payment links: orders with the address of a page on which a shopper pays them. */
  readonly paymentLinks: PaymentLinks;
  /** Payments of orders. */
  readonly payments: Payments;
  /** Refunds of payments. */
  readonly refunds: Refunds;
  /** The merchant's default webhook endpoint; further endpoints, and deliveries. */
  readonly webhooks: Webhooks;
  /** The merchant's events: past ones in pages, and new ones as they happen. */
  readonly events: Events;

  constructor(send: Send) {
    this.orders = new Orders(send);
    this.paymentLinks = new PaymentLinks(send);
    this.payments = new Payments(send);
    this.refunds = new Refunds(send);
    this.webhooks = new Webhooks(send);
    this.events = new Events(send);
  }
}
