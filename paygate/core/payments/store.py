"""What the storage of payments offers, and the values that cross to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from ..event import Change
from ..plugin_api.history import HistoryQuestion, PaymentCounts
from ..plugin_api.processor import RawCallback
from ..queue.lease import Leasable, Lease
from ..records import Page
from ..webhooks.model import StoredEvent
from .model import Order, Payment, PaymentStatus, Refund
from .operation import Operation, OperationKind

"""The two tables of leasable work."""
TimelineKind = Literal[
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
TIMELINE_ENTRIES_MAX = 1000
"""Told of one payment, the oldest; a time line holds one more if there is more."""


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
class TimelineEntry:
    """Something that happened to a payment.

    Args:
        at: When, in UTC.
        kind: What kind of thing.
        id: Of the thing; a refund is told twice, when it is opened and when it ends.
        data: What is stored of it, by kind. Not redacted.
    """

    at: datetime
    kind: TimelineKind
    id: str
    data: Mapping[str, Any]


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


"""What a try says of its endpoint; gone is an answer of 410."""
CallbackEffect = Literal[
    "received", "applied", "duplicate", "no_effect", "refused", "quarantined", "conflict"
]


@dataclass(frozen=True, slots=True)
class CallbackResult:
    """What became of a callback, and why."""

    effect: CallbackEffect
    reason: str
    operation_id: str | None = None
    payment_id: str | None = None


@dataclass(frozen=True, slots=True)
class StoredCallback:
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


@dataclass(frozen=True, slots=True)
class Span:
    """Things made in ``[since, until)``, in UTC; None for no bound."""

    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class PaymentSearch(Span):
    """Payments. None asks for all.

    Args:
        statuses: One of these.
        method: By this one.
        order_id: Of this order.
        text: How the id or the order's begins, a part of the order's receipt or of the
            VPA, or a card's last four digits.
    """

    statuses: frozenset[PaymentStatus] | None = None
    method: str | None = None
    order_id: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class OrderSearch(Span):
    """Orders. None asks for all.

    Args:
        status: In this one.
        text: How the id begins, or a part of the receipt.
    """

    status: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class RefundSearch(Span):
    """Refunds. None asks for all.

    Args:
        status: In this one.
        payment_id: Of this payment.
    """

    status: str | None = None
    payment_id: str | None = None


ALL_PAYMENTS = PaymentSearch()
ALL_ORDERS = OrderSearch()
ALL_REFUNDS = RefundSearch()


class OrderRepository(Protocol):
    """Orders."""

    async def add(self, order: Order, *, client_secret_sha256: str) -> None:
        """Store a new order, and the digest of its client_secret."""
        ...

    async def add_unless_there(self, order: Order, *, client_secret_sha256: str) -> None:
        """Store it, unless an order of that id was stored before."""
        ...

    async def client_secret_sha256(self, order_id: str) -> str | None:
        """Return the stored digest of an order's client_secret; None if there is none."""
        ...

    async def lock(self, order_id: str) -> None:
        """Lock the order until the transaction ends.

        A payment becomes live (it is created, or succeeds late) only while its order is
        locked, and the lock is taken before anything that waits for the index of live
        payments. So of two at once one waits here, and neither waits for the other there.
        """
        ...

    async def get(self, order_id: str) -> Order | None:
        """The order with that id, whoever owns it."""
        ...

    async def page(
        self, merchant_id: UUID, *, limit: int, offset: int, search: OrderSearch = ALL_ORDERS
    ) -> Page[Order]:
        """A merchant's orders."""
        ...


class CallbackRepository(Protocol):
    """What processors sent us."""

    async def add(self, processor: str, raw: RawCallback, *, at: datetime) -> int:
        """Keep a callback as it came; its row."""
        ...

    async def is_known(self, processor: str, key: str) -> bool:
        """Whether a callback with that key was stored before.

        Only inside a transaction. Whoever asks about the same key waits until it ends.
        """
        ...

    async def record_result(
        self, row: int, note: CallbackResult, *, key: str | None = None
    ) -> None:
        """Store what became of it, unless that is stored already, and its key if it keeps one."""
        ...

    async def recent(self, *, effect: str | None, limit: int) -> Sequence[StoredCallback]:
        """The newest, of one effect or of all."""
        ...


@dataclass(frozen=True, slots=True)
class Attention:
    """Something to look at.

    Args:
        id: Of the item.
        kind: ``conflict`` a processor's answer or callback that contradicts what is settled ·
            ``quarantined`` a signed callback that fits nothing of ours · ``kept_money`` a
            failed payment whose money was taken and not given back.
        resolved_at: When an operator resolved it; None while it is open.
        resolved_by: Which operator.
        note: What they found.
    """

    id: str
    kind: Literal["conflict", "quarantined", "kept_money"]
    at: datetime
    processor: str
    payment_id: str | None
    operation_id: str | None
    reason: str | None
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Resolution:
    """What an operator says of an item."""

    item_id: str
    at: datetime
    by: str
    note: str


class AttentionRepository(Protocol):
    """What needs attention, and what was resolved."""

    async def open(self, merchant_id: UUID | None, *, limit: int) -> Sequence[Attention]:
        """What nobody has resolved, the newest first, and what is quarantined after the rest."""
        ...

    async def resolved(self, merchant_id: UUID | None, *, limit: int) -> Sequence[Attention]:
        """What was resolved, the latest first."""
        ...

    async def add_conflict(
        self, *, at: datetime, processor: str, payment_id: str, operation_id: str, reason: str
    ) -> None:
        """Keep an answer that contradicts what is settled; the same again is kept once."""
        ...

    async def resolve(self, resolution: Resolution) -> Attention | None:
        """Take an item off the list; None if it is not on it."""
        ...


class OperationRepository(Leasable, Protocol):
    """Operations: what is asked of processors."""

    def only(
        self, kinds: Collection[OperationKind], processors: Collection[str]
    ) -> OperationRepository:
        """The same, claiming and awaiting these kinds, of these processors, and no others."""
        ...

    async def claim(
        self, *, worker_id: str, token: UUID, limit: int, now: datetime
    ) -> Sequence[ClaimedOperation]:
        """Lease due rows for this worker, oldest first."""
        ...

    async def find_charge(self, payment_id: str) -> ClaimedOperation | None:
        """The charge of a payment as it is stored; nobody is kept from it."""
        ...

    async def find(self, operation_id: str) -> ClaimedOperation | None:
        """An operation as it is stored; nobody is kept from it."""
        ...

    async def in_review(self, merchant_id: UUID | None) -> Sequence[InReview]:
        """A merchant's operations that no machine could decide, the oldest first.

        Args:
            merchant_id: Whose; None for those of all.
        """
        ...

    async def lock(self, operation_ids: Collection[str]) -> Sequence[ClaimedOperation]:
        """Lock operations and their payments, whoever works on them, then read them.

        Only inside a transaction. Waits for whoever holds them; what is returned was read
        after that. Ids that do not exist are left out.
        """
        ...

    async def lock_leased(self, leases: Sequence[Lease]) -> Locked:
        """Lock the operations whose leases still run, and their payments, then read them.

        Only inside a transaction. Waits for nobody.
        """
        ...

    async def mark_sent(
        self, claimed: Sequence[ClaimedOperation], *, at: datetime
    ) -> Sequence[ClaimedOperation]:
        """Commit that the processors are about to be asked.

        Returns:
            Those still ours, as they are stored now.
        """
        ...

    async def store(self, records: Sequence[OperationRecord], *, at: datetime) -> None:
        """Store what came of locked operations, and end their leases: all, or nothing.

        Raises:
            RowRefusedError: The database does not accept one of the rows.
            StaleWriteError: A payment is not what the records were concluded from.
        """
        ...

    async def store_calls(self, calls: Sequence[tuple[Operation, RecordedCall]]) -> None:
        """Put calls on the timeline whose answers changed nothing; each of them once."""
        ...


class PaymentRepository(Protocol):
    """Payments."""

    async def open(
        self,
        change: Change[Payment],
        operation: Operation,
        events: Sequence[StoredEvent],
        decision: Decision | None = None,
    ) -> None:
        """Store a new payment, what is to be asked about it and what to tell.

        Its order is locked by the same transaction.

        Args:
            change: The payment.
            operation: Its charge.
            events: What to tell.
            decision: Who chose its processor, if somebody did.

        Raises:
            OrderNotPayableError: The order has a live or successful payment.
        """
        ...

    async def get(self, payment_id: str) -> Payment | None:
        """The payment with that id, whoever owns it."""
        ...

    async def has_live(self, order_id: str) -> bool:
        """Whether a payment of that order is under way or has succeeded."""
        ...

    async def lock(self, payment_id: str) -> Payment | None:
        """The same, and nobody else changes it until the transaction ends.

        Only inside a transaction, and never while the outside is asked.
        """
        ...

    async def update(self, change: Change[Payment]) -> None:
        """Store a payment that was locked in this transaction."""
        ...

    async def ask(self, change: Change[Payment], operation: Operation) -> None:
        """The same, and what is to be asked of its processor."""
        ...

    async def page(
        self, merchant_id: UUID, *, limit: int, offset: int, search: PaymentSearch = ALL_PAYMENTS
    ) -> Page[Payment]:
        """A merchant's payments."""
        ...

    async def totals(self, merchant_id: UUID) -> PaymentTotals:
        """A merchant's figures."""
        ...

    async def count(self, question: HistoryQuestion) -> PaymentCounts:
        """Count payments of the past; see ``History``."""
        ...

    async def timeline(self, payment_id: str) -> Sequence[TimelineEntry]:
        """What happened to a payment, in order."""
        ...


class RefundRepository(Protocol):
    """Refunds."""

    async def open(
        self,
        refund: Refund,
        change: Change[Payment],
        operation: Operation,
        events: Sequence[StoredEvent],
    ) -> None:
        """Store a new refund of a payment that was locked in this transaction."""
        ...

    async def get(self, refund_id: str) -> Refund | None:
        """The refund with that id, whoever owns it."""
        ...

    async def page(
        self, merchant_id: UUID, *, limit: int, offset: int, search: RefundSearch = ALL_REFUNDS
    ) -> Page[Refund]:
        """A merchant's refunds."""
        ...
