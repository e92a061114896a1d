"""The storage of payments, and the values that it returns."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Literal, Protocol
from uuid import UUID

from ..event import Change
from ..idempotency import KeyedAnswer
from ..paging import Page, PageRequest
from ..plugin_api.history import HistoryQuestion, PaymentCounts
from ..plugin_api.processor import RawCallback
from ..queue.lease import Leasable, Lease
from ..webhooks.model import StoredEvent
from .model import LinkStatus, Order, Payment, PaymentStatus, Refund
from .operation import Operation, OperationKind

"""The two tables with leases."""
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
"""The oldest entries of a timeline that are shown; one more is read if there are more."""


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """An entry of a payment's timeline.

    Args:
        at: When, in UTC.
        kind: The kind of entry.
        id: Of its subject. A refund has two entries: when it is created and when it ends.
        data: The stored data of the kind. Not redacted.
    """

    at: datetime
    kind: TimelineKind
    id: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ChargeRef:
    """The charge that another operation follows: its id and its processor's reference."""

    operation_id: str
    reference: str | None


@dataclass(frozen=True, slots=True)
class ClaimedOperation:
    """A claimed operation, with its payment at the time of the claim."""

    lease: Lease
    operation: Operation
    payment: Payment
    refund: Refund | None = None
    charge: ChargeRef | None = None

    @property
    def was_handed_over(self) -> bool:
        """Whether another processor has taken over this charge."""
        is_charge = self.operation.kind is OperationKind.CHARGE
        return is_charge and self.operation.processor != self.payment.processor


@dataclass(frozen=True, slots=True)
class Locked:
    """The locked operations of a batch, read under their locks.

    Args:
        ready: Operation id -> the operation, its payment and its refund.
        busy: Ids of operations that are leased to the worker but locked by another
            transaction: retry them later. Ids in neither are no longer leased to the
            worker.
    """

    ready: Mapping[str, ClaimedOperation]
    busy: frozenset[str]


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """A call of a processor's plugin: small, and without secrets.

    Args:
        name: The plugin's method.
        started_at: When the call began, in UTC.
        took_ms: Its duration, in milliseconds.
        given: Its argument.
        answer: Its result.
    """

    name: str
    started_at: datetime
    took_ms: int
    given: Mapping[str, Any]
    answer: Mapping[str, Any]

    @property
    def answered_at(self) -> datetime:
        """When it ended, if the clock was not moved meanwhile; rounded up."""
        return self.started_at + timedelta(milliseconds=self.took_ms + 1)


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision of plugins before the payment's processor was called.

    Args:
        kind: ``route`` for the processor; ``risk`` for allow or block; ``failover`` for the
            next processor.
        chosen: A processor's id, or ``allow`` or ``block``.
        decided_at: When, in UTC.
        took_ms: Duration of all plugins together, in milliseconds.
        data: The plugins and their results, redacted.
    """

    kind: Literal["route", "risk", "failover"]
    chosen: str
    decided_at: datetime
    took_ms: int
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OperationRecord:
    """The result of an operation, ready to be stored.

    Args:
        claimed: The operation as it was read under its lock; the write checks the version
            of its payment.
        operation: The operation after the outcome.
        payment: The payment after the outcome; the same version means unchanged.
        events: The events, with bytes and deliveries.
        refund: The refund after the outcome; None without one.
        note: The outcome for the timeline, redacted.
        added: New operations.
        calls: The calls of the processor since the operation was claimed.
        decisions: Decisions of plugins before the call, and about the next processor.
    """

    claimed: ClaimedOperation
    operation: Operation
    payment: Change[Payment]
    events: tuple[StoredEvent, ...]
    refund: Refund | None = None
    note: str | None = None
    added: tuple[Operation, ...] = ()
    calls: tuple[RecordedCall, ...] = ()
    decisions: tuple[Decision, ...] = ()


"""What an attempt says about the health of its endpoint; "gone" is a 410 response."""
CallbackEffect = Literal[
    "received", "applied", "duplicate", "no_effect", "refused", "quarantined", "conflict"
]


@dataclass(frozen=True, slots=True)
class CallbackResult:
    """The effect of a callback, and the reason."""

    effect: CallbackEffect
    reason: str
    operation_id: str | None = None
    payment_id: str | None = None


@dataclass(frozen=True, slots=True)
class StoredCallback:
    """A callback for people; its bytes stay in the database."""

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
    """An operation in manual review."""

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
    """Rows created in ``[since, until)``, in UTC; None for no bound."""

    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class PaymentSearch(Span):
    """A search for payments. None matches all.

    Args:
        statuses: One of these statuses.
        method: This payment method.
        order_id: This order.
        text: A prefix of the payment's or the order's id, a card's last four digits, or three
            characters or more of the order's receipt or of the VPA.
    """

    statuses: frozenset[PaymentStatus] | None = None
    method: str | None = None
    order_id: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class OrderSearch(Span):
    """A search for orders. None matches all.

    Args:
        status: This status.
        text: A prefix of the id, or three characters or more of the receipt.
    """

    status: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSearch(Span):
    """A search for payment links.

    Args:
        status: This status; None for any.
        at: The time at which links with an expiry are expired, in UTC.
    """

    status: LinkStatus | None = None
    at: datetime


@dataclass(frozen=True, slots=True)
class RefundSearch(Span):
    """A search for refunds. None matches all.

    Args:
        status: This status.
        payment_id: This payment.
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
        """Store an order, unless an order with that id exists."""
        ...

    async def client_secret_sha256(self, order_id: str) -> str | None:
        """Return the stored digest of an order's client_secret; None if there is none."""
        ...

    async def lock(self, order_id: str, *, merchant_id: UUID | None = None) -> Order | None:
        """Lock the order until the transaction ends, and read it.

        Args:
            order_id: The order.
            merchant_id: Its merchant: another merchant's order is not found and not locked.
                None for any merchant.

        A payment becomes live (it is created, or succeeds late) only while its order is
        locked. The lock is taken before anything that waits for the index of live payments,
        so that two transactions cannot wait for each other.
        """
        ...

    async def lock_free(self, owned: Collection[tuple[str, UUID]]) -> Mapping[str, Order]:
        """Lock the merchants' orders that no other transaction has locked, and read them by id.

        Args:
            owned: Orders, each with the merchant that must own it.
        """
        ...

    async def get(self, order_id: str) -> Order | None:
        """Return the order with that id, of any merchant."""
        ...

    async def page(
        self, merchant_id: UUID, page: PageRequest, search: OrderSearch = ALL_ORDERS
    ) -> Page[Order]:
        """Return a page of a merchant's orders."""
        ...


class CallbackRepository(Protocol):
    """Callbacks of processors."""

    async def add(self, processor: str, raw: RawCallback, *, at: datetime) -> int:
        """Store a callback as it was received; return its row number."""
        ...

    async def is_known(self, processor: str, key: str) -> bool:
        """Check whether a callback with that key was stored before.

        Only inside a transaction. Other calls with the same key wait until it ends.
        """
        ...

    async def record_result(
        self, row: int, note: CallbackResult, *, key: str | None = None
    ) -> None:
        """Store the result of a callback, unless one is stored, and its deduplication key."""
        ...

    async def recent(self, *, effect: str | None, limit: int) -> Sequence[StoredCallback]:
        """Return the newest callbacks, of one effect or of all."""
        ...


@dataclass(frozen=True, slots=True)
class Attention:
    """An item that needs an operator's attention.

    Args:
        id: The item's id.
        kind: ``conflict`` an outcome that contradicts the stored one · ``quarantined`` a
            signed callback that matches no operation · ``kept_money`` a failed payment whose
            money was captured and not refunded.
        resolved_at: When an operator resolved it; None while it is open.
        resolved_by: The operator.
        note: The operator's note.
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
    """An operator's resolution of an item."""

    item_id: str
    at: datetime
    by: str
    note: str


class AttentionRepository(Protocol):
    """Items that need attention, and resolved items."""

    async def open(self, merchant_id: UUID | None, *, limit: int) -> Sequence[Attention]:
        """Return open items, the newest first, quarantined callbacks last."""
        ...

    async def resolved(self, merchant_id: UUID | None, *, limit: int) -> Sequence[Attention]:
        """Return resolved items, the latest first."""
        ...

    async def add_conflict(
        self, *, at: datetime, processor: str, payment_id: str, operation_id: str, reason: str
    ) -> None:
        """Store a conflicting outcome; a repetition is stored once."""
        ...

    async def resolve(self, resolution: Resolution) -> Attention | None:
        """Resolve an item; return None if no such item is open."""
        ...


NO_LIMITS: Mapping[str, int] = MappingProxyType({})


class OperationRepository(Leasable, Protocol):
    """Operations."""

    def only(
        self, kinds: Collection[OperationKind], processors: Collection[str]
    ) -> OperationRepository:
        """Return a repository that claims only these kinds of these processors."""
        ...

    async def claim(
        self,
        *,
        worker_id: str,
        token: UUID,
        limit: int,
        now: datetime,
        rooms: Mapping[str, int] = NO_LIMITS,
    ) -> Sequence[ClaimedOperation]:
        """Lease due rows for this worker, oldest first.

        Args:
            worker_id: The worker.
            token: The token of the leases.
            limit: How many rows.
            now: The app's time.
            rooms: How many rows of a processor; any number of one that is not named.
        """
        ...

    async def claim_unsent(
        self,
        *,
        worker_id: str,
        token: UUID,
        limit: int,
        now: datetime,
        of: Collection[str],
        to: Collection[str],
    ) -> Sequence[ClaimedOperation]:
        """Lease due charges that were certainly never sent, oldest first.

        Args:
            worker_id: The worker.
            token: The token of the leases.
            limit: How many rows.
            now: The app's time.
            of: Of these processors.
            to: Only those that may go to one of these processors instead.
        """
        ...

    async def find_charge(self, payment_id: str) -> ClaimedOperation | None:
        """Return the charge of a payment at its present processor, without a lock."""
        ...

    async def find(self, operation_id: str) -> ClaimedOperation | None:
        """Return an operation, without a lock."""
        ...

    async def in_review(self, merchant_id: UUID | None) -> Sequence[InReview]:
        """Return operations in manual review, the oldest first.

        Args:
            merchant_id: Of this merchant; None for all.
        """
        ...

    async def lock(self, operation_ids: Collection[str]) -> Sequence[ClaimedOperation]:
        """Lock operations and their payments, leased or not, then read them.

        Only inside a transaction. Waits for other locks; the result was read after that. Ids
        that do not exist are left out.
        """
        ...

    async def lock_leased(self, leases: Sequence[Lease]) -> Locked:
        """Lock operations with valid leases, and their payments, then read them.

        Only inside a transaction. Does not wait for locks.
        """
        ...

    async def mark_sent(
        self, claimed: Sequence[ClaimedOperation], *, at: datetime
    ) -> Sequence[ClaimedOperation]:
        """Commit that the operations are about to be sent.

        Returns:
            Those that are still leased to this worker, as they are stored now.
        """
        ...

    async def store(self, records: Sequence[OperationRecord], *, at: datetime) -> None:
        """Store the results of locked operations, and end their leases: all, or nothing.

        Raises:
            RowRefusedError: The database does not accept one of the rows.
            StaleWriteError: A payment differs from the state in the records.
        """
        ...

    async def store_calls(self, calls: Sequence[tuple[Operation, RecordedCall]]) -> None:
        """Add calls that changed nothing to the timeline; each of them once."""
        ...


@dataclass(frozen=True, slots=True)
class NewPayment:
    """A new payment, with everything that is stored with it.

    Args:
        change: The payment.
        operation: Its charge.
        events: Its events.
        decisions: The routing decision; empty without one.
        answer: The response to store under the request's idempotency key; None without one, or
            if it is stored separately.
        traceparent: The span of the request in W3C form; None without traces.
    """

    change: Change[Payment]
    operation: Operation
    events: Sequence[StoredEvent]
    decisions: tuple[Decision, ...] = ()
    answer: KeyedAnswer | None = None
    traceparent: str | None = None


class PaymentRepository(Protocol):
    """Payments."""

    async def open(self, new: NewPayment) -> None:
        """Store a new payment. The same transaction must have locked its order.

        Raises:
            OrderNotPayableError: The order has a payment in progress, or a successful one.
        """
        ...

    async def open_all(self, new: Sequence[NewPayment]) -> frozenset[str]:
        """Store those new payments whose order has no live payment and whose key is unused.

        The same transaction must have locked their orders and keys, which all differ.

        Returns:
            The ids of the stored payments.

        Raises:
            RowRefusedError: The database does not accept one of the rows.
            StaleWriteError: A payment was not stored although its key was.
        """
        ...

    async def get(self, payment_id: str) -> Payment | None:
        """Return the payment with that id, of any merchant."""
        ...

    async def has_live(self, order_id: str) -> bool:
        """Check whether a payment of that order is in progress or has succeeded."""
        ...

    async def live_orders(self, order_ids: Collection[str]) -> frozenset[str]:
        """Return those of the orders of which a payment is in progress or has succeeded."""
        ...

    async def lock(self, payment_id: str) -> Payment | None:
        """Return a payment, locked until the transaction ends.

        Only inside a transaction, and never during a call of a processor.
        """
        ...

    async def update(self, change: Change[Payment]) -> None:
        """Store a payment that was locked in this transaction."""
        ...

    async def add_operation(self, change: Change[Payment], operation: Operation) -> None:
        """Store a locked payment and a new operation of its processor."""
        ...

    async def page(
        self, merchant_id: UUID, page: PageRequest, search: PaymentSearch = ALL_PAYMENTS
    ) -> Page[Payment]:
        """Return a page of a merchant's payments."""
        ...

    async def count(self, question: HistoryQuestion) -> PaymentCounts:
        """Count past payments; see ``History``."""
        ...

    async def traceparents(self, payment_ids: Sequence[str]) -> Mapping[str, str]:
        """Return the span that created each payment, in W3C form; payments without are left out."""
        ...

    async def timeline(self, payment_id: str) -> Sequence[TimelineEntry]:
        """Return the timeline of a payment, in order."""
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
        """Return the refund with that id, of any merchant."""
        ...

    async def page(
        self, merchant_id: UUID, page: PageRequest, search: RefundSearch = ALL_REFUNDS
    ) -> Page[Refund]:
        """Return a page of a merchant's refunds."""
        ...
