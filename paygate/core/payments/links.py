"""Payment links: orders that a shopper pays on the hosted page, without code of the merchant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

from ..accounts.model import Merchant
from ..deps import Deps, run_again_on_conflict
from ..errors import InvalidInputError, LinkInUseError, NotFoundError
from ..event import EventType
from ..ids import IdKind
from ..webhooks.emit import deliveries_of, notify_deliveries
from ..webhooks.model import StoredEvent
from .create import CreateOrder, client_secret, create_order
from .model import LinkStatus, Order, PaymentLink


@dataclass(frozen=True, slots=True)
class CreateLink:
    """A checked request for a payment link.

    Args:
        order: The order that the link is for.
        description: What the shopper pays for.
        expires_at: When the link ends, in UTC; None for never.
    """

    order: CreateOrder
    description: str | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class LinkState:
    """A payment link at a time.

    Args:
        order: Its order.
        link: The link.
        status: The status at that time.
        is_payment_in_progress: Whether a payment has begun and not ended. It may still pay a
            link that is cancelled or has expired.
    """

    order: Order
    link: PaymentLink
    status: LinkStatus
    is_payment_in_progress: bool


async def create_link(command: CreateLink, deps: Deps) -> LinkState:
    """Store a new payment link, with its order.

    Raises:
        InvalidInputError: It would be expired already.
    """
    if command.expires_at is not None and command.expires_at <= deps.clock.now():
        raise InvalidInputError("expires_at must be in the future", field="expires_at")
    link = PaymentLink(deps.ids.new(IdKind.LINK), command.description, command.expires_at)
    order = await create_order(replace(command.order, link=link), deps)
    return LinkState(order, link, "created", is_payment_in_progress=False)


async def find_link(link_id: str, merchant: Merchant, deps: Deps) -> LinkState:
    """Return a payment link of the merchant.

    Raises:
        NotFoundError: No such link, or another merchant's.
    """
    [state] = await link_states([await _find(link_id, merchant, deps)], deps)
    return state


@run_again_on_conflict
async def cancel_link(
    link_id: str, merchant: Merchant, deps: Deps, *, if_unused: bool = False
) -> LinkState:
    """Cancel a payment link, so that no payment of it begins any more. Idempotent.

    It takes the lock of the order, as a new payment does: either the payment begins first and
    may end, or it reads that the link is cancelled.

    Args:
        link_id: The link.
        merchant: The merchant that sends the request.
        deps: The app.
        if_unused: Refuse it if a payment has begun and not ended.

    Raises:
        NotFoundError: No such link, or another merchant's.
        LinkEndedError: The link is paid or has expired.
        LinkInUseError: A payment is in progress, and the request refuses that.
    """
    events: Sequence[StoredEvent] = ()
    async with deps.storage.transaction() as storage:
        bound = replace(deps, storage=storage)
        found = await _find(link_id, merchant, bound)
        order = await storage.orders.lock(found.id)
        assert order is not None, "the order was found in this transaction"
        cancelled = order.cancel_link(at=deps.clock.now())
        if cancelled is not order:
            if if_unused and await storage.payments.has_live(order.id):
                raise LinkInUseError
            await storage.links.cancel(cancelled)
        [state] = await link_states([cancelled], bound)
        if cancelled is not order:
            events = await _report(EventType.PAYMENT_LINK_CANCELLED, [state], bound)
    notify_deliveries(events, deps)
    return state


EXPIRED_AT_ONCE = 100


@run_again_on_conflict
async def report_expired_links(deps: Deps) -> None:
    """Store the event of each payment link whose end has come, once.

    A link that was paid or cancelled before has none.
    """
    now = deps.clock.now()
    while await deps.storage.links.has_ended(now=now):
        async with deps.storage.transaction() as storage:
            bound = replace(deps, storage=storage)
            ended = await storage.links.lock_ended(now=now, limit=EXPIRED_AT_ONCE)
            states = await link_states(ended, bound)
            expired = [state for state in states if state.status == "expired"]
            events = await _report(EventType.PAYMENT_LINK_EXPIRED, expired, bound)
            await storage.links.mark_reported(ended)
        notify_deliveries(events, deps)
        if not ended:
            # Other transactions have locked the rest.
            return


async def _report(
    type: EventType, states: Sequence[LinkState], deps: Deps
) -> Sequence[StoredEvent]:
    """Store an event about each link; they are delivered after the transaction."""
    owners = {state.order.merchant_id for state in states}
    to = await deps.storage.merchants.destinations(list(owners)) if owners else {}
    now, events = deps.clock.now(), []
    for state in states:
        order = state.order
        body = deps.present.link_event(
            type, order, state.status, now, is_payment_in_progress=state.is_payment_in_progress
        )
        event = StoredEvent(
            id=deps.ids.new(IdKind.EVENT),
            merchant_id=order.merchant_id,
            type=type,
            payment_id=None,
            seq=None,
            body=body,
            created_at=now,
            deliveries=deliveries_of(type, to[order.merchant_id], deps),
        )
        await deps.storage.deliveries.add(event)
        events.append(event)
    return events


async def link_states(orders: Sequence[Order], deps: Deps) -> Sequence[LinkState]:
    """Return the present states of the payment links of these orders."""
    live = await deps.storage.payments.live_orders([order.id for order in orders])
    now = deps.clock.now()
    states = []
    for order in orders:
        assert order.link is not None, "the order was created by a payment link"
        status = order.link_status(at=now)
        is_pending = order.id in live and status != "paid"
        states.append(LinkState(order, order.link, status, is_pending))
    return states


def link_url(order: Order, deps: Deps) -> str:
    """Return the address of the hosted page on which a shopper pays the order.

    The order's secret is in the fragment, which browsers send to no server.
    """
    query = urlencode({"order_id": order.id})
    fragment = urlencode({"client_secret": client_secret(order.id, deps)})
    return f"{deps.policy.checkout_url}/checkout?{query}#{fragment}"


async def _find(link_id: str, merchant: Merchant, deps: Deps) -> Order:
    order = await deps.storage.links.find(link_id)
    if order is None or order.merchant_id != merchant.id:
        raise NotFoundError("Payment link")
    return order
