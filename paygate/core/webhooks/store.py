"""The storage of webhooks, and the values that it returns."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from ..event import Event
from ..limits import CLAIM_ROWS_MAX, ENDPOINT_IN_FLIGHT_MAX, MERCHANT_IN_FLIGHT_MAX
from ..paging import Page, PageRequest
from ..payments.model import LinkStatus, Order, Payment, Refund
from ..payments.store import Span
from ..queue.lease import Leasable, Lease
from ..records import Unchanged, WriteResult
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
    """A claimed delivery."""

    lease: Lease
    delivery: Delivery


@dataclass(frozen=True, slots=True)
class DeliveryShares:
    """How many deliveries a claim may lease.

    Args:
        rows: Of all endpoints.
        of_endpoint: In progress at one endpoint, with those that are in progress already.
        of_merchant: In progress at all endpoints of a merchant.
        of_open: Of endpoints whose breaker is open; each of them gets one at a time.
    """

    rows: int
    of_endpoint: int
    of_merchant: int
    of_open: int

    @classmethod
    def of(cls, free: int, *, probing: int, in_flight_max: int) -> DeliveryShares:
        """Return the shares of a worker with so many free slots.

        A share is a part of the free slots, and a claim takes half of the last ones. So slots
        are left for an endpoint that has nothing in progress, however many others hang.

        Args:
            free: Slots, up to the rows of a claim.
            probing: Deliveries in progress to endpoints whose breaker is open.
            in_flight_max: All slots of the worker.
        """
        return cls(
            rows=free if free >= CLAIM_ROWS_MAX else (free + 1) // 2,
            of_endpoint=max(1, min(ENDPOINT_IN_FLIGHT_MAX, free // 4)),
            of_merchant=max(1, min(MERCHANT_IN_FLIGHT_MAX, free // 2)),
            of_open=max(0, max(1, in_flight_max // 4) - probing),
        )


Health = Literal["succeeded", "failed", "gone"]


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """An attempt, ready to be stored.

    Args:
        took_ms: Duration in real time.
        url: Where it was sent.
        health: None if it says nothing new about the endpoint.
        answered: Whether the endpoint answered, whatever it was; None if it was not asked.
    """

    claimed: ClaimedDelivery
    after: Delivery
    result: DeliveryResult
    started_at: datetime
    finished_at: datetime
    took_ms: int = 0
    url: str | None = None
    health: Health | None = None
    answered: bool | None = None


@dataclass(frozen=True, slots=True)
class DisabledNotice:
    """The event that is sent if these attempts disable an endpoint.

    Args:
        endpoint_id: The endpoint.
        event: Without a payment, addressed to the merchant's other endpoints.
    """

    endpoint_id: UUID
    event: StoredEvent


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """A filter for a merchant's deliveries; None matches any."""

    status: DeliveryStatus | None = None
    event: str | None = None
    endpoint_id: UUID | None = None
    payment_id: str | None = None


ANY_DELIVERY = DeliveryFilter()


@dataclass(frozen=True, slots=True)
class Recovery:
    """A filter for deliveries to be resent.

    Args:
        since: The earliest time of creation, in UTC.
        until: The end of the period, not included.
        statuses: One of these statuses.
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
class DeliveryAttempt:
    """A stored attempt.

    Args:
        ordinal: Its number among all attempts of the delivery, from 1.
        took_ms: None for attempts of an older version.
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
    """A new secret, ready to be stored.

    Args:
        clear: The secret in clear; it is not stored.
        sealed: The sealed secret.
        hint: Its last characters.
        previous_until: Until when the previous secret is valid.
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
    sink: str | None = None


@dataclass(frozen=True, slots=True)
class EndpointChange:
    """A change of an endpoint; UNCHANGED keeps a value."""

    id: UUID
    merchant_id: UUID
    url: str | Unchanged
    description: str | Unchanged | None
    events: tuple[str, ...] | Unchanged


class EndpointRepository(Protocol):
    """Endpoints: the default ones, under the merchants' ids, and the others."""

    async def by_ids(self, ids: Sequence[UUID]) -> Mapping[UUID, EndpointSettings]:
        """Return the endpoints that exist, as they are stored now."""
        ...

    async def of_merchant(self, merchant_id: UUID) -> Sequence[EndpointSettings]:
        """Return all endpoints of a merchant, the default endpoint first."""
        ...

    async def get(self, endpoint_id: UUID, *, merchant_id: UUID) -> EndpointSettings | None:
        """Return an endpoint of a merchant."""
        ...

    async def add(self, new: NewEndpoint) -> bool:
        """Store a new endpoint; return False if the merchant has the maximum number."""
        ...

    async def change(self, change: EndpointChange, *, at: datetime) -> None:
        """Change an endpoint other than the default one."""
        ...

    async def remove(self, endpoint_id: UUID, *, merchant_id: UUID) -> bool:
        """Delete an endpoint other than the default one; return whether it existed."""
        ...

    async def rotate(
        self, endpoint_id: UUID, secret: NewSecret, *, merchant_id: UUID, at: datetime
    ) -> None:
        """Store a new secret, and the current one as the previous one."""
        ...

    async def enable(self, endpoint_id: UUID, *, merchant_id: UUID, at: datetime) -> None:
        """Enable an endpoint, and reset its failures."""
        ...

    async def disable(self, endpoint_id: UUID, *, merchant_id: UUID, at: datetime) -> None:
        """Disable an endpoint; a disabled one keeps its time and reason."""
        ...


@dataclass(frozen=True, slots=True)
class FedEvent:
    """An event with its position.

    Args:
        position: Its number among all events of the database; never used twice.
        id: The event's id, as in webhooks.
        body: Its stored bytes.
    """

    position: int
    id: str
    merchant_id: UUID
    type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class EventSearch(Span):
    """A search for events. None matches all.

    Args:
        types: One of these types; without any, every type.
        payment_id: About this payment or a refund of it.
    """

    types: frozenset[str] = frozenset()
    payment_id: str | None = None


@dataclass(frozen=True, slots=True)
class FoundEvent:
    """An event of a merchant.

    Args:
        id: The event's id, as in webhooks.
        payment_id: None for an event that is about no payment.
        body: Its stored bytes.
        request_id: The request that caused it; None without one.
    """

    id: str
    merchant_id: UUID
    type: str
    payment_id: str | None
    created_at: datetime
    body: bytes
    request_id: str | None = None


class FeedRepository(Protocol):
    """Reads events, for a stream by position.

    A position is assigned when an event is written, so it can be visible before lower
    positions are. A reader reads the ``head``, waits until the current ``writers`` have
    ended, and only then reads up to that position.
    """

    async def head(self) -> int:
        """Return the last assigned position; 0 before the first."""
        ...

    async def writers(self) -> frozenset[str]:
        """Return the transactions that have written events and not ended."""
        ...

    async def between(
        self, merchants: Collection[UUID], *, after: int, upto: int, limit: int
    ) -> Sequence[FedEvent]:
        """Return events of these merchants in ``(after, upto]``, the first ``limit`` of them."""
        ...

    async def page(
        self, merchant_id: UUID, page: PageRequest, search: EventSearch
    ) -> Page[FoundEvent]:
        """Return a page of a merchant's events."""
        ...

    async def get(self, event_id: str) -> FoundEvent | None:
        """Return an event."""
        ...


class EventPresenter(Protocol):
    """Serializes events."""

    def type_of(self, event: Event) -> str:
        """Return the type of the event as merchants see it."""
        ...

    def payment_event(self, event: Event, payment: Payment) -> bytes:
        """Return the bytes that every delivery of the event contains.

        Args:
            event: The event.
            payment: The payment right after it.
        """
        ...

    def refund_event(self, event: Event, refund: Refund, payment: Payment) -> bytes:
        """Return the bytes of an event about a refund."""
        ...

    def test_event(self, event_type: str, event_id: str, at: datetime) -> bytes:
        """Return the bytes of a test event."""
        ...

    def link_event(
        self,
        event_type: str,
        order: Order,
        status: LinkStatus,
        at: datetime,
        *,
        is_payment_in_progress: bool,
    ) -> bytes:
        """Return the bytes of an event about the end of a payment link, without its address."""
        ...

    def endpoint_event(
        self, event_type: str, endpoint: EndpointSettings, reason: DisabledReason, at: datetime
    ) -> bytes:
        """Return the bytes of an event about an endpoint, without secrets.

        Args:
            event_type: The type of the event.
            endpoint: The endpoint before it.
            reason: The reason.
            at: When, in UTC.
        """
        ...


class DeliveryRepository(Leasable, Protocol):
    """Deliveries of events to endpoints."""

    async def claim(
        self,
        *,
        worker_id: str,
        token: UUID,
        shares: DeliveryShares,
        now: datetime,
        sinks: Collection[str],
    ) -> Sequence[ClaimedDelivery]:
        """Lease due rows: first attempts before retries, within the shares.

        The share of an endpoint counts the leases of all workers, and is never exceeded. That
        of a merchant may be, by workers that claim at the same moment. Rows of other sinks are
        left to workers that have those sinks. The first attempt of a payment's event waits until
        the events before it were attempted once, so that receivers get the events in order.
        """
        ...

    async def record(
        self, records: Sequence[DeliveryRecord], notices: Sequence[DisabledNotice] = ()
    ) -> WriteResult:
        """Store attempts, fenced, and end their leases.

        An endpoint that answered 410, or has failed for days, is disabled and its event
        stored: once, also if several workers see the failure.
        """
        ...

    async def add(self, event: StoredEvent) -> None:
        """Store an event without a payment, with its deliveries."""
        ...

    async def page(
        self, merchant_id: UUID, page: PageRequest, only: DeliveryFilter = ANY_DELIVERY
    ) -> Page[Delivery]:
        """Return a page of a merchant's deliveries."""
        ...

    async def get(self, delivery_id: UUID, *, merchant_id: UUID) -> Delivery | None:
        """Return a delivery of a merchant."""
        ...

    async def attempts(self, delivery_id: UUID) -> Sequence[DeliveryAttempt]:
        """Return attempts, the oldest first; if there are too many, the newest."""
        ...

    async def matching(self, recovery: Recovery, *, limit: int) -> tuple[int, Sequence[Delivery]]:
        """Return the number of matching deliveries, and the oldest of them."""
        ...

    async def recover(self, recovery: Recovery, *, limit: int, now: datetime) -> Sequence[Delivery]:
        """Reset and make due the oldest matching deliveries, and return them.

        Claimed deliveries are not changed.
        """
        ...

    async def retry(self, delivery_id: UUID, *, merchant_id: UUID, now: datetime) -> bool:
        """Reset a delivery and make it due now; return False if it is not the merchant's.

        An attempt in progress ends first and is stored.
        """
        ...
