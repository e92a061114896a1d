"""Events: facts in the past tense, stored together with the state they belong to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar


class EventType(StrEnum):
    """What merchants can be told."""

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
    ENDPOINT_DISABLED = "endpoint.disabled"

    TEST = "webhook.test"


def could_match(filter: str) -> bool:
    """Whether some event passes that filter; a misspelt one would be silent for ever."""
    if filter.endswith(".*"):
        return any(type.startswith(filter[:-1]) for type in EventType)
    return filter == "*" or filter in set(EventType)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a payment.

    Args:
        type: What happened; free text only for test events.
        subject_id: Whose story it belongs to: a payment's id.
        seq: Its place in that story, from 1 and without gaps.
        occurred_at: When, in UTC.
    """

    type: str
    subject_id: str
    seq: int
    occurred_at: datetime


Entity = TypeVar("Entity")


@dataclass(frozen=True, slots=True)
class Change(Generic[Entity]):
    """What a domain method decided: the new state and what to tell about it.

    Storage accepts a ``Change`` and nothing else, so that nobody can store a new
    state and forget to say so.
    """

    after: Entity
    events: tuple[Event, ...] = ()
