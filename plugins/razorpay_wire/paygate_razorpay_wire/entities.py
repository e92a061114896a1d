"""paygate's orders, payments and refunds as the entities of the dialect."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

Row = Mapping[str, Any]

STATUS = {
    "pending": "created",
    "authorized": "authorized",
    "success": "captured",
    "failed": "failed",
    # The hold was released, so the shopper has the money again.
    "cancelled": "refunded",
}
REASONS = {
    "insufficient_funds": "insufficient_funds",
    "expired_instrument": "card_expired",
    "authentication_failed": "authentication_failed",
    "payer_rejected": "payment_cancelled",
    "issuer_unavailable": "issuer_technical_error",
    "limit_exceeded": "transaction_daily_limit_exceeded",
}


def unix(at: str) -> int:
    """Return the seconds of one of paygate's times."""
    return int(datetime.fromisoformat(at).timestamp())


def collection(rows: Sequence[Row], entity: Callable[[Row], dict[str, Any]]) -> dict[str, Any]:
    """Return a list of entities."""
    return {"entity": "collection", "count": len(rows), "items": [entity(row) for row in rows]}


def order_entity(order: Row, attempts: int) -> dict[str, Any]:
    """Return an order.

    Args:
        order: The gateway's order.
        attempts: The number of its payments.
    """
    paid = order["amount"] if order["status"] == "paid" else 0
    return {
        "id": order["id"],
        "entity": "order",
        "amount": order["amount"],
        "amount_paid": paid,
        "amount_due": order["amount"] - paid,
        "currency": order["currency"],
        "receipt": order["receipt"],
        "offer_id": None,
        "status": order["status"],
        "attempts": attempts,
        # Without any notes it is an array there.
        "notes": order["notes"] or [],
        "created_at": unix(order["created_at"]),
    }


def payment_entity(payment: Row) -> dict[str, Any]:
    """Return a payment."""
    refunded, captured = payment["amount_refunded"], payment["amount_captured"]
    status = STATUS[payment["status"]]
    if status == "captured" and refunded == captured:
        status = "refunded"
    is_failed = status == "failed"
    return {
        "id": payment["id"],
        "entity": "payment",
        "amount": payment["amount"],
        "currency": payment["currency"],
        "status": status,
        "order_id": payment["order_id"],
        "invoice_id": None,
        "international": False,
        "method": payment["method"],
        "amount_refunded": refunded,
        "refund_status": None if not refunded else "full" if refunded == captured else "partial",
        "captured": payment["status"] == "success",
        "description": None,
        "card_id": card_id(payment),
        "card": card_entity(payment) if payment["method"] == "card" else None,
        "bank": None,
        "wallet": None,
        "vpa": payment["vpa"],
        "email": None,
        "contact": None,
        # A webhook has no notes.
        "notes": payment.get("notes") or [],
        "fee": None,
        "tax": None,
        "error_code": "BAD_REQUEST_ERROR" if is_failed else None,
        "error_description": payment["error_description"],
        "error_source": "customer" if is_failed else None,
        "error_step": "payment_authorization" if is_failed else None,
        "error_reason": reason_of(payment) if is_failed else None,
        "acquirer_data": {},
        "created_at": unix(payment["created_at"]),
    }


def reason_of(payment: Row) -> str:
    """Return why a payment failed."""
    return REASONS.get(payment["decline_code"], "payment_failed")


def card_id(payment: Row) -> str | None:
    """Return the id of a payment's card: a card belongs to one payment here."""
    return f"card_{payment['id'].partition('_')[2]}" if payment["method"] == "card" else None


def card_entity(payment: Row) -> dict[str, Any]:
    """Return the card of a payment."""
    networks = {
        "visa": "Visa",
        "mastercard": "MasterCard",
        "rupay": "RuPay",
        "amex": "American Express",
    }
    network = str(payment["card_network"])
    return {
        "id": card_id(payment),
        "entity": "card",
        "name": "",
        "last4": payment["card_last4"],
        "network": networks.get(network, "Unknown"),
        "type": "credit",
        "issuer": None,
        "international": False,
        "emi": False,
    }


def refund_entity(refund: Row, currency: str) -> dict[str, Any]:
    """Return a refund."""
    return {
        "id": refund["id"],
        "entity": "refund",
        "amount": refund["amount"],
        "currency": currency,
        "payment_id": refund["payment_id"],
        "notes": refund.get("notes") or [],
        "receipt": None,
        "acquirer_data": {"arn": None},
        "created_at": unix(refund["created_at"]),
        "batch_id": None,
        "status": refund["status"],
        "speed_processed": "normal",
        "speed_requested": "normal",
    }
