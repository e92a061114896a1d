"""Entities to the wire's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal, TypeVar, cast
from uuid import UUID

from ...accounts.model import Merchant
from ...outcome import NextAction
from ...payments.model import Order, Payment, PaymentStatus, Refund
from ...payments.store import PaymentTotals
from ...queue.store import WorkCounts
from ...records import Page
from ...webhooks.model import Delivery
from ..wire import answers as wire
from ..wire import merchants, webhooks

Shown = TypeVar("Shown", bound=wire.PaymentCreated)
RowT = TypeVar("RowT")
ShownRow = TypeVar("ShownRow")

# What we are not sure of is still pending to merchants; only who asked for a manual
# capture ever sees more than pending, success and failed.
STATUS: Mapping[PaymentStatus, wire.Status] = {
    "pending": "pending",
    "processing": "pending",
    "unknown": "pending",
    "authorized": "authorized",
    "capturing": "authorized",
    "voiding": "authorized",
    "cancelled": "cancelled",
    "success": "success",
    "failed": "failed",
}
ERROR_CODE = "PAYMENT_FAILED"
# A payment method chooses what of an instrument is shown, but not under these names.
RESERVED = frozenset(
    """
    id payment_id paymentId order_id merchant_id amount currency method status substatus captured
    amount_authorized amount_captured amount_refunded error_code error_description decline_code
    scenario next_action
    processor reason created_at updated_at payment
    """.split()
)


def order(order: Order) -> wire.Order:
    """A row of ``GET /orders``."""
    return {
        "id": order.id,
        "merchant_id": str(order.merchant_id),
        "amount": order.amount.minor,
        "currency": order.amount.currency,
        "receipt": order.receipt,
        "notes": dict(order.notes),
        "capture": order.capture_mode,
        "status": order.status,
        "created_at": timestamp(order.created_at),
        "updated_at": timestamp(order.updated_at),
    }


def order_in_full(order_: Order, client_secret: str | None) -> wire.OrderInFull:
    """The answer to ``POST /orders`` and ``GET /orders/{id}``."""
    return {**order(order_), "client_secret": client_secret}


def order_public(order: Order) -> wire.OrderPublic:
    """What a shopper's page may see."""
    return {
        "id": order.id,
        "amount": order.amount.minor,
        "currency": order.amount.currency,
        "status": order.status,
    }


def order_offered(
    order: Order, origins: Sequence[str] | None
) -> wire.OrderPublic | merchants.OrderOffered:
    """The same, and whose pages may frame its checkout if not anybody's."""
    shown = order_public(order)
    return shown if origins is None else {**shown, "allowed_origins": list(origins)}


def merchant_settings(merchant: Merchant, origins: Sequence[str]) -> merchants.MerchantSettings:
    """``/merchant``."""
    shown = list(origins)
    return {"id": str(merchant.id), "name": merchant.name, "allowed_origins": shown}


def payment_created(payment: Payment) -> wire.PaymentCreated:
    """The answer to ``POST /payments``."""
    shown: wire.PaymentCreated = {
        "id": payment.id,
        "order_id": payment.order_id,
        "amount": payment.amount.minor,
        "currency": payment.amount.currency,
        "method": payment.instrument.method,
        "status": STATUS[payment.status],
        "created_at": timestamp(payment.created_at),
    }
    return _with_instrument(shown, payment)


def payment(payment: Payment) -> wire.Payment:
    """A payment in full, absent values as null."""
    decline = payment.decline
    shown: wire.Payment = {
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
        "captured": payment.captured,
        "amount_authorized": payment.amount_authorized.minor,
        "amount_captured": payment.amount_captured.minor,
        "amount_refunded": payment.amount_refunded.minor,
        "error_code": ERROR_CODE if decline else None,
        "error_description": decline.description if decline else None,
        "decline_code": decline.code if decline else None,
        "processor": payment.processor,
        "scenario": payment.scenario,
        "next_action": next_action(payment.next_action) if payment.next_action else None,
        "created_at": timestamp(payment.created_at),
        "updated_at": timestamp(payment.updated_at),
    }
    return _with_instrument(shown, payment)


def payment_public(payment: Payment) -> wire.PaymentPublic:
    """What a shopper's page may see."""
    shown: wire.PaymentPublic = {
        **payment_created(payment),  # type: ignore[typeddict-item]  # it says nothing of errors
        "updated_at": timestamp(payment.updated_at),
    }
    if payment.next_action:
        shown["next_action"] = next_action(payment.next_action)
    if payment.decline:
        shown["error_code"] = ERROR_CODE
        shown["error_description"] = payment.decline.description
    return shown


def next_action(action: NextAction) -> wire.NextAction:
    """What the shopper has to do."""
    return {
        "type": action.type,
        "expires_at": timestamp(action.expires_at),
        "data": dict(action.data),
    }


def payment_moved(payment: Payment) -> wire.PaymentMoved:
    """The answer to ``POST /payments/{id}/capture`` and ``…/cancel``."""
    return {
        **payment_created(payment),
        "substatus": payment.status,
        "captured": payment.captured,
        "amount_captured": payment.amount_captured.minor,
        "updated_at": timestamp(payment.updated_at),
    }


def refund_created(refund: Refund) -> wire.RefundCreated:
    """The answer to ``POST /payments/{id}/refunds``."""
    return {
        "id": refund.id,
        "payment_id": refund.payment_id,
        "amount": refund.amount.minor,
        "reason": refund.reason,
        "status": refund.status,
        "created_at": timestamp(refund.created_at),
    }


def refund_in_full(refund: Refund) -> wire.Refund:
    """``GET /refunds/{id}``."""
    return {**refund_created(refund), "processed_at": _maybe(refund.processed_at)}


def totals(totals: PaymentTotals) -> wire.Totals:
    """``GET /payments/stats``."""
    rate = round(totals.succeeded / totals.payments * 100) if totals.payments else 0
    return {
        "totalTransactions": totals.payments,
        "totalAmount": totals.succeeded_minor,
        "successRate": rate,
    }


def delivery(delivery: Delivery) -> webhooks.Delivery:
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


def page(rows: Page[RowT], show: Callable[[RowT], ShownRow]) -> wire.Page[ShownRow]:
    """A slice of a list in its envelope."""
    return {
        "data": [show(row) for row in rows.rows],
        "total": rows.total,
        "limit": rows.limit,
        "offset": rows.offset,
    }


def test_merchant(merchant: Merchant) -> wire.TestMerchant:
    """``GET /test/merchant``."""
    return {
        "id": str(merchant.id),
        "email": merchant.email,
        "api_key": merchant.api_key,
        "seeded": True,
    }


def endpoint(merchant: Merchant, secret: str | None) -> webhooks.Endpoint:
    """``GET /merchant/config`` and the answers to changing it.

    Args:
        merchant: Whose.
        secret: What signs; None for who may not change it, and has no use for it but a bad one.
    """
    return {
        "id": str(merchant.id),
        "name": merchant.name,
        "email": merchant.email,
        "api_key": merchant.api_key,
        "webhook_url": merchant.webhook_url,
        "webhook_secret": secret,
        "created_at": timestamp(merchant.created_at),
        "success": True,
        "message": "Webhook settings",
        "data": {"url": merchant.webhook_url, "secret": secret},
    }


def test_event_sent(delivery_id: UUID, event_type: str, at: datetime) -> webhooks.TestEventSent:
    """``POST /webhooks/test``."""
    return {
        "status": "success",
        "message": "Test webhook enqueued",
        "id": str(delivery_id),
        "webhook_id": str(delivery_id),
        "scheduled": True,
        "event": event_type,
        "attempts": 0,
        "response_code": None,
        "created_at": timestamp(at),
    }


def delivery_retried(delivery_id: UUID) -> webhooks.DeliveryRetried:
    """``POST /webhooks/{id}/retry``."""
    return {"id": str(delivery_id), "status": "pending", "message": "Webhook retry scheduled"}


def work(counts: WorkCounts, *, is_worked_on: bool) -> wire.Work:
    """``GET /test/jobs/status``."""
    return {
        "pending": counts.waiting,
        "processing": counts.leased,
        "completed": counts.done,
        "failed": counts.failed,
        "worker_status": "running" if is_worked_on else "stopped",
    }


def health(
    *, database: bool, notifier: bool | None, refuses: bool, worker: bool | None, now: datetime
) -> wire.Health:
    """``GET /health``. Without Redis work goes on, only later: degraded is not down.

    Args:
        database: Whether it answers.
        notifier: Whether Redis takes commands; None where none is used.
        refuses: Whether it answers and refuses them.
        worker: Whether the worker in this process runs; None where there is none.
        now: The app's time.
    """
    redis: Mapping[bool | None, Literal["connected", "disconnected", "not used"]] = {
        True: "connected",
        False: "disconnected",
        None: "not used",
    }
    shown: wire.Health = {
        "status": "healthy" if database and worker is not False else "unhealthy",
        "database": "connected" if database else "disconnected",
        "db": "connected" if database else "disconnected",
        "redis": "refusing" if refuses else redis[notifier],
        "degraded": notifier is False or not database or worker is False,
        "timestamp": timestamp(now),
    }
    if worker is not None:
        shown["worker"] = "running" if worker else "stopped"
    return shown


def error(*, code: str, description: str, field: str | None = None) -> wire.Error:
    """The body of every refusal."""
    detail: wire.ErrorDetail = {"code": code, "description": description}
    if field:
        detail["field"] = field
    return {"error": detail}


def timestamp(at: datetime) -> str:
    """ISO 8601 in UTC with milliseconds, as JavaScript writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def instrument(payment: Payment) -> dict[str, str]:
    """What the payment's method shows of the payer's card or address."""
    display = payment.instrument.display
    words = {"network": "card_network", "last4": "card_last4"}
    return {words.get(name, name): value for name, value in display.items() if name not in RESERVED}


def _with_instrument(shown: Shown, payment: Payment) -> Shown:
    # Which fields these are is the method's business, so no type can name them.
    return cast("Shown", {**shown, **instrument(payment)})


def _maybe(at: datetime | None) -> str | None:
    return timestamp(at) if at else None
