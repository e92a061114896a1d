"""paygate's orders, payments and refunds as the objects of the dialect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from paygate import Record

from .cards import BY_LAST4, card_of, codes_of

Row = Mapping[str, Any]
MESSAGES = {
    "authentication_required": "The bank asks the customer, who has to be present",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "incorrect_number": "Your card number is incorrect.",
    "insufficient_funds": "Your card has insufficient funds.",
    "payment_intent_authentication_failure": "The customer did not authenticate the payment.",
    "payment_intent_payment_attempt_expired": "The customer did not authenticate in time.",
    "processing_error": "An error occurred while processing your card.",
}
REASONS = ("duplicate", "fraudulent", "requested_by_customer")
"""Reasons of a refund that clients may name; paygate stores other texts too."""


@dataclass(frozen=True, slots=True)
class Intent:
    """A PaymentIntent: one of paygate's orders.

    Args:
        order_id: The order.
        amount: In minor units.
        currency: In capitals.
        created_at: When the order was created.
        data: The fields that only the dialect has.
        payments: The payments of the order, the newest first.
        cancelled_at: When it was cancelled without a payment.
        url: The hosted page of the order; None if the caller may not know it.
        client_secret: None if the caller may not know it.
    """

    order_id: str
    amount: int
    currency: str
    created_at: str
    data: Row
    payments: Sequence[Row]
    cancelled_at: str | None = None
    url: str | None = None
    client_secret: str | None = field(default=None, repr=False)

    @property
    def id(self) -> str:
        """The id of the PaymentIntent."""
        return intent_id(self.order_id)

    @property
    def payment(self) -> Row | None:
        """The newest payment."""
        return self.payments[0] if self.payments else None

    @property
    def is_manual(self) -> bool:
        """Whether the money is held until it is captured."""
        return bool(self.data["capture_method"] == "manual")

    @property
    def status(self) -> str:
        """The status in the dialect's words."""
        payment = self.payment
        if payment is not None and payment["status"] != "failed":
            if payment["status"] == "pending":
                return "processing" if payment["next_action"] is None else "requires_action"
            return {
                "authorized": "requires_capture",
                "success": "succeeded",
                "cancelled": "canceled",
            }[payment["status"]]
        if self.cancelled_at is not None:
            return "canceled"
        return "requires_confirmation" if self.data["payment_method"] else "requires_payment_method"


def unix(at: str) -> int:
    """Return the seconds of one of paygate's times."""
    return int(datetime.fromisoformat(at).timestamp())


def intent_id(order_id: str) -> str:
    """Return the id of the PaymentIntent that is this order."""
    return f"pi_{order_id.removeprefix('order_')}"


def charge_id(payment_id: str) -> str:
    """Return the id of the Charge that is this payment."""
    return f"ch_{payment_id.removeprefix('pay_')}"


def refund_id(refund_id: str) -> str:
    """Return the dialect's id of a refund."""
    return f"re_{refund_id.removeprefix('rfnd_')}"


def page(path: str, rows: Sequence[Row], *, has_more: bool) -> dict[str, Any]:
    """Return a page of a list."""
    return {"object": "list", "url": path, "has_more": has_more, "data": list(rows)}


def intent_object(intent: Intent) -> dict[str, Any]:
    """Return a PaymentIntent."""
    payment, data, status = intent.payment, intent.data, intent.status
    is_failed = payment is not None and payment["status"] == "failed"
    held = 0
    if payment is not None and payment["status"] == "authorized":
        held = payment["amount_authorized"] - payment["amount_captured"]
    used = data["payment_method"]
    if payment is not None and not is_failed:
        used = _method_of(payment, data)
    canceled_at = None
    if status == "canceled":
        canceled_at = intent.cancelled_at or (payment or {}).get("updated_at")
    return {
        "id": intent.id,
        "object": "payment_intent",
        "amount": intent.amount,
        "amount_capturable": held,
        "amount_details": {"tip": {}},
        "amount_received": payment["amount_captured"] if status == "succeeded" and payment else 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": data.get("automatic_payment_methods"),
        "canceled_at": unix(canceled_at) if canceled_at else None,
        "cancellation_reason": (data.get("canceling") or {}).get("reason") if canceled_at else None,
        "capture_method": data["capture_method"],
        "client_secret": intent.client_secret,
        "confirmation_method": "automatic",
        "created": unix(intent.created_at),
        "currency": intent.currency.lower(),
        "customer": data.get("customer"),
        "description": data.get("description"),
        "last_payment_error": failure(payment) if payment is not None and is_failed else None,
        "latest_charge": _latest_charge(intent),
        "livemode": False,
        "metadata": dict(data.get("metadata") or {}),
        "next_action": _next_action(intent),
        "on_behalf_of": None,
        "payment_method": used,
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": data.get("receipt_email"),
        "review": None,
        "setup_future_usage": data.get("setup_future_usage"),
        "shipping": data.get("shipping"),
        "source": None,
        "statement_descriptor": data.get("statement_descriptor"),
        "statement_descriptor_suffix": data.get("statement_descriptor_suffix"),
        "status": status,
        "transfer_data": None,
        "transfer_group": None,
    }


def _method_of(payment: Row, data: Row) -> str | None:
    method: str | None = (data.get("methods") or {}).get(payment["id"])
    return method


def _latest_charge(intent: Intent) -> str | None:
    # Before the bank has decided, there is no charge there.
    decided = [row for row in intent.payments if row["status"] != "pending"]
    return charge_id(decided[0]["id"]) if decided else None


def _next_action(intent: Intent) -> dict[str, Any] | None:
    payment = intent.payment
    action = payment["next_action"] if payment else None
    if payment is None or action is None:
        return None
    url = action["data"].get("url") or intent.url
    if intent.url and payment["scenario"]:
        # The page of the simulated bank is beside the hosted page.
        base, _, _ = intent.url.partition("/checkout?")
        url = f"{base}/simulator/bank?{urlencode({'payment_id': payment['id']})}"
    to = {"return_url": intent.data.get("return_url"), "url": url}
    return {"type": "redirect_to_url", "redirect_to_url": to}


def failure(payment: Row) -> dict[str, Any]:
    """Return the error of a failed payment."""
    code, decline_code = codes_of(
        payment["decline_code"], payment["card_last4"], payment["scenario"]
    )
    fallback = "Your card was declined."
    message = MESSAGES.get(code) or MESSAGES.get(decline_code or "") or fallback
    error = {
        "type": "card_error",
        "code": code,
        "message": message,
        "charge": charge_id(payment["id"]),
    }
    return {**error, "decline_code": decline_code} if decline_code else error


def charge_object(payment: Row, data: Row) -> dict[str, Any]:
    """Return a Charge.

    Args:
        payment: paygate's payment.
        data: The fields of its PaymentIntent that only the dialect has.
    """
    error = failure(payment) if payment["status"] == "failed" else None
    is_paid = payment["status"] in {"authorized", "success"}
    captured, refunded = payment["amount_captured"], payment["amount_refunded"]
    return {
        "id": charge_id(payment["id"]),
        "object": "charge",
        "amount": payment["amount"],
        "amount_captured": captured,
        "amount_refunded": refunded,
        "application": None,
        "balance_transaction": None,
        "billing_details": {"address": None, "email": None, "name": None, "phone": None},
        "captured": payment["status"] == "success",
        "created": unix(payment["created_at"]),
        "currency": payment["currency"].lower(),
        "customer": data.get("customer"),
        "description": data.get("description"),
        "disputed": False,
        "failure_code": error["code"] if error else None,
        "failure_message": error["message"] if error else None,
        "invoice": None,
        "livemode": False,
        "metadata": dict(data.get("metadata") or {}),
        "outcome": _outcome(error, is_paid=is_paid),
        "paid": is_paid,
        "payment_intent": intent_id(payment["order_id"]),
        "payment_method": _method_of(payment, data),
        "payment_method_details": _method_details(payment),
        "receipt_email": data.get("receipt_email"),
        "refunded": bool(captured) and refunded == captured,
        "shipping": data.get("shipping"),
        "status": "succeeded" if is_paid else "failed" if error else "pending",
    }


def _outcome(error: Row | None, *, is_paid: bool) -> dict[str, Any]:
    if error is not None:
        return {
            "network_status": "declined_by_network",
            "reason": error.get("decline_code") or error["code"],
            "seller_message": error["message"],
            "type": "issuer_declined",
        }
    status = "approved_by_network" if is_paid else "not_sent_to_network"
    return {
        "network_status": status,
        "reason": None,
        "type": "authorized" if is_paid else "pending",
    }


def _method_details(payment: Row) -> dict[str, Any]:
    method = payment["method"]
    if method != "card":
        return {"type": method, method: {}}
    card = BY_LAST4.get(payment["card_last4"])
    brand = card.brand if card else payment["card_network"]
    return {"type": "card", "card": {"brand": brand, "last4": payment["card_last4"]}}


def refund_object(refund: Row, payment: Row, metadata: Row) -> dict[str, Any]:
    """Return a Refund.

    Args:
        refund: paygate's refund.
        payment: Its payment: the order's id and the currency are enough.
        metadata: Its metadata.
    """
    status = {"pending": "pending", "processed": "succeeded", "failed": "failed"}
    return {
        "id": refund_id(refund["id"]),
        "object": "refund",
        "amount": refund["amount"],
        "balance_transaction": None,
        "charge": charge_id(refund["payment_id"]),
        "created": unix(refund["created_at"]),
        "currency": payment["currency"].lower(),
        "metadata": dict(metadata),
        "payment_intent": intent_id(payment["order_id"]),
        "reason": refund["reason"] if refund["reason"] in REASONS else None,
        "receipt_number": None,
        "status": status[refund["status"]],
        "failure_reason": "declined" if refund["status"] == "failed" else None,
    }


def customer_object(record: Record) -> dict[str, Any]:
    """Return a Customer; of a deleted one, only that it is deleted."""
    data = record.data
    if data.get("deleted"):
        return {"id": record.id, "object": "customer", "deleted": True}
    settings = {"custom_fields": None, "default_payment_method": None, "footer": None}
    return {
        "id": record.id,
        "object": "customer",
        "address": data.get("address"),
        "balance": 0,
        "created": int(record.created_at.timestamp()),
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": data.get("description"),
        "email": data.get("email"),
        "invoice_settings": {**settings, **(data.get("invoice_settings") or {})},
        "livemode": False,
        "metadata": dict(data.get("metadata") or {}),
        "name": data.get("name"),
        "phone": data.get("phone"),
        "shipping": data.get("shipping"),
    }


def method_object(record: Record) -> dict[str, Any]:
    """Return a PaymentMethod."""
    data = record.data
    card = card_of(data["test"])
    nothing = {"address": None, "email": None, "name": None, "phone": None}
    return {
        "id": record.id,
        "object": "payment_method",
        "billing_details": {**nothing, **data["billing_details"]},
        "card": {
            "brand": card.brand,
            "country": "US",
            "exp_month": data["exp_month"],
            "exp_year": data["exp_year"],
            "funding": "credit",
            "last4": card.last4,
            "three_d_secure_usage": {"supported": True},
        },
        "created": int(record.created_at.timestamp()),
        "customer": data["customer"],
        "livemode": False,
        "metadata": dict(data["metadata"]),
        "type": "card",
    }
