"""Read-only queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from ..accounts.model import Merchant
from ..deps import Deps
from ..errors import NotFoundError, SuspendedMerchantError
from ..limits import WORKER_DEAD_AFTER
from ..queue.store import WorkCounts
from ..webhooks.model import Delivery, EndpointSettings
from ..webhooks.store import DeliveryAttempt, FoundEvent
from .model import Order, Payment, Refund


async def find_order(order_id: str, merchant: Merchant | None, deps: Deps) -> Order:
    """Return an order.

    Args:
        order_id: Its id.
        merchant: The merchant that must own it; None for a shopper, who gets no orders of
            a suspended merchant.
        deps: The app.

    Raises:
        NotFoundError: No such order, or another merchant's.
        SuspendedMerchantError: A shopper asks, and the merchant is suspended.
    """
    order = await deps.storage.orders.get(order_id)
    if order is None or not _is_owned_by(order.merchant_id, merchant):
        raise NotFoundError("Order")
    if merchant is None:
        await require_active(order.merchant_id, deps)
    return order


async def find_payment(payment_id: str, merchant: Merchant | None, deps: Deps) -> Payment:
    """Return a payment; see ``find_order`` for the arguments.

    Raises:
        NotFoundError: No such payment, or another merchant's.
        SuspendedMerchantError: A shopper asks, and the merchant is suspended.
    """
    payment = await deps.storage.payments.get(payment_id)
    if payment is None or not _is_owned_by(payment.merchant_id, merchant):
        raise NotFoundError("Payment")
    if merchant is None:
        await require_active(payment.merchant_id, deps)
    return payment


async def find_refund(refund_id: str, merchant: Merchant, deps: Deps) -> Refund:
    """Return a refund of the merchant.

    Raises:
        NotFoundError: No such refund, or another merchant's.
    """
    refund = await deps.storage.refunds.get(refund_id)
    if refund is None or not _is_owned_by(refund.merchant_id, merchant):
        raise NotFoundError("Refund")
    return refund


async def find_event(event_id: str, merchant: Merchant, deps: Deps) -> FoundEvent:
    """Return an event of the merchant.

    Raises:
        NotFoundError: No such event, or another merchant's.
    """
    event = await deps.storage.feed.get(event_id)
    if event is None or not _is_owned_by(event.merchant_id, merchant):
        raise NotFoundError("Event")
    return event


@dataclass(frozen=True, slots=True)
class DeliveryDetails:
    """A delivery, its endpoint and its attempts.

    Args:
        endpoint: None if it was deleted.
    """

    delivery: Delivery
    endpoint: EndpointSettings | None
    attempts: Sequence[DeliveryAttempt]


async def find_delivery(delivery_id: UUID, merchant: Merchant, deps: Deps) -> DeliveryDetails:
    """Return a delivery of the merchant.

    Raises:
        NotFoundError: No such delivery, or another merchant's.
    """
    delivery = await deps.storage.deliveries.get(delivery_id, merchant_id=merchant.id)
    if delivery is None:
        raise NotFoundError("Webhook log")
    endpoint = await deps.storage.endpoints.get(delivery.endpoint_id, merchant_id=merchant.id)
    return DeliveryDetails(delivery, endpoint, await deps.storage.deliveries.attempts(delivery_id))


async def find_test_merchant(deps: Deps) -> Merchant | None:
    """Return the seeded merchant; None if it was not seeded."""
    if deps.policy.test_merchant is None:
        return None
    credentials = await deps.storage.merchants.credentials(deps.policy.test_merchant.api_key)
    return credentials.merchant if credentials else None


async def work_status(deps: Deps) -> tuple[WorkCounts, bool]:
    """Return the counts of both tables, and whether a worker is alive."""
    counts = await deps.storage.workers.counts()
    alive = await deps.storage.workers.alive(within=WORKER_DEAD_AFTER)
    return counts, alive > 0


async def require_active(merchant_id: UUID, deps: Deps) -> None:
    """Refuse a shopper's request about a suspended merchant.

    Raises:
        SuspendedMerchantError: The merchant is suspended.
    """
    merchant = await deps.storage.merchants.get(merchant_id)
    if merchant is None or not merchant.is_active:
        raise SuspendedMerchantError


def _is_owned_by(owner: UUID, merchant: Merchant | None) -> bool:
    return merchant is None or merchant.id == owner
