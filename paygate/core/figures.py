"""Figures about payments and about work, counted by the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol
from uuid import UUID

from .queue.notifier import Queue


@dataclass(frozen=True, slots=True)
class Window:
    """A span of time in buckets.

    Args:
        since: Where the first begins, in UTC.
        until: Now; the last bucket ends there or later.
        bucket: How long each is.
        buckets: How many.
    """

    since: datetime
    until: datetime
    bucket: timedelta
    buckets: int


@dataclass(frozen=True, slots=True)
class Figures:
    """A merchant's figures within a window, each as rows of plain values."""

    volume: Sequence[Mapping[str, Any]]
    methods: Sequence[Mapping[str, Any]]
    declines: Sequence[Mapping[str, Any]]
    latency: Mapping[str, Any]
    deliveries: Mapping[str, Any]
    refunds: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CallFigures:
    """How the calls of one processor's plugin went.

    Args:
        took_ms: How long those that are counted took: p50 and p95.
    """

    processor: str
    calls: int
    unknown: int
    errors: int
    p50_ms: float | None
    p95_ms: float | None
    last_error: str | None
    last_error_at: datetime | None


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """One queue of work."""

    queue: Queue
    waiting: int
    due: int
    leased: int
    set_aside: int
    oldest_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class WorkerSeen:
    """A process that works, and when it was last heard of."""

    id: str
    kind: str
    started_at: datetime
    heartbeat_at: datetime
    is_alive: bool


@dataclass(frozen=True, slots=True)
class StuckWork:
    """A row that should have been worked on, or was set aside."""

    queue: Queue
    id: str
    state: Literal["overdue", "set_aside"]
    payment_id: str | None
    due_at: datetime | None
    claims: int
    reason: str


class FigureRepository(Protocol):
    """Counts. A merchant's own, or everybody's where ``merchant_id`` may be None."""

    async def overview(self, merchant_id: UUID, window: Window) -> Figures:
        """A merchant's payments, refunds and deliveries that were made in a window."""
        ...

    async def calls(self, *, since: datetime) -> Sequence[CallFigures]:
        """The calls of plugins since then, by processor."""
        ...

    async def workers(self, *, gone_after: timedelta) -> Sequence[WorkerSeen]:
        """Who works."""
        ...

    async def queues(self, merchant_id: UUID | None, *, now: datetime) -> Sequence[QueueCounts]:
        """What work there is."""
        ...

    async def stuck(
        self, merchant_id: UUID | None, *, due_before: datetime, limit: int
    ) -> Sequence[StuckWork]:
        """Rows that were due by then and are held by nobody, and rows set aside."""
        ...

    async def release(
        self,
        queue: Queue,
        row_id: str,
        merchant_id: UUID | None,
        *,
        due_before: datetime,
        now: datetime,
    ) -> bool:
        """Make such a row due now; False if it is none."""
        ...
