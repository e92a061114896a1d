"""Create events and their deliveries."""

from __future__ import annotations

from collections.abc import Sequence

from ..deps import Deps
from ..event import Change, Event
from ..ids import IdKind
from ..payments.model import Payment, Refund
from ..plugin_api.sink import EventSink
from .model import Endpoint, NewDelivery, StoredEvent


def payment_events(
    change: Change[Payment], to: Sequence[Endpoint], deps: Deps
) -> tuple[StoredEvent, ...]:
    """Return the events of a payment, with a delivery for each endpoint and sink."""
    return tuple(
        _stored(event, change.after, deps.present.payment_event(event, change.after), to, deps)
        for event in change.events
    )


def refund_events(
    change: Change[Payment], refund: Refund, to: Sequence[Endpoint], deps: Deps
) -> tuple[StoredEvent, ...]:
    """Return the events of a refund, with a delivery for each endpoint and sink."""
    return tuple(
        _stored(
            event,
            change.after,
            deps.present.refund_event(event, refund, change.after),
            to,
            deps,
        )
        for event in change.events
    )


def _stored(
    event: Event, payment: Payment, body: bytes, to: Sequence[Endpoint], deps: Deps
) -> StoredEvent:
    type = deps.present.type_of(event)
    return StoredEvent(
        id=deps.ids.new(IdKind.EVENT, of=f"{payment.id}:{event.seq}"),
        merchant_id=payment.merchant_id,
        type=type,
        payment_id=payment.id,
        seq=event.seq,
        body=body,
        created_at=event.occurred_at,
        deliveries=deliveries_of(type, to, deps),
    )


def deliveries_of(event_type: str, to: Sequence[Endpoint], deps: Deps) -> tuple[NewDelivery, ...]:
    """Return a delivery for each subscribed endpoint and each sink that wants the event."""
    return tuple(
        NewDelivery(id=deps.ids.uuid(), sink=name, endpoint_id=endpoint.id)
        for endpoint in to
        if endpoint.listens_to(event_type)
        for name, sink in deps.registry.sinks.items()
        if _serves(sink, name, endpoint) and sink.wants(event_type, endpoint)
    )


def _serves(sink: EventSink, name: str, endpoint: Endpoint) -> bool:
    if endpoint.sink is None:
        return not getattr(sink, "only_if_named", False)
    return endpoint.sink == name


def notify_deliveries(events: Sequence[StoredEvent], deps: Deps) -> None:
    """Notify the webhooks queue, if there are deliveries."""
    for event in events:
        for delivery in event.deliveries:
            deps.notifier.notify("webhooks", str(delivery.id))
