"""A merchant wants to see a webhook arrive."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from ..domain.endpoint import Endpoint
from ..domain.errors import InvalidInputError
from ..domain.ids import IdKind
from ..domain.merchant import Merchant
from ..ports.records import StoredEvent
from .deps import Deps
from .events import deliveries_of, ring_deliveries


@dataclass(frozen=True, slots=True)
class SendTestEvent:
    """What was asked for."""

    merchant: Merchant
    event_type: str


async def send_test_event(command: SendTestEvent, deps: Deps) -> UUID:
    """Store a test event and its delivery; the id of the delivery.

    Raises:
        InvalidInputError: The merchant has not said where webhooks go.
    """
    merchant = command.merchant
    deliveries = deliveries_of(command.event_type, Endpoint.of(merchant), deps)
    if merchant.webhook_url is None or not deliveries:
        raise InvalidInputError("No webhook URL configured", field="webhook_url")
    now, event_id = deps.clock.now(), deps.ids.new(IdKind.EVENT)
    event = StoredEvent(
        id=event_id,
        merchant_id=merchant.id,
        type=command.event_type,
        payment_id=None,
        seq=None,
        body=deps.present.test_event(command.event_type, event_id, now),
        created_at=now,
        deliveries=deliveries,
    )
    await deps.storage.deliveries.add(event)
    ring_deliveries([event], deps)
    return deliveries[0].id
