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
from .events import deliveries_of, notify_deliveries
from .manage_endpoints import find_endpoint


@dataclass(frozen=True, slots=True)
class SendTestEvent:
    """What was asked for.

    Args:
        endpoint_id: Where it goes, whatever that listens to and even if it is
            disabled; None for the default endpoint.
    """

    merchant: Merchant
    event_type: str
    endpoint_id: UUID | None = None


async def send_test_event(command: SendTestEvent, deps: Deps) -> UUID:
    """Store a test event and its delivery; the id of the delivery.

    Raises:
        InvalidInputError: The merchant has not said where webhooks go.
        NotFoundError: No such endpoint, or another merchant's.
    """
    merchant = command.merchant
    endpoint = await _endpoint(command, deps)
    deliveries = deliveries_of(command.event_type, [endpoint], deps)
    if endpoint.url is None or not deliveries:
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
    notify_deliveries([event], deps)
    return deliveries[0].id


async def _endpoint(command: SendTestEvent, deps: Deps) -> Endpoint:
    merchant = command.merchant
    if command.endpoint_id is None:
        return Endpoint.of(merchant)
    found = await find_endpoint(merchant, command.endpoint_id, deps)
    return Endpoint(found.id, merchant.id, found.url, secret=None)
