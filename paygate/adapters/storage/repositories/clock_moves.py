"""The app's time where a test has moved it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from ....core.clock import REAL_TIME, Ahead, ClockState
from ..database import Executor
from ..statements import clock_moves as sql


@dataclass(frozen=True, slots=True)
class PostgresTestClock:
    """See ``ClockMoves``."""

    executor: Executor

    async def find(self) -> ClockState:
        """See ``ClockMoves.find``."""
        return read_state(await self.executor.fetchrow(sql.FIND))

    async def stop(self) -> ClockState | None:
        """See ``ClockMoves.stop``."""
        row = await self.executor.fetchrow(sql.STOP)
        return None if row is None else read_state(row)

    async def hold(self, at: datetime, *, is_passing: bool = False) -> ClockState | None:
        """See ``ClockMoves.hold``."""
        row = await self.executor.fetchrow(sql.HOLD, at, is_passing)
        return None if row is None else read_state(row)

    async def resume(self) -> ClockState | None:
        """See ``ClockMoves.resume``."""
        row = await self.executor.fetchrow(sql.RESUME)
        return None if row is None else read_state(row)

    async def release(self) -> ClockState:
        """See ``ClockMoves.release``."""
        return read_state(await self.executor.fetchrow(sql.RELEASE))

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[bool]:
        """See ``ClockMoves.turn``."""
        async with self.executor.transaction() as locking:
            yield bool(await locking.fetchval(sql.LOCK))

    async def ahead(self, at: datetime) -> Ahead:
        """See ``ClockMoves.ahead``."""
        row = await self.executor.fetchrow(sql.AHEAD, at)
        assert row is not None, "one row, whatever it says"
        return Ahead(row["is_due"], row["next_at"])

    async def behind(self, version: int) -> int:
        """See ``ClockMoves.behind``."""
        return int(await self.executor.fetchval(sql.BEHIND, version))


def read_state(row: asyncpg.Record | None) -> ClockState:
    """What a row says; without one nobody has ever moved the clock."""
    if row is None:
        return REAL_TIME
    return ClockState(**dict(row))
