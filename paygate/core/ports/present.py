"""How an event is put into the words merchants read."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

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
