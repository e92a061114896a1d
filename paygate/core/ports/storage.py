"""The database, as the use cases see it.

Every method is atomic by itself. ``Storage.transaction`` gives the same
repositories bound to one transaction, for what must stand or fall together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from ..domain.change import Change
from ..domain.delivery import Delivery
from ..domain.endpoint import Endpoint
from ..domain.idempotency import Remembered
from ..domain.lease import Lease
from ..domain.merchant import Credentials, Merchant
from ..domain.operation import Operation
from ..domain.order import Order
from ..domain.payment import Payment
from ..domain.refund import Refund
from .records import (
    ClaimedDelivery,
    ClaimedOperation,
    DeliveryRecord,
    FailedClaim,
    Moment,
    OperationRecord,
    Page,
    PaymentTotals,
    Stored,
    StoredEvent,
    Stuck,
    WorkCounts,
)


class MerchantRepository(Protocol):
    """Merchants."""

    async def credentials(self, api_key: str) -> Credentials | None:
        """The merchant with that key, active or not."""
        ...

    async def get(self, merchant_id: UUID) -> Merchant | None:
        """The merchant with that id."""
        ...

    async def endpoints(self, merchant_ids: Sequence[UUID]) -> Mapping[UUID, Endpoint]:
        """Merchant id → endpoint, as stored at this moment."""
        ...

    async def configure_webhook(
        self, merchant_id: UUID, *, url: str | None, secret: str | None, at: datetime
    ) -> None:
        """Store where webhooks go and what signs them."""
        ...

    async def seed(self, merchant: Merchant, *, secret_sha256: str) -> None:
        """Store the merchant unless its email is already there."""
        ...


class OrderRepository(Protocol):
    """Orders."""

    async def add(self, order: Order) -> None:
        """Store a new order."""
        ...

    async def get(self, order_id: str) -> Order | None:
        """The order with that id, whoever owns it."""
        ...

    async def page(self, merchant_id: UUID, *, limit: int, offset: int) -> Page[Order]:
        """A merchant's orders."""
        ...


class PaymentRepository(Protocol):
    """Payments."""

    async def open(
        self, change: Change[Payment], operation: Operation, events: Sequence[StoredEvent]
    ) -> None:
        """Store a new payment, what is to be asked about it and what to tell.

        Raises:
            OrderNotPayableError: The order has a live or successful payment.
        """
        ...

    async def get(self, payment_id: str) -> Payment | None:
        """The payment with that id, whoever owns it."""
        ...

    async def lock(self, payment_id: str) -> Payment | None:
        """The same, and nobody else changes it until the transaction ends.

        Only inside a transaction, and never while the outside is asked.
        """
        ...

    async def update(self, change: Change[Payment]) -> None:
        """Store a payment that was locked in this transaction."""
        ...

    async def page(self, merchant_id: UUID, *, limit: int, offset: int) -> Page[Payment]:
        """A merchant's payments."""
        ...

    async def totals(self, merchant_id: UUID) -> PaymentTotals:
        """A merchant's figures."""
        ...

    async def timeline(self, payment_id: str) -> Sequence[Moment]:
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

    async def page(self, merchant_id: UUID, *, limit: int, offset: int) -> Page[Refund]:
        """A merchant's refunds."""
        ...


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

    async def free_orphans(self, *, gone_after: timedelta) -> int:
        """End the leases of workers not heard of for that long; how many."""
        ...

    async def next_due(self, *, now: datetime) -> datetime | None:
        """When the next row that is not yet due will be."""
        ...


class OperationRepository(Leasable, Protocol):
    """Operations: what is asked of processors."""

    async def claim(
        self, *, worker_id: str, token: UUID, limit: int, now: datetime
    ) -> Sequence[ClaimedOperation]:
        """Lease due rows for this worker, oldest first."""
        ...

    async def mark_sent(
        self, claimed: Sequence[ClaimedOperation], *, at: datetime
    ) -> Sequence[ClaimedOperation]:
        """Commit that the processors are about to be asked.

        Returns:
            Those still ours, as they are stored now.
        """
        ...

    async def record(self, records: Sequence[OperationRecord], *, at: datetime) -> Stored:
        """Store outcomes, fenced and compared, and end the leases of those stored."""
        ...


class DeliveryRepository(Leasable, Protocol):
    """Deliveries: one event to one endpoint."""

    async def claim(
        self, *, worker_id: str, token: UUID, limit: int, now: datetime
    ) -> Sequence[ClaimedDelivery]:
        """Lease due rows: first tries before repeats, no endpoint more than its share.

        The first try of a payment's event waits until the events before it were
        tried once, so that a receiver that answers hears the story in order.
        """
        ...

    async def record(self, records: Sequence[DeliveryRecord]) -> Stored:
        """Store attempts, fenced, and end their leases."""
        ...

    async def add(self, event: StoredEvent) -> None:
        """Store an event that belongs to no payment, with its deliveries."""
        ...

    async def page(self, merchant_id: UUID, *, limit: int, offset: int) -> Page[Delivery]:
        """A merchant's deliveries."""
        ...

    async def retry(self, delivery_id: UUID, *, merchant_id: UUID, now: datetime) -> bool:
        """Make a delivery due now with all its tries before it; False if not theirs."""
        ...


class WorkerRepository(Protocol):
    """Who works."""

    async def heartbeat(self, worker_id: str, *, kind: str) -> None:
        """Say that the worker lives."""
        ...

    async def leave(self, worker_id: str) -> None:
        """Say that the worker is gone."""
        ...

    async def alive(self, *, within: timedelta) -> int:
        """How many have been heard of within that time."""
        ...

    async def counts(self) -> WorkCounts:
        """Work of both tables."""
        ...

    async def stuck(self, *, due_before: datetime, limit: int) -> Sequence[Stuck]:
        """Rows that should have been worked on by then, and rows set aside."""
        ...


class IdempotencyRepository(Protocol):
    """Answers that were given, by merchant and key. Only inside a transaction."""

    async def lock(self, merchant_id: UUID, key: str) -> bool:
        """Be the only one at work on this key until the transaction ends; False if not.

        The lock goes with the connection: a process that dies holds nothing.
        """
        ...

    async def find(self, merchant_id: UUID, key: str) -> Remembered | None:
        """What was answered under this key."""
        ...

    async def remember(
        self, merchant_id: UUID, key: str, remembered: Remembered, *, at: datetime
    ) -> None:
        """Keep an answer, in the place of one that has expired."""
        ...

    async def purge(self, *, now: datetime, limit: int) -> int:
        """Forget expired answers; how many."""
        ...


class Repositories(Protocol):
    """All of them, bound to a pool or to one transaction."""

    @property
    def idempotency(self) -> IdempotencyRepository:
        """Answers that were given."""
        ...

    @property
    def merchants(self) -> MerchantRepository:
        """Merchants."""
        ...

    @property
    def orders(self) -> OrderRepository:
        """Orders."""
        ...

    @property
    def payments(self) -> PaymentRepository:
        """Payments."""
        ...

    @property
    def refunds(self) -> RefundRepository:
        """Refunds."""
        ...

    @property
    def operations(self) -> OperationRepository:
        """Operations."""
        ...

    @property
    def deliveries(self) -> DeliveryRepository:
        """Deliveries."""
        ...

    @property
    def workers(self) -> WorkerRepository:
        """Workers."""
        ...


class Storage(Repositories, Protocol):
    """The database."""

    def transaction(self) -> AbstractAsyncContextManager[Storage]:
        """The repositories in one transaction: committed at the end, or nothing."""
        ...

    async def is_connected(self) -> bool:
        """Whether the database answers."""
        ...
