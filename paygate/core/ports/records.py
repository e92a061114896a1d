"""The values that cross between the use cases and the storage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar
from uuid import UUID

from ..domain.change import Change
from ..domain.delivery import Delivery, DeliveryResult
from ..domain.lease import Lease
from ..domain.operation import Operation
from ..domain.payment import Payment
from ..domain.refund import Refund
from .bell import Table

Row = TypeVar("Row")


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
    """Something that happened to a payment, in a sentence for people."""

    at: datetime
    what: str


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
    """The charge that a refund gives back: its id and what the processor calls it."""

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
class OperationRecord:
    """What came of an operation.

    Args:
        claimed: What it was when it was claimed; the write is fenced by its lease
            and compares its payment's version.
        operation: What it is now.
        payment: What its payment is now; the same version means unchanged.
        events: What to tell, with bytes and deliveries.
        refund: What its refund is now; None where there is none.
        note: For the time line: what the processor answered, redacted.
    """

    claimed: ClaimedOperation
    operation: Operation
    payment: Change[Payment]
    events: tuple[StoredEvent, ...]
    refund: Refund | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """A delivery this worker may attempt."""

    lease: Lease
    delivery: Delivery


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """What came of an attempt."""

    claimed: ClaimedDelivery
    after: Delivery
    result: DeliveryResult
    started_at: datetime
    finished_at: datetime


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
        refused: Id → why the database would not take the row. Its neighbours were
            stored all the same.
    """

    won: frozenset[str]
    refused: Mapping[str, str]
