"""What the storage of webhooks offers, and the values that cross to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from ..event import Event
from ..payments.model import Payment, Refund
from ..queue.lease import Leasable, Lease
from ..records import Page, Unchanged, WriteResult
from .model import (
    Delivery,
    DeliveryResult,
    DeliveryStatus,
    DisabledReason,
    EndpointSettings,
    StoredEvent,
)


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """A delivery this worker may attempt."""

    lease: Lease
    delivery: Delivery


Health = Literal["succeeded", "failed", "gone"]


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
class DisabledNotice:
    """What is told if an endpoint is disabled by what came of its tries.

    Args:
        endpoint_id: Which.
        event: Without a payment, addressed to the merchant's other endpoints.
    """

    endpoint_id: UUID
    event: StoredEvent


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which of a merchant's deliveries; None is any."""

    status: DeliveryStatus | None = None
    event: str | None = None
    endpoint_id: UUID | None = None
    payment_id: str | None = None


ANY_DELIVERY = DeliveryFilter()


@dataclass(frozen=True, slots=True)
class Recovery:
    """Which deliveries are to be sent again.

    Args:
        since: The earliest moment at which they were made, in UTC.
        until: The first moment that is too late.
        statuses: What became of them.
        events: Filters, or None for every event.
        endpoint_id: The only endpoint, or None for all.
    """

    merchant_id: UUID
    since: datetime
    until: datetime
    statuses: tuple[DeliveryStatus, ...]
    events: tuple[str, ...] | None = None
    endpoint_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class DeliveryTry:
    """One attempt as people look at it.

    Args:
        ordinal: Its place among all tries of the delivery, from 1.
        took_ms: None of tries that an older version made.
    """

    ordinal: int
    started_at: datetime
    finished_at: datetime
    took_ms: int | None
    url: str | None
    request_headers: Mapping[str, str]
    status_code: int | None
    error: str | None
    response_body: str | None


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A secret on its way to where it is kept.

    Args:
        clear: As it signs; stored nowhere.
        sealed: As it is stored.
        hint: Its last characters.
        previous_until: How long the one before it signs beside it.
    """

    clear: str = field(repr=False)
    sealed: str = field(repr=False)
    hint: str
    previous_until: datetime


@dataclass(frozen=True, slots=True)
class NewEndpoint:
    """An endpoint to be stored."""

    id: UUID
    merchant_id: UUID
    url: str
    description: str | None
    events: tuple[str, ...]
    secret: NewSecret
    created_at: datetime


@dataclass(frozen=True, slots=True)
class EndpointChange:
    """What is to be another from now on; KEEP leaves a part as it is."""

    id: UUID
    merchant_id: UUID
    url: str | Unchanged
    description: str | Unchanged | None
    events: tuple[str, ...] | Unchanged


class EndpointRepository(Protocol):
    """Endpoints: the one on the merchant's row, under the merchant's id, and the others."""

    async def by_ids(self, ids: Sequence[UUID]) -> Mapping[UUID, EndpointSettings]:
        """Those that are there, as stored at this moment."""
        ...

    async def of_merchant(self, merchant_id: UUID) -> Sequence[EndpointSettings]:
        """All of a merchant's, the one on its row first."""
        ...

    async def get(self, endpoint_id: UUID, *, merchant_id: UUID) -> EndpointSettings | None:
        """One of the merchant's."""
        ...

    async def add(self, new: NewEndpoint) -> bool:
        """Store a new one; False if the merchant has as many as it may."""
        ...

    async def change(self, change: EndpointChange, *, at: datetime) -> None:
        """Store what is named of one that is not the merchant's own."""
        ...

    async def remove(self, endpoint_id: UUID, *, merchant_id: UUID) -> bool:
        """Forget one that is not the merchant's own; its deliveries stay. Whether it was there."""
        ...

    async def rotate(
        self, endpoint_id: UUID, secret: NewSecret, *, merchant_id: UUID, at: datetime
    ) -> None:
        """Store a new secret, and the present one as the one before it."""
        ...

    async def enable(self, endpoint_id: UUID, *, merchant_id: UUID, at: datetime) -> None:
        """Send to it again, and forget its failures."""
        ...

    async def disable(self, endpoint_id: UUID, *, merchant_id: UUID, at: datetime) -> None:
        """Send nothing more; one that is disabled keeps when and why."""
        ...


@dataclass(frozen=True, slots=True)
class FedEvent:
    """An event at its place.

    Args:
        position: Its place among all events of the database; never used twice.
        body: Its frozen bytes.
    """

    position: int
    merchant_id: UUID
    type: str
    body: bytes


class FeedRepository(Protocol):
    """Reads events by position.

    A position is handed out when an event is written, so it can be seen before the
    events below it are. A reader takes the ``head``, waits until the ``writers`` of
    that moment have ended, and only then reads up to it.
    """

    async def head(self) -> int:
        """The last position that was handed out; 0 before the first."""
        ...

    async def writers(self) -> frozenset[str]:
        """The transactions that hold events nobody can see yet."""
        ...

    async def between(
        self, merchants: Collection[UUID], *, after: int, upto: int, limit: int
    ) -> Sequence[FedEvent]:
        """These merchants' events in ``(after, upto]``, the first ``limit`` of them."""
        ...


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

    def endpoint_event(
        self, event_type: str, endpoint: EndpointSettings, reason: DisabledReason, at: datetime
    ) -> bytes:
        """The bytes of an event about an endpoint; never a secret.

        Args:
            event_type: What happened.
            endpoint: As it was before.
            reason: Why it happened.
            at: When, in UTC.
        """
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
    ) -> WriteResult:
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

    async def attempts(self, delivery_id: UUID) -> Sequence[DeliveryTry]:
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
