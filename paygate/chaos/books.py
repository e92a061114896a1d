"""What a shop must have in its books after the events of one payment."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..core.event import EventType
from ..core.plugin_api.sink import DeliverableEvent


@dataclass(frozen=True, slots=True)
class Books:
    """What the books say about one payment.

    Args:
        status: ``pending``, ``success`` or ``failed``, as the payment's own status.
        amount_paid: In minor units.
        amount_refunded: In minor units.
        currency: The code of the currency.
    """

    status: str
    amount_paid: int
    amount_refunded: int
    currency: str

    def as_json(self) -> dict[str, Any]:
        """Return the fields by name."""
        return asdict(self)

    def differences(self, reported: Mapping[str, Any]) -> list[str]:
        """Return a clause for each reported field that differs; missing ones are not judged."""
        return [
            f"{name} is {reported[name]!r} instead of {expected!r}"
            for name, expected in asdict(self).items()
            if name in reported and reported[name] != expected
        ]


@dataclass(frozen=True, slots=True)
class PlayedPayment:
    """A payment whose events are sent.

    Args:
        payment_id: The payment.
        order_id: Its order.
        currency: Its currency.
        events: Its events by type, in the order in which they happened.
    """

    payment_id: str
    order_id: str
    currency: str
    events: Mapping[str, DeliverableEvent]

    def books_after(self, delivered: Iterable[str]) -> Books:
        """Return what follows from these events, however often and in whichever order they came."""
        types = set(delivered)
        return books_of([self.events[type] for type in self.events if type in types], self.currency)


def books_of(events: Sequence[DeliverableEvent], currency: str) -> Books:
    """Return what follows from events of one payment, each given once."""
    paid = refunded = 0
    status = "pending"
    for event in events:
        amount_minor = int(json.loads(event.body)["data"]["amount"])
        match event.type:
            case EventType.PAYMENT_SUCCESS:
                paid, status = amount_minor, "success"
            case EventType.PAYMENT_FAILED if status == "pending":
                status = "failed"
            case EventType.REFUND_PROCESSED:
                refunded += amount_minor
    return Books(status, paid, refunded, currency)
