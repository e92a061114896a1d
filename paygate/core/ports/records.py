"""The values that cross between the use cases and the storage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

from ..domain.change import Change
from ..domain.delivery import Delivery, DeliveryResult
from ..domain.lease import Lease
from ..domain.operation import Operation
from ..domain.payment import Payment
from ..domain.refund import Refund

Row = TypeVar("Row")
Table = Literal["operations", "webhook_logs"]
"""The two tables of leasable work."""
MomentKind = Literal[
    "transition",
    "operation",
    "plugin_call",
    "callback",
    "event",
    "delivery",
    "attempt",
    "refund",
    "decision",
]
MOMENTS_MAX = 1000
"""Told of one payment, the oldest; a time line holds one more if there is more."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """A slice of a list, newest first, and how long the whole list is."""

    rows: Sequence[Row]
    total: int
    limit: int
    offset: int


@dataclass(frozen=True, slots=True)
class PaymentTotals:
    """A merchant's figures.

    Args:
        payments: How many, whatever their status.
        succeeded: How many of them succeeded.
        succeeded_minor: Their sum, in minor units.
    """

    payments: int
    succeeded: int
    succeeded_minor: int


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened to a payment.

    Args:
        at: When, in UTC.
        kind: What kind of thing.
        id: Of the thing; a refund is told twice, when it is opened and when it ends.
        data: What is stored of it, by kind. Not redacted.
    """

    at: datetime
    kind: MomentKind
    id: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class WorkCounts:
    """Work of both tables, by what is happening to it."""

    waiting: int
    leased: int
    done: int
    failed: int


@dataclass(frozen=True, slots=True)
class Stuck:
    """A row that doctors should see, and why."""

    table: Table
    row_id: str
    due_at: datetime
    claims: int
    reason: str


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A delivery to be stored with its event."""

    id: UUID
    sink: str
    endpoint_id: UUID


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event with its frozen bytes and where it goes.

    Args:
        seq: Its place in its payment's story; None for an event without one.
    """

    id: str
    merchant_id: UUID
    type: str
    payment_id: str | None
    seq: int | None
    body: bytes
    created_at: datetime
    deliveries: tuple[NewDelivery, ...] = ()


@dataclass(frozen=True, slots=True)
class ChargeRef:
    """The charge that another operation follows: its id and what the processor calls it."""

    operation_id: str
    reference: str | None


@dataclass(frozen=True, slots=True)
class ClaimedOperation:
    """An operation this worker may work on, with its payment as it was claimed."""

    lease: Lease
    operation: Operation
    payment: Payment
    refund: Refund | None = None
    charge: ChargeRef | None = None


@dataclass(frozen=True, slots=True)
class Locked:
    """What a worker may conclude now: locked, and read after that.

    Args:
        ready: Operation id -> the operation, its payment and its refund as they are.
        busy: Ids of those that are still leased to the worker, but someone else holds
            the row or its payment: to be tried again in a moment. Ids in neither are
            no longer the worker's.
    """

    ready: Mapping[str, ClaimedOperation]
    busy: frozenset[str]


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """A call of a processor's plugin: small, and without secrets.

    Args:
        name: Of the plugin's method.
        started_at: When it was made, in UTC.
        took_ms: Until it answered, in milliseconds.
        given: What it was given.
        answer: What it answered.
    """

    name: str
    started_at: datetime
    took_ms: int
    given: Mapping[str, Any]
    answer: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Decision:
    """What plugins decided about a payment before its processor was asked.

    Args:
        kind: ``route``, who is asked; ``risk``, whether anybody is.
        chosen: A processor's id, or ``allow`` or ``block``.
        decided_at: When, in UTC.
        took_ms: Until all of them had answered, in milliseconds.
        data: Who was asked and what they said, redacted.
    """

    kind: Literal["route", "risk"]
    chosen: str
    decided_at: datetime
    took_ms: int
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OperationRecord:
    """What came of an operation.

    Args:
        claimed: What it was when it was locked and read; the write compares its payment's
            version.
        operation: What it is now.
        payment: What its payment is now; the same version means unchanged.
        events: What to tell, with bytes and deliveries.
        refund: What its refund is now; None where there is none.
        note: For the time line: what the processor answered, redacted.
        added: Further operations to be worked on from now on.
        call: By which the answer came; None where nobody was called.
        decision: What was decided before anybody was called, if somebody decided.
    """

    claimed: ClaimedOperation
    operation: Operation
    payment: Change[Payment]
    events: tuple[StoredEvent, ...]
    refund: Refund | None = None
    note: str | None = None
    added: tuple[Operation, ...] = ()
    call: RecordedCall | None = None
    decision: Decision | None = None


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """A delivery this worker may attempt."""

    lease: Lease
    delivery: Delivery


Health = Literal["succeeded", "failed", "gone"]
"""What a try says of its endpoint; gone is an answer of 410."""


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """What came of an attempt.

    Args:
        took_ms: By a clock that never stands still.
        url: Where it went.
        health: None where it says nothing new of the endpoint.
    """

    claimed: ClaimedDelivery
    after: Delivery
    result: DeliveryResult
    started_at: datetime
    finished_at: datetime
    took_ms: int = 0
    url: str | None = None
    health: Health | None = None


@dataclass(frozen=True, slots=True)
class FailedClaim:
    """A claim whose handling raised: the row rests, or is set aside for a person."""

    lease: Lease
    error: str
    rest: timedelta | None


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a set of writes.

    Args:
        won: Ids of the rows that were stored. The others had lost their lease, or
            what they were based on had moved; nothing of theirs was written.
        refused: Id → why the row could not be stored. Its neighbours were stored all the
            same.
        busy: Ids of rows that someone else had locked: to be stored in a moment.
    """

    won: frozenset[str]
    refused: Mapping[str, str]
    busy: frozenset[str] = frozenset()

    def and_also(self, other: Stored) -> Stored:
        """Join the results of two sets."""
        refused = {**self.refused, **other.refused}
        return Stored(self.won | other.won, refused, self.busy | other.busy)


NOTHING_STORED = Stored(frozenset(), {})


CallbackEffect = Literal[
    "received", "applied", "duplicate", "no_effect", "refused", "quarantined", "conflict"
]


@dataclass(frozen=True, slots=True)
class CallbackNote:
    """What became of a callback, and why."""

    effect: CallbackEffect
    reason: str
    operation_id: str | None = None
    payment_id: str | None = None


@dataclass(frozen=True, slots=True)
class KeptCallback:
    """A callback as people look at it; its bytes stay in the database."""

    id: int
    processor: str
    received_at: datetime
    dedupe_key: str | None
    operation_id: str | None
    payment_id: str | None
    effect: CallbackEffect
    reason: str | None


@dataclass(frozen=True, slots=True)
class InReview:
    """An operation that a person has to settle."""

    id: str
    payment_id: str
    kind: str
    amount_minor: int
    currency: str
    processor: str
    note: str | None
    since: datetime
