"""Create events and their deliveries."""

from __future__ import annotations

from collections.abc import Sequence

from ..deps import Deps
from ..event import Change, Event
from ..ids import REQUEST_ID, IdKind
from ..payments.model import Payment, Refund
from ..plugin_api.sink import EventSink
from .model import Endpoint, NewDelivery, StoredEvent


def payment_events(
    change: Change[Payment], to: Sequence[Endpoint], deps: Deps, request_id: str | None = None
) -> tuple[StoredEvent, ...]:
    """Return the events of a payment, with a delivery for each endpoint and sink.

    Args:
        change: The payment and its events.
        to: The merchant's endpoints.
        deps: The app.
        request_id: The request that asked for the change; None for the current one.
    """
    return tuple(
        _stored(
            event,
            change.after,
            deps.present.payment_event(event, change.after),
            to,
            deps,
            request_id=request_id,
        )
        for event in change.events
    )


def refund_events(
    change: Change[Payment],
    refund: Refund,
    to: Sequence[Endpoint],
    deps: Deps,
    request_id: str | None = None,
) -> tuple[StoredEvent, ...]:
    """Return the events of a refund, as ``payment_events`` does."""
    return tuple(
        _stored(
            event,
            change.after,
            deps.present.refund_event(event, refund, change.after),
            to,
            deps,
            request_id=request_id,
        )
        for event in change.events
    )


def _stored(
    event: Event,
    payment: Payment,
    body: bytes,
    to: Sequence[Endpoint],
    deps: Deps,
    *,
    request_id: str | None,
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
        request_id=request_id or REQUEST_ID.get(),
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
