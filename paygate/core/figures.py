"""Figures of payments and of queues, computed by the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol
from uuid import UUID

from .queue.notifier import Queue
from .webhooks.model import BreakerState


@dataclass(frozen=True, slots=True)
class Window:
    """A period of time in buckets.

    Args:
        since: Start of the first bucket, in UTC.
        until: Now; the last bucket ends there or later.
        bucket: Length of a bucket.
        buckets: Number of buckets.
    """

    since: datetime
    until: datetime
    bucket: timedelta
    buckets: int


@dataclass(frozen=True, slots=True)
class PaymentTotals:
    """Totals of a merchant's payments.

    Args:
        payments: Number of payments of any status.
        succeeded: Number of successful payments.
        succeeded_minor: Their sum, in minor units.
    """

    payments: int
    succeeded: int
    succeeded_minor: int


@dataclass(frozen=True, slots=True)
class Figures:
    """A merchant's figures of a period, each as rows of plain values."""

    volume: Sequence[Mapping[str, Any]]
    methods: Sequence[Mapping[str, Any]]
    declines: Sequence[Mapping[str, Any]]
    latency: Mapping[str, Any]
    deliveries: Mapping[str, Any]
    refunds: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CallFigures:
    """Figures of the calls of one processor's plugin.

    Args:
        took_ms: Durations of the counted calls: p50 and p95.
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
    """Counts of the rows of one queue."""

    queue: Queue
    waiting: int
    due: int
    leased: int
    dead_lettered: int
    oldest_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class ShownBreaker:
    """The breaker of a processor in a worker, if it is not closed.

    Args:
        state: ``half_open`` after the pause: one call is let through.
        failures: Calls in a row without a response.
        reason: That of the last one.
    """

    state: BreakerState
    failures: int
    reason: str


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """A worker process and its last heartbeat.

    Args:
        breakers: Processor → its breaker, if it is not closed.
    """

    id: str
    kind: str
    started_at: datetime
    heartbeat_at: datetime
    is_alive: bool
    breakers: Mapping[str, ShownBreaker] = field(default_factory=dict)


def worst_breakers(workers: Sequence[WorkerInfo]) -> Mapping[str, ShownBreaker]:
    """Return the breakers of processors that are not closed in a living worker."""
    found: dict[str, ShownBreaker] = {}
    for worker in workers:
        for processor, breaker in worker.breakers.items() if worker.is_alive else ():
            if processor not in found or breaker.state == "open":
                found[processor] = breaker
    return found


@dataclass(frozen=True, slots=True)
class StuckWork:
    """A row that is overdue or dead-lettered."""

    queue: Queue
    id: str
    state: Literal["overdue", "dead_lettered"]
    payment_id: str | None
    due_at: datetime | None
    claims: int
    reason: str


class FigureRepository(Protocol):
    """Figures. Of one merchant, or of all where ``merchant_id`` may be None."""

    async def overview(self, merchant_id: UUID, window: Window) -> Figures:
        """Return figures of a merchant's payments, refunds and deliveries of a period.

        Counts and sums are exact; latencies and deliveries are those of the newest
        ``FIGURES_SAMPLE_ROWS``.
        """
        ...

    async def totals(self, merchant_id: UUID) -> PaymentTotals:
        """Return the totals of a merchant's payments."""
        ...

    async def fold(self, *, limit: int) -> int:
        """Add stored changes to the figures; return how many.

        Readers count changes that are not folded, so a fold changes no figure. It returns 0
        while another worker folds.
        """
        ...

    async def calls(self, *, since: datetime) -> Sequence[CallFigures]:
        """Return figures of the newest calls of plugins since then, by processor.

        At most ``FIGURES_SAMPLE_ROWS`` calls of all processors are counted.
        """
        ...

    async def workers(self, *, dead_after: timedelta) -> Sequence[WorkerInfo]:
        """Return the worker processes."""
        ...

    async def queues(self, merchant_id: UUID | None, *, now: datetime) -> Sequence[QueueCounts]:
        """Return the counts of every queue."""
        ...

    async def stuck(
        self, merchant_id: UUID | None, *, due_before: datetime, limit: int
    ) -> Sequence[StuckWork]:
        """Return rows that were due by then and are not claimed, and dead-lettered rows."""
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
        """Make a stuck row due now; return False if no such row is stuck."""
        ...
