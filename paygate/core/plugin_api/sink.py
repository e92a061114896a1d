"""The interface of event sinks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from ..webhooks.model import DeliveryResult, Endpoint
from .plugin import CallContext, PluginInfo


@dataclass(frozen=True, slots=True)
class DeliverableEvent:
    """An event for a sink.

    Args:
        id: The same in all attempts; receivers may use it to recognize a copy.
        type: The type of event.
        body: The exact bytes to send.
        created_at: When it happened, in UTC.
        payment_id: The payment; None for an event without one. Use it as the key of a
            partitioned log, to keep the events of a payment in order.
    """

    id: str
    type: str
    body: bytes = field(repr=False)
    created_at: datetime
    payment_id: str | None = None


@runtime_checkable
class EventSink(Protocol):
    """Delivers events.

    An optional attribute ``concerns_endpoint`` (default True) says whether the result of an
    attempt is the endpoint's. A sink that writes elsewhere sets False: its failures do not
    disable a merchant's endpoint, and its successes do not keep a failing one enabled.

    An optional attribute ``only_if_named`` (default False) says that only endpoints that name
    the sink get its deliveries: such as those in the format of another gateway. An endpoint
    that names a sink gets no deliveries of others.
    """

    @property
    def info(self) -> PluginInfo:
        """The identity of the sink."""
        ...

    def wants(self, event_type: str, endpoint: Endpoint) -> bool:
        """Check whether to deliver an event of that type to that endpoint. Pure."""
        ...

    async def deliver(
        self, event: DeliverableEvent, endpoint: Endpoint, context: CallContext
    ) -> DeliveryResult:
        """Deliver the event once. It may be called again with the same ``event.id``."""
        ...
