"""The two tables of leasable work, as workers and use cases see them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from ..domain.delivery import Delivery
from ..domain.lease import Lease
from ..domain.operation import Operation, OperationKind
from .delivery_records import ANY_DELIVERY, DeliveryFilter, DisabledNotice, Recovery, Try
from .records import (
    ClaimedDelivery,
    ClaimedOperation,
    DeliveryRecord,
    FailedClaim,
    InReview,
    Locked,
    OperationRecord,
    Page,
    RecordedCall,
    Stored,
    StoredEvent,
)


class Leasable(Protocol):
    """What both tables of work have in common. All in sets, all on the database's clock."""

    async def renew(self, leases: Sequence[Lease]) -> None:
        """Extend the leases that are still ours."""
        ...

    async def release(self, failures: Sequence[FailedClaim], *, now: datetime) -> None:
        """Give up rows whose handling raised; the rest says when to try again."""
        ...

    async def hand_back(self, leases: Sequence[Lease]) -> None:
        """Give up rows untouched, at once: this worker is stopping."""
        ...

    async def hand_back_unheld(self, worker_id: str, held: Sequence[Lease]) -> None:
        """Give up rows, untouched, that are leased to the worker without its knowledge.

        The answer to one of its claims was lost, and would be missing until the lease ends.

        Args:
            worker_id: Whose leases.
            held: All that it knows of.
        """
        ...

    async def free_orphans(self, *, gone_after: timedelta) -> int:
        """End the leases of workers not heard of for that long; how many."""
        ...

    async def next_due(self, *, now: datetime) -> datetime | None:
        """When the next row that is not yet due will be."""
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

    async def keep_calls(self, calls: Sequence[tuple[Operation, RecordedCall]]) -> None:
        """Put calls on the timeline whose answers changed nothing; each of them once."""
        ...


class DeliveryRepository(Leasable, Protocol):
    """Deliveries: one event to one endpoint."""

    async def claim(
        self, *, worker_id: str, token: UUID, limit: int, now: datetime, sinks: Collection[str]
    ) -> Sequence[ClaimedDelivery]:
        """Lease due rows: first tries before repeats, no endpoint more than its share.

        The share is over all workers. Rows of other sinks are left for a worker that has
        them. The first try of a payment's event waits until the events before it were
        tried once, so that a receiver that answers hears the story in order.
        """
        ...

    async def record(
        self, records: Sequence[DeliveryRecord], notices: Sequence[DisabledNotice] = ()
    ) -> Stored:
        """Store attempts, fenced, and end their leases.

        An endpoint that answered 410, or has failed for days, is disabled and its
        notice stored: once, whoever else sees the same.
        """
        ...

    async def add(self, event: StoredEvent) -> None:
        """Store an event that belongs to no payment, with its deliveries."""
        ...

    async def page(
        self,
        merchant_id: UUID,
        *,
        limit: int,
        offset: int,
        only: DeliveryFilter = ANY_DELIVERY,
    ) -> Page[Delivery]:
        """A merchant's deliveries."""
        ...

    async def get(self, delivery_id: UUID, *, merchant_id: UUID) -> Delivery | None:
        """One of the merchant's."""
        ...

    async def tries(self, delivery_id: UUID) -> Sequence[Try]:
        """Its attempts, the oldest first; of very many the newest."""
        ...

    async def matching(self, recovery: Recovery, *, limit: int) -> tuple[int, Sequence[Delivery]]:
        """How many there are, and the oldest of them."""
        ...

    async def recover(self, recovery: Recovery, *, limit: int, now: datetime) -> Sequence[Delivery]:
        """Make the oldest of them due now, with all their tries before them, and say which.

        What a worker is at is left alone.
        """
        ...

    async def retry(self, delivery_id: UUID, *, merchant_id: UUID, now: datetime) -> bool:
        """Make a delivery due now with all its tries before it; False if not theirs.

        A try that is under way ends first and is stored.
        """
        ...
