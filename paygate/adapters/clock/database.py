"""A clock that follows the database's clock."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from ...core.queue.background import repeat

# Quartz clocks differ by microseconds after this time.
SYNC_EVERY_S = 30.0
# The clock was read at some time during a request. One that took longer is repeated.
ROUND_TRIP_S = 0.005
READINGS_MAX = 5


class DatabaseClock:
    """Implements ``Clock``.

    Between two readings it advances with the machine's monotonic clock. The machine's wall
    clock is never used, so a wrong wall clock has no influence.

    Args:
        read: Reads the database's clock.
    """

    def __init__(self, read: Callable[[], Awaitable[datetime]]) -> None:
        self._read = read
        self._read_at: datetime | None = None
        self._monotonic_s = 0.0

    def now(self) -> datetime:
        assert self._read_at is not None, "sync() was called before"
        return self._read_at + timedelta(seconds=_steady_s() - self._monotonic_s)

    async def sync(self) -> None:
        """Read the database's clock.

        Raises:
            InfrastructureError: The database is unavailable. ``now`` continues from the last
                reading.
        """
        shortest_s = math.inf
        for _ in range(READINGS_MAX):
            before = _steady_s()
            read = await self._read()
            took_s = _steady_s() - before
            if took_s < shortest_s:
                # It was read between the request and the response.
                shortest_s = took_s
                self._read_at, self._monotonic_s = read, before + took_s / 2
            if shortest_s <= ROUND_TRIP_S:
                break

    async def keep_in_sync(self) -> None:
        """Read it repeatedly, until cancelled."""
        await asyncio.sleep(SYNC_EVERY_S)
        await repeat(self.sync, every_s=SYNC_EVERY_S, what="read the database's clock")


def _steady_s() -> float:
    # Not ``time.monotonic``, which tests may freeze.
    return time.clock_gettime(time.CLOCK_MONOTONIC)


class SystemClock:
    """The time of this machine, for commands without a database."""

    def now(self) -> datetime:
        """Return the time in UTC."""
        return datetime.now(UTC)
