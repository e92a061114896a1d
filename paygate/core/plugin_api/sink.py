"""What an event sink implements."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from ..webhooks.model import DeliveryResult, Endpoint
from .plugin import CallContext, PluginInfo


@dataclass(frozen=True, slots=True)
class DeliverableEvent:
    """An event as a sink carries it.

    Args:
        id: Stable over all attempts; the receiver may use it to know a copy.
        type: What happened.
        body: The exact bytes to send.
        created_at: When it happened, in UTC.
        payment_id: The payment it is about; None where it is about none. What keeps the
            events of one payment in order in a log with partitions.
    """

    id: str
    type: str
    body: bytes = field(repr=False)
    created_at: datetime
    payment_id: str | None = None


@runtime_checkable
class EventSink(Protocol):
    """Carries events out.

    An attribute ``concerns_endpoint`` (True where there is none) says whether what comes of
    an attempt is the endpoint's doing. A sink that writes elsewhere says False: its failures
    do not disable a merchant's endpoint, nor do its successes keep one that is dead.
    """

    @property
    def info(self) -> PluginInfo:
        """Who it is."""
        ...

    def wants(self, event_type: str, endpoint: Endpoint) -> bool:
        """Whether an event of that type is to be delivered there. Pure."""
        ...

    async def deliver(
        self, event: DeliverableEvent, endpoint: Endpoint, context: CallContext
    ) -> DeliveryResult:
        """Carry it there, once. It may be called again with the same ``event.id``."""
        ...
