"""Events: facts in the past tense, stored together with the state they describe."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar


class EventType(StrEnum):
    """The types of events that merchants can receive."""

    PAYMENT_CREATED = "payment.created"
    PAYMENT_PENDING = "payment.pending"
    PAYMENT_AUTHORIZED = "payment.authorized"
    PAYMENT_CAPTURED = "payment.captured"
    PAYMENT_CAPTURE_FAILED = "payment.capture_failed"
    PAYMENT_CANCELLED = "payment.cancelled"
    PAYMENT_CANCEL_FAILED = "payment.cancel_failed"
    PAYMENT_SUCCESS = "payment.success"
    PAYMENT_FAILED = "payment.failed"
    REFUND_CREATED = "refund.created"
    REFUND_PROCESSED = "refund.processed"
    REFUND_FAILED = "refund.failed"
    PAYMENT_LINK_PAID = "payment_link.paid"
    PAYMENT_LINK_CANCELLED = "payment_link.cancelled"
    PAYMENT_LINK_EXPIRED = "payment_link.expired"
    ENDPOINT_DISABLED = "endpoint.disabled"

    TEST = "webhook.test"


def could_match(filter: str) -> bool:
    """Check whether some event matches the filter; a misspelt filter would never match."""
    if filter.endswith(".*"):
        return any(type.startswith(filter[:-1]) for type in EventType)
    return filter == "*" or filter in set(EventType)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a payment.

    Args:
        type: What happened; free text only for test events.
        subject_id: The id of the payment.
        seq: Its number among the events of the payment, from 1 and without gaps.
        occurred_at: When, in UTC.
    """

    type: str
    subject_id: str
    seq: int
    occurred_at: datetime


Entity = TypeVar("Entity")


@dataclass(frozen=True, slots=True)
class Change(Generic[Entity]):
    """The result of a method of the model: the new state and its events.

    Storage accepts only a ``Change``, so that no new state is stored without its
    events.
    """

    after: Entity
    events: tuple[Event, ...] = ()
