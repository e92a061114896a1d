"""What a process counts and measures for its operators."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..clock import Clock
from ..errors import InfrastructureError
from ..figures import QueueCounts
from ..storage import Storage
from ..webhooks.model import BreakerState

# However often the metrics are read, the queues are counted once in this time.
QUEUES_FRESH_S = 5.0
QUEUES_DEADLINE_S = 5.0
LAG_EVERY_S = 1.0
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""The methods that are shown; a client may send any other word."""
LEASED_TABLES = ("operations", "webhook_logs")
"""The tables whose rows workers lease."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is measured when the metrics are read.

    Args:
        queues: The rows of each queue; None if the database did not answer.
        queues_at: The app's time of that.
        connections_used: Connections of the pool that are in use.
        connections_idle: Connections of the pool that are not.
    """

    queues: Sequence[QueueCounts] | None
    queues_at: float
    connections_used: int
    connections_idle: int


class Metrics(Protocol):
    """Counts in memory; no method waits. Every value of a label is one of a known few."""

    def request(self, method: str, route: str | None, status: int, seconds: float) -> None:
        """Count a request; the route is its rule, or None if there is none."""
        ...

    def result(self, processor: str, kind: str, outcome: str, call_ms: Sequence[int]) -> None:
        """Count the result of a claimed operation, and the calls that it took."""
        ...

    def delivery(self, outcome: str, seconds: float) -> None:
        """Count an attempt of a delivery."""
        ...

    def leases_released(self, table: str, count: int) -> None:
        """Count leases of dead workers that were released."""
        ...

    def stale_results(self, queue: str, count: int) -> None:
        """Count results that were not stored because another worker had claimed the row."""
        ...

    def breakers(self, states: Mapping[str, BreakerState]) -> None:
        """Set the state of each processor's breaker."""
        ...

    def loop_lag(self, seconds: float) -> None:
        """Take note how late the event loop was."""
        ...

    def render(self, snapshot: Snapshot) -> bytes:
        """Return everything in Prometheus' text format, of all processes of this command."""
        ...


class NoMetrics:
    """Counts nothing."""

    def request(self, method: str, route: str | None, status: int, seconds: float) -> None:
        """See ``Metrics``."""

    def result(self, processor: str, kind: str, outcome: str, call_ms: Sequence[int]) -> None:
        """See ``Metrics``."""

    def delivery(self, outcome: str, seconds: float) -> None:
        """See ``Metrics``."""

    def leases_released(self, table: str, count: int) -> None:
        """See ``Metrics``."""

    def stale_results(self, queue: str, count: int) -> None:
        """See ``Metrics``."""

    def breakers(self, states: Mapping[str, BreakerState]) -> None:
        """See ``Metrics``."""

    def loop_lag(self, seconds: float) -> None:
        """See ``Metrics``."""

    def render(self, snapshot: Snapshot) -> bytes:  # noqa: ARG002 - there is nothing to show
        """See ``Metrics``."""
        return b""


async def measure_loop_lag(metrics: Metrics) -> None:
    """Measure once a second how late the event loop is, until it is cancelled."""
    while True:
        began_s = time.monotonic()
        await asyncio.sleep(LAG_EVERY_S)
        metrics.loop_lag(max(0.0, time.monotonic() - began_s - LAG_EVERY_S))


@dataclass(eq=False, slots=True)
class MetricsPage:
    """The text of the metrics, with what the database knows."""

    metrics: Metrics
    storage: Storage
    clock: Clock
    _asked: asyncio.Task[Sequence[QueueCounts] | None] | None = field(default=None, init=False)
    _asked_at_s: float = field(default=0.0, init=False)
    _queues_at: float = field(default=0.0, init=False)

    async def text(self) -> bytes:
        """Return the metrics in Prometheus' text format."""
        queues = await self._queues()
        used, idle = self.storage.connections()
        return self.metrics.render(Snapshot(queues, self._queues_at, used, idle))

    async def _queues(self) -> Sequence[QueueCounts] | None:
        now_s, asked = time.monotonic(), self._asked
        if asked is None or (asked.done() and now_s - self._asked_at_s >= QUEUES_FRESH_S):
            asked = self._asked = asyncio.create_task(self._count())
            self._asked_at_s = now_s
        return await asyncio.shield(asked)

    async def _count(self) -> Sequence[QueueCounts] | None:
        now = self.clock.now()
        self._queues_at = now.timestamp()
        try:
            async with asyncio.timeout(QUEUES_DEADLINE_S):
                return await self.storage.figures.queues(None, now=now)
        except (InfrastructureError, TimeoutError):
            return None
