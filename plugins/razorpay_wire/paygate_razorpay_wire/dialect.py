"""The dialect: its routes, its authentication and its errors."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error
from collections.abc import Mapping

from paygate import Credentials, WireDialect, WireRefusal, WireReply, WireRoute

from . import customers, links, orders, payments, refunds

# A request that the gateway does not find or that conflicts is a bad request here.
BAD_REQUEST, UNAUTHORIZED, TOO_MANY, SERVER_ERROR = 400, 401, 429, 500


def dialect() -> WireDialect:
    """Return the dialect ``razorpay``."""
    return WireDialect(
        name="razorpay",
        routes=(
            WireRoute("POST", "/v1/orders", orders.create),
            WireRoute("GET", "/v1/orders", orders.index),
            WireRoute("GET", "/v1/orders/{order_id}", orders.show),
            WireRoute("GET", "/v1/orders/{order_id}/payments", payments.of_order),
            WireRoute("POST", "/v1/payments/create/json", payments.create),
            WireRoute("POST", "/v1/payments/create/upi", payments.create),
            WireRoute("GET", "/v1/payments", payments.index),
            WireRoute("GET", "/v1/payments/{payment_id}", payments.show),
            WireRoute("GET", "/v1/payments/{payment_id}/card", payments.card),
            WireRoute("POST", "/v1/payments/{payment_id}/capture", payments.capture),
            WireRoute("POST", "/v1/payments/{payment_id}/refund", refunds.create),
            WireRoute("GET", "/v1/payments/{payment_id}/refunds", refunds.of_payment),
            WireRoute("GET", "/v1/payments/{payment_id}/refunds/{refund_id}", refunds.show),
            WireRoute("POST", "/v1/refunds", refunds.create),
            WireRoute("GET", "/v1/refunds", refunds.index),
            WireRoute("GET", "/v1/refunds/{refund_id}", refunds.show),
            WireRoute("POST", "/v1/customers", customers.create),
            WireRoute("GET", "/v1/customers", customers.index),
            WireRoute("GET", "/v1/customers/{customer_id}", customers.show),
            WireRoute("PUT", "/v1/customers/{customer_id}", customers.update),
            WireRoute("POST", "/v1/payment_links", links.create),
            WireRoute("GET", "/v1/payment_links", links.index),
            WireRoute("GET", "/v1/payment_links/{link_id}", links.show),
            WireRoute("POST", "/v1/payment_links/{link_id}/cancel", links.cancel),
        ),
        authenticate=authenticate,
        refuse=refuse,
    )


def authenticate(headers: Mapping[str, str]) -> Credentials | None:
    """Return the keys of Basic authentication: the key id is the user, the secret the password."""
    scheme, _, encoded = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        key, _, secret = b64decode(encoded, validate=True).decode().partition(":")
    except (Error, ValueError):
        return None
    return Credentials(key, secret)


def refuse(refusal: WireRefusal) -> WireReply:
    """Return a refusal as ``{"error": {…}}`` with one of the three codes."""
    status, code = refusal.status, "BAD_REQUEST_ERROR"
    description = refusal.description
    if refusal.hint is not None:
        description = f"{description}. {refusal.hint}"
    if status == UNAUTHORIZED:
        description = "Authentication failed"
    elif status >= SERVER_ERROR:
        code = "SERVER_ERROR"
    elif status != TOO_MANY and refusal.reason != "idempotency_in_progress":
        status = BAD_REQUEST
    error: dict[str, object] = {
        "code": code,
        "description": description,
        "source": "business" if status < SERVER_ERROR else "internal",
        "step": "payment_initiation",
        "reason": refusal.reason or "input_validation_failed",
        "metadata": {},
    }
    if refusal.field is not None:
        error["field"] = refusal.field
    return WireReply({"error": error}, status)
