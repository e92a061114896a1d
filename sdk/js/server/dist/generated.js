// The API's responses, requests and resources.
// Written by `make clients` from paygate's OpenAPI document; do not edit.
import { eachRow, keyOf, path } from "./calls.js";
/** Orders. An order is an amount that a shopper pays once. */
export class Orders {
    #send;
    constructor(send) {
        this.#send = send;
    }
    /**
     * Create an order.
     *
     * Needs the role developer.
     */
    create(body, options = {}) {
        return this.#send({
            verb: "POST",
            path: "/orders",
            body,
            idempotencyKey: keyOf(options.idempotencyKey),
        });
    }
    /** Show an order. */
    get(orderId) {
        return this.#send({ verb: "GET", path: path `/orders/${orderId}` });
    }
    /** List orders. */
    list(query = {}) {
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
    iterate(query = {}) {
        return eachRow(this.#send, { verb: "GET", path: "/orders", query });
    }
}
/** Payment links: orders with the address of a page on which a shopper pays them. */
export class PaymentLinks {
    #send;
    constructor(send) {
        this.#send = send;
    }
    /**
     * Create a payment link.
     *
     * Creates an order and returns the address of a hosted page on which a shopper pays it, once. The
     * events of its payments name the order. Needs the role developer.
     */
    create(body, options = {}) {
        return this.#send({
            verb: "POST",
            path: "/payment-links",
            body,
            idempotencyKey: keyOf(options.idempotencyKey),
        });
    }
    /** Show a payment link. */
    get(linkId) {
        return this.#send({ verb: "GET", path: path `/payment-links/${linkId}` });
    }
    /** List payment links. */
    list(query = {}) {
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
    iterate(query = {}) {
        return eachRow(this.#send, { verb: "GET", path: "/payment-links", query });
    }
    /**
     * Cancel a payment link.
     *
     * No payment of the link begins any more. One that has begun may end, and may pay the link: see
     * `payment_in_progress`. With `if_unused` such a link is not cancelled. Needs the role developer.
     */
    cancel(linkId, body = {}, options = {}) {
        return this.#send({
            verb: "POST",
            path: path `/payment-links/${linkId}/cancel`,
            body,
            idempotencyKey: keyOf(options.idempotencyKey),
        });
    }
}
/** Payments of orders. */
export class Payments {
    #send;
    constructor(send) {
        this.#send = send;
    }
    /**
     * Create a payment.
     *
     * A worker calls the processor afterwards: the payment is pending, and a webhook reports the
     * outcome. The order's amount is charged; an amount in the request is ignored. With `wait`, the
     * response has all fields of the payment, as it is after the wait. Needs the role developer.
     */
    create(body, options = {}) {
        return this.#send({
            verb: "POST",
            path: "/payments",
            body,
            query: { wait: options.wait },
            idempotencyKey: keyOf(options.idempotencyKey),
        });
    }
    /** Show a payment. */
    get(paymentId, query = {}) {
        return this.#send({ verb: "GET", path: path `/payments/${paymentId}`, query: { ...query } });
    }
    /** List payments. */
    list(query = {}) {
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
    iterate(query = {}) {
        return eachRow(this.#send, { verb: "GET", path: "/payments", query });
    }
    /**
     * Capture a payment.
     *
     * Captures held money, all or a part; or confirms an automatic capture. Needs the role support.
     */
    capture(paymentId, body = {}, options = {}) {
        return this.#send({
            verb: "POST",
            path: path `/payments/${paymentId}/capture`,
            body,
            idempotencyKey: keyOf(options.idempotencyKey),
        });
    }
    /**
     * Cancel a payment.
     *
     * Releases the money that a payment of a manual order holds. Needs the role support.
     */
    cancel(paymentId, options = {}) {
        return this.#send({
            verb: "POST",
            path: path `/payments/${paymentId}/cancel`,
            idempotencyKey: keyOf(options.idempotencyKey),
        });
    }
    /** Show a payment's timeline. */
    timeline(paymentId) {
        return this.#send({ verb: "GET", path: path `/payments/${paymentId}/timeline` });
    }
    /** List refunds of a payment. */
    refunds(paymentId, query = {}) {
        return this.#send({
            verb: "GET",
            path: path `/payments/${paymentId}/refunds`,
            query: { ...query, limit: query.limit ?? 10 },
        });
    }
    /**
     * List refunds of a payment: every one, newest first.
     *
     * A page is requested when its first row is.
     */
    iterateRefunds(paymentId, query = {}) {
        return eachRow(this.#send, { verb: "GET", path: path `/payments/${paymentId}/refunds`, query });
    }
}
/** Refunds of payments. */
export class Refunds {
    #send;
    constructor(send) {
        this.#send = send;
    }
    /**
     * Refund a payment named in the body.
     *
     * Needs the role support.
     */
    create(body, options = {}) {
        return this.#send({
            verb: "POST",
            path: "/refunds",
            body,
            idempotencyKey: keyOf(options.idempotencyKey),
        });
    }
    /** Show a refund. */
    get(refundId) {
        return this.#send({ verb: "GET", path: path `/refunds/${refundId}` });
    }
    /** List refunds. */
    list(query = {}) {
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
    iterate(query = {}) {
        return eachRow(this.#send, { verb: "GET", path: "/refunds", query });
    }
}
/** Webhook endpoints, each with a secret and a filter of its own. */
export class Endpoints {
    #send;
    constructor(send) {
        this.#send = send;
    }
    /**
     * Create an endpoint.
     *
     * The secret is only in this response: it is stored sealed. Therefore an `Idempotency-Key` has no
     * effect here. Needs the role developer.
     */
    create(body) {
        return this.#send({ verb: "POST", path: "/webhook-endpoints", body });
    }
    /** Show an endpoint. */
    get(endpointId) {
        return this.#send({ verb: "GET", path: path `/webhook-endpoints/${endpointId}` });
    }
    /** List endpoints. */
    list() {
        return this.#send({ verb: "GET", path: "/webhook-endpoints" });
    }
    /**
     * Change an endpoint.
     *
     * Missing fields stay unchanged. Only `url` of the default endpoint can be changed. Needs the
     * role developer.
     */
    update(endpointId, body = {}, options = {}) {
        return this.#send({
            verb: "PATCH",
            path: path `/webhook-endpoints/${endpointId}`,
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
    delete(endpointId, options = {}) {
        return this.#send({
            verb: "DELETE",
            path: path `/webhook-endpoints/${endpointId}`,
            idempotencyKey: keyOf(options.idempotencyKey),
        });
    }
    /**
     * Enable an endpoint.
     *
     * Its held deliveries continue at once. Needs the role developer.
     */
    enable(endpointId, options = {}) {
        return this.#send({
            verb: "POST",
            path: path `/webhook-endpoints/${endpointId}/enable`,
            idempotencyKey: keyOf(options.idempotencyKey),
        });
    }
    /**
     * Disable an endpoint.
     *
     * Its pending deliveries are held until it is enabled. Needs the role developer.
     */
    disable(endpointId, options = {}) {
        return this.#send({
            verb: "POST",
            path: path `/webhook-endpoints/${endpointId}/disable`,
            idempotencyKey: keyOf(options.idempotencyKey),
        });
    }
    /**
     * Rotate an endpoint's secret.
     *
     * The previous secret also signs for 24 hours. The secret is only in this response: it is stored
     * sealed. Therefore an `Idempotency-Key` has no effect here. Needs the role developer.
     */
    rotateSecret(endpointId) {
        return this.#send({ verb: "POST", path: path `/webhook-endpoints/${endpointId}/rotate` });
    }
    /**
     * Send a test event to an endpoint.
     *
     * Sent whatever its filters, once, and also if it is disabled. Needs the role developer.
     */
    sendTest(endpointId, body = {}, options = {}) {
        return this.#send({
            verb: "POST",
            path: path `/webhook-endpoints/${endpointId}/test`,
            body,
            idempotencyKey: keyOf(options.idempotencyKey),
        });
    }
}
/** Deliveries of events to webhook endpoints. */
export class Deliveries {
    #send;
    constructor(send) {
        this.#send = send;
    }
    /** Show a delivery with its attempts. */
    get(deliveryId) {
        return this.#send({ verb: "GET", path: path `/webhooks/${deliveryId}` });
    }
    /** List deliveries. */
    list(query = {}) {
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
    iterate(query = {}) {
        return eachRow(this.#send, { verb: "GET", path: "/webhooks", query });
    }
    /**
     * Retry a delivery.
     *
     * Needs the role support.
     */
    retry(deliveryId, options = {}) {
        return this.#send({
            verb: "POST",
            path: path `/webhooks/${deliveryId}/retry`,
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
    resend(body, options = {}) {
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
    #send;
    /** Webhook endpoints, each with a secret and a filter of its own. */
    endpoints;
    /** Deliveries of events to webhook endpoints. */
    deliveries;
    constructor(send) {
        this.#send = send;
        this.endpoints = new Endpoints(send);
        this.deliveries = new Deliveries(send);
    }
    /**
     * Show the default endpoint.
     *
     * The secret is null for the roles `read_only` and `support`.
     */
    get() {
        return this.#send({ verb: "GET", path: "/merchant/config" });
    }
    /**
     * Change the default endpoint.
     *
     * Needs the role developer.
     */
    update(body = {}, options = {}) {
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
    rotateSecret(options = {}) {
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
    sendTest(body = {}, options = {}) {
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
    #send;
    constructor(send) {
        this.#send = send;
    }
    /** Show an event. */
    get(eventId) {
        return this.#send({ verb: "GET", path: path `/events/${eventId}` });
    }
    /** List events. */
    list(query = {}) {
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
    iterate(query = {}) {
        return eachRow(this.#send, { verb: "GET", path: "/events", query });
    }
}
/** The resources of a client. */
export class Resources {
    /** Orders. An order is an amount that a shopper pays once. */
    orders;
    /** Payment links: orders with the address of a page on which a shopper pays them. */
    paymentLinks;
    /** Payments of orders. */
    payments;
    /** Refunds of payments. */
    refunds;
    /** The merchant's default webhook endpoint; further endpoints, and deliveries. */
    webhooks;
    /** The merchant's events: past ones in pages, and new ones as they happen. */
    events;
    constructor(send) {
        this.orders = new Orders(send);
        this.paymentLinks = new PaymentLinks(send);
        this.payments = new Payments(send);
        this.refunds = new Refunds(send);
        this.webhooks = new Webhooks(send);
        this.events = new Events(send);
    }
}
