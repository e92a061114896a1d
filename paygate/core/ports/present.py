"""How an event is put into the words merchants read."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from ..domain.endpoint import DisabledReason, EndpointSettings
from ..domain.event import Event
from ..domain.payment import Payment
from ..domain.refund import Refund


class EventPresenter(Protocol):
    """Writes an event down, once and for all."""

    def type_of(self, event: Event) -> str:
        """What the event is called where merchants see it."""
        ...

    def payment_event(self, event: Event, payment: Payment) -> bytes:
        """The bytes every delivery of this event will carry.

        Args:
            event: What happened.
            payment: As it was right after.
        """
        ...

    def refund_event(self, event: Event, refund: Refund, payment: Payment) -> bytes:
        """The same for an event about a refund."""
        ...

    def test_event(self, event_type: str, event_id: str, at: datetime) -> bytes:
        """The bytes of an event that a merchant asked for to see one arrive."""
        ...

    def endpoint_event(
        self, event_type: str, endpoint: EndpointSettings, reason: DisabledReason, at: datetime
    ) -> bytes:
        """The bytes of an event about an endpoint; never a secret.

        Args:
            event_type: What happened.
            endpoint: As it was before.
            reason: Why it happened.
            at: When, in UTC.
        """
        ...
