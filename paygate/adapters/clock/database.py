"""The database's clock, read often enough and carried forward in between."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from ...core.queue.background import repeat

# How far two quartz clocks drift apart in this time is microseconds.
SYNC_EVERY_S = 30.0


class DatabaseClock:
    """See ``Clock``.

    Between readings it advances with this machine's monotonic clock, which
    nobody can set. The machine's wall clock is never asked, so a machine whose
    clock is an hour off behaves like any other.

    Args:
        read: Asks the database what time it is.
    """

    def __init__(self, read: Callable[[], Awaitable[datetime]]) -> None:
        self._read = read
        self._read_at: datetime | None = None
        self._monotonic_s = 0.0

    def now(self) -> datetime:
        """See ``Clock.now``."""
        assert self._read_at is not None, "sync() comes first"
        return self._read_at + timedelta(seconds=_steady_s() - self._monotonic_s)

    async def sync(self) -> None:
        """Read the database's clock.

        Raises:
            InfrastructureError: It is away; ``now`` goes on from the last reading.
        """
        before = _steady_s()
        read = await self._read()
        after = _steady_s()
        # It was read somewhere between asking and hearing.
        self._read_at, self._monotonic_s = read, (before + after) / 2

    async def keep_in_sync(self) -> None:
        """Read it again and again, until cancelled."""
        await asyncio.sleep(SYNC_EVERY_S)
        await repeat(self.sync, every_s=SYNC_EVERY_S, what="read the database's clock")


def _steady_s() -> float:
    # Not ``time.monotonic``, which a test that freezes time freezes too.
    return time.clock_gettime(time.CLOCK_MONOTONIC)
