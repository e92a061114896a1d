"""Entities to the wire's words. The only file that knows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from ..domain.delivery import Delivery
from ..domain.event import Event
from ..domain.merchant import Merchant
from ..domain.order import Order
from ..domain.payment import Payment, PaymentStatus
from ..domain.refund import Refund
from ..ports.records import Moment, Page, PaymentTotals, WorkCounts
from .json import write

Json = Mapping[str, Any]

# Merchants know three statuses; what we are not sure of is still pending to them.
STATUS: Mapping[PaymentStatus, str] = {
    "pending": "pending",
    "processing": "pending",
    "unknown": "pending",
    "success": "success",
    "failed": "failed",
}
ERROR_CODE = "PAYMENT_FAILED"
# A payment method chooses what of an instrument is shown, but not under these names.
RESERVED = frozenset(
    """
    id payment_id paymentId order_id merchant_id amount currency method status substatus captured
    amount_captured amount_refunded error_code error_description decline_code processor reason
    created_at updated_at payment
    """.split()
)


def order(order: Order) -> Json:
    """The answer to ``POST /orders``."""
    return {
        "id": order.id,
        "merchant_id": str(order.merchant_id),
        "amount": order.amount.minor,
        "currency": order.amount.currency,
        "receipt": order.receipt,
        "notes": dict(order.notes),
        "status": order.status,
        "created_at": timestamp(order.created_at),
        "updated_at": timestamp(order.updated_at),
    }


def order_public(order: Order) -> Json:
    """What a shopper's page may see."""
    return {
        "id": order.id,
        "amount": order.amount.minor,
        "currency": order.amount.currency,
        "status": order.status,
    }


def payment_created(payment: Payment) -> Json:
    """The answer to ``POST /payments``."""
    return {
        "id": payment.id,
        "order_id": payment.order_id,
        "amount": payment.amount.minor,
        "currency": payment.amount.currency,
        "method": payment.instrument.method,
        **_instrument(payment),
        "status": STATUS[payment.status],
        "created_at": timestamp(payment.created_at),
    }


def payment(payment: Payment) -> Json:
    """A payment in full, absent values as null."""
    decline = payment.decline
    return {
        "id": payment.id,
        "order_id": payment.order_id,
        "merchant_id": str(payment.merchant_id),
        "amount": payment.amount.minor,
        "currency": payment.amount.currency,
        "method": payment.instrument.method,
        "status": STATUS[payment.status],
        "substatus": payment.status,
        "vpa": None,
        "card_network": None,
        "card_last4": None,
        **_instrument(payment),
        "captured": payment.captured,
        "amount_captured": payment.amount_captured.minor,
        "amount_refunded": payment.amount_refunded.minor,
        "error_code": ERROR_CODE if decline else None,
        "error_description": decline.description if decline else None,
        "decline_code": decline.code if decline else None,
        "processor": payment.processor,
        "created_at": timestamp(payment.created_at),
        "updated_at": timestamp(payment.updated_at),
    }


def payment_public(payment: Payment) -> Json:
    """What a shopper's page may see."""
    shown = {
        **payment_created(payment),
        "updated_at": timestamp(payment.updated_at),
    }
    if payment.decline:
        shown["error_code"] = ERROR_CODE
        shown["error_description"] = payment.decline.description
    return shown


def payment_captured(payment: Payment) -> Json:
    """The answer to ``POST /payments/{id}/capture``."""
    return {
        **payment_created(payment),
        "captured": payment.captured,
        "updated_at": timestamp(payment.updated_at),
    }


def refund_created(refund: Refund) -> Json:
    """The answer to ``POST /payments/{id}/refunds``."""
    shown = dict(refund_in_full(refund))
    del shown["processed_at"]
    return shown


def refund_in_full(refund: Refund) -> Json:
    """``GET /refunds/{id}``."""
    return {
        "id": refund.id,
        "payment_id": refund.payment_id,
        "amount": refund.amount.minor,
        "reason": refund.reason,
        "status": refund.status,
        "created_at": timestamp(refund.created_at),
        "processed_at": _maybe(refund.processed_at),
    }


def timeline(story: Sequence[Moment]) -> Json:
    """``GET /payments/{id}/timeline``."""
    return {"data": [{"at": timestamp(moment.at), "what": moment.what} for moment in story]}


def totals(totals: PaymentTotals) -> Json:
    """``GET /payments/stats``."""
    rate = round(totals.succeeded / totals.payments * 100) if totals.payments else 0
    return {
        "totalTransactions": totals.payments,
        "totalAmount": totals.succeeded_minor,
        "successRate": rate,
    }


def delivery(delivery: Delivery) -> Json:
    """A row of ``GET /webhooks``."""
    return {
        "id": str(delivery.id),
        "event": delivery.event_type,
        "status": delivery.status,
        "attempts": delivery.attempts,
        "created_at": timestamp(delivery.created_at),
        "last_attempt_at": _maybe(delivery.last_attempt_at),
        "next_retry_at": _maybe(delivery.due_at),
        "response_code": delivery.response_code,
        "response_body": delivery.response_body,
    }


def page(rows: Page[Any], show: Any) -> Json:
    """A slice of a list in its envelope."""
    return {
        "data": [show(row) for row in rows.rows],
        "total": rows.total,
        "limit": rows.limit,
        "offset": rows.offset,
    }


def merchant(merchant: Merchant) -> Json:
    """``GET /merchant/config`` and the answers to changing it."""
    return {
        "id": str(merchant.id),
        "name": merchant.name,
        "email": merchant.email,
        "api_key": merchant.api_key,
        "webhook_url": merchant.webhook_url,
        "webhook_secret": merchant.webhook_secret,
    }


def test_merchant(merchant: Merchant) -> Json:
    """``GET /test/merchant``."""
    return {
        "id": str(merchant.id),
        "email": merchant.email,
        "api_key": merchant.api_key,
        "seeded": True,
    }


def endpoint(merchant_: Merchant) -> Json:
    """Where webhooks go, in every shape that clients read it in."""
    return {
        **merchant(merchant_),
        "created_at": timestamp(merchant_.created_at),
        "success": True,
        "message": "Webhook settings",
        "data": {"url": merchant_.webhook_url, "secret": merchant_.webhook_secret},
    }


def test_event_sent(delivery_id: UUID) -> Json:
    """``POST /webhooks/test``."""
    return {
        "status": "success",
        "message": "Test webhook enqueued",
        "id": str(delivery_id),
        "webhook_id": str(delivery_id),
        "scheduled": True,
    }


def delivery_retried(delivery_id: UUID) -> Json:
    """``POST /webhooks/{id}/retry``."""
    return {"id": str(delivery_id), "status": "pending", "message": "Webhook retry scheduled"}


def work(counts: WorkCounts, *, is_worked_on: bool) -> Json:
    """``GET /test/jobs/status``."""
    return {
        "pending": counts.waiting,
        "processing": counts.leased,
        "completed": counts.done,
        "failed": counts.failed,
        "worker_status": "running" if is_worked_on else "stopped",
    }


def health(*, database: bool, bell: bool | None, now: datetime) -> Json:
    """``GET /health``. Without Redis work goes on, only later: degraded is not down."""
    redis = {True: "connected", False: "disconnected", None: "not used"}[bell]
    connected = "connected" if database else "disconnected"
    return {
        "status": "healthy" if database else "unhealthy",
        "database": connected,
        "db": connected,
        "redis": redis,
        "degraded": bell is False or not database,
        "timestamp": timestamp(now),
    }


def error(*, code: str, description: str, field: str | None = None) -> Json:
    """The body of every refusal."""
    named = {"field": field} if field else {}
    return {"error": {"code": code, "description": description, **named}}


def timestamp(at: datetime) -> str:
    """ISO 8601 in UTC with milliseconds, as JavaScript writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


class EventWords:
    """See ``ports.present.EventPresenter``.

    One body serves every documented reader: the payment whole, and its fields
    once more beside it. No floats, no keys that look like numbers, no merchant's
    notes: a reader that parses and re-writes it gets the same bytes.
    """

    def payment_event(self, event: Event, payment_: Payment) -> bytes:
        """See ``EventPresenter.payment_event``."""
        shown = payment(payment_)
        flat: dict[str, Any] = {
            "payment_id": payment_.id,
            "paymentId": payment_.id,
            "order_id": payment_.order_id,
            "amount": payment_.amount.minor,
            "currency": payment_.amount.currency,
            "method": payment_.instrument.method,
            **_instrument(payment_),
            "created_at": shown["created_at"],
        }
        if payment_.decline:
            flat["reason"] = payment_.decline.description
        return _event(event.type, event.occurred_at, {"payment": shown, **flat})

    def refund_event(self, event: Event, refund: Refund, payment_: Payment) -> bytes:
        """See ``EventPresenter.refund_event``."""
        shown = refund_in_full(refund)
        flat = {
            "refund_id": refund.id,
            "refundId": refund.id,
            "payment_id": payment_.id,
            "paymentId": payment_.id,
            "order_id": payment_.order_id,
            "amount": refund.amount.minor,
            "currency": refund.amount.currency,
            "reason": refund.reason,
            "created_at": shown["created_at"],
            "processed_at": shown["processed_at"],
        }
        return _event(event.type, event.occurred_at, {"refund": shown, **flat})

    def test_event(self, event_type: str, event_id: str, at: datetime) -> bytes:
        """See ``EventPresenter.test_event``."""
        data = {"message": "This is a test event from paygate", "sample_id": event_id}
        return _event(event_type, at, data)


def _event(type: str, at: datetime, data: Json) -> bytes:
    return write(
        {
            "event": type,
            "timestamp": int(at.timestamp()),
            "created_at": timestamp(at),
            "data": data,
        }
    )


def _instrument(payment: Payment) -> dict[str, str]:
    display = payment.instrument.display
    words = {"network": "card_network", "last4": "card_last4"}
    return {words.get(name, name): value for name, value in display.items() if name not in RESERVED}


def _maybe(at: datetime | None) -> str | None:
    return timestamp(at) if at else None
