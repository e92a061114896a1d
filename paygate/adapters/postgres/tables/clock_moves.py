"""The moved time of the test clock, and how other processes follow it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from ....core.clock import REAL_TIME, ClockState, DueWork
from ....core.queue.background import repeat
from ..database import Executor, connection, errors_named
from ..database_url import DatabaseUrl
from ..pool import COMMAND_TIMEOUT_S
from .columns import IS_HELD

CHANNEL = "paygate_test_clock"
NAME = "paygate clock "
COLUMNS = "version, held_at, resumed_from, resumed_at, is_passing"
FIND = f"SELECT {COLUMNS} FROM test_clock"


def _told(move: str) -> str:
    # Nobody is told before it is committed: a notice goes out with the commit.
    return f"""
WITH moved AS ({move} RETURNING {COLUMNS})
SELECT {COLUMNS} FROM moved, pg_notify('{CHANNEL}', '')
"""


STOP = _told("""
    INSERT INTO test_clock AS c (id, is_passing, version) VALUES (1, true, 1)
    ON CONFLICT (id) DO UPDATE SET is_passing = true, version = c.version + 1
    WHERE c.held_at IS NULL""")
HOLD = _told("""
    INSERT INTO test_clock AS c (id, held_at, is_passing, version) VALUES (1, $1, $2, 1)
    ON CONFLICT (id) DO UPDATE SET held_at = excluded.held_at, is_passing = excluded.is_passing,
        resumed_from = NULL, resumed_at = NULL, version = c.version + 1
    WHERE c.held_at IS NULL OR excluded.held_at >= c.held_at""")
RELEASE = _told("""
    INSERT INTO test_clock AS c (id, version) VALUES (1, 1)
    ON CONFLICT (id) DO UPDATE SET held_at = NULL, is_passing = false,
        resumed_from = NULL, resumed_at = NULL, version = c.version + 1""")

# One that was only about to be moved goes on as before.
_RUN_ON = """
    UPDATE test_clock SET resumed_from = coalesce(held_at, resumed_from),
        resumed_at = CASE WHEN held_at IS NULL THEN resumed_at ELSE clock_timestamp() END,
        held_at = NULL, is_passing = false, version = version + 1"""
RESUME = _told(f"{_RUN_ON} WHERE held_at IS NOT NULL OR is_passing")
_TRY_LOCK = f"SELECT pg_try_advisory_xact_lock(hashtext('{CHANNEL}')) AS is_ours"
LOCK = _TRY_LOCK

# Whoever moves the clock has the lock until it lets it run on: with the lock to be had,
# they are gone.
RESUME_ABANDONED = _told(f"""{_RUN_ON}
    FROM ({_TRY_LOCK} OFFSET 0) AS turn WHERE is_passing AND turn.is_ours""")
AHEAD = f"""
WITH work AS (
    SELECT run_at AS due_at FROM operations WHERE lease_state = 'ready'
    UNION ALL
    SELECT next_retry_at FROM webhook_logs w WHERE status = 'pending' AND NOT ({IS_HELD})
)
SELECT EXISTS (SELECT FROM work WHERE due_at <= $1) AS is_due,
    (SELECT min(due_at) FROM work WHERE due_at > $1) AS next_at
"""
SAY_SEEN = f"SELECT set_config('application_name', '{NAME}' || $1::bigint, false)"
BEHIND = f"""
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database()
    AND CASE WHEN application_name ~ '^{NAME}[0-9]+$'
        THEN substr(application_name, {len(NAME) + 1})::bigint < $1 END
"""


@dataclass(frozen=True, slots=True)
class PostgresTestClock:
    """Implements ``ClockMoves``."""

    executor: Executor

    async def find(self) -> ClockState:
        return read_state(await self.executor.fetchrow(FIND))

    async def stop(self) -> ClockState | None:
        row = await self.executor.fetchrow(STOP)
        return None if row is None else read_state(row)

    async def hold(self, at: datetime, *, is_passing: bool = False) -> ClockState | None:
        row = await self.executor.fetchrow(HOLD, at, is_passing)
        return None if row is None else read_state(row)

    async def resume(self) -> ClockState | None:
        row = await self.executor.fetchrow(RESUME)
        return None if row is None else read_state(row)

    async def release(self) -> ClockState:
        return read_state(await self.executor.fetchrow(RELEASE))

    @asynccontextmanager
    async def lock(self) -> AsyncIterator[bool]:
        async with self.executor.transaction() as locking:
            yield bool(await locking.fetchval(LOCK))

    async def due_work(self, at: datetime) -> DueWork:
        row = await self.executor.fetchrow(AHEAD, at)
        assert row is not None, "one row, whatever it says"
        return DueWork(row["is_due"], row["next_at"])

    async def count_behind(self, version: int) -> int:
        return int(await self.executor.fetchval(BEHIND, version))


def read_state(row: asyncpg.Record | None) -> ClockState:
    """What a row says; without one nobody has ever moved the clock."""
    if row is None:
        return REAL_TIME
    return ClockState(**dict(row))


# A net under the notices, and how a lost connection is found out.
READ_EVERY_S = 1.0
RECONNECT_AFTER_S = 0.25


async def follow_clock(url: DatabaseUrl, follow: Callable[[ClockState], None]) -> None:
    """Pass on every move of the clock, until cancelled.

    It holds a connection of its own, since what listens cannot be lent to others,
    and makes a new one when that is lost. A move made in between is read then. A clock
    whose mover has died halfway is let run on.

    Args:
        url: Of PostgreSQL itself: a pooler passes no notices on.
        follow: Called with each move.
    """
    await repeat(
        lambda: _follow(url.named(f"{NAME}0"), follow),
        every_s=RECONNECT_AFTER_S,
        what="follow the test clock",
    )


async def _follow(url: DatabaseUrl, follow: Callable[[ClockState], None]) -> None:
    async with connection(url, command_timeout=COMMAND_TIMEOUT_S) as listening:
        with errors_named():
            noticed = asyncio.Event()
            await listening.add_listener(CHANNEL, lambda *_: noticed.set())
            await _read_on(listening, noticed, follow)


async def _read_on(
    connection: Any, noticed: asyncio.Event, follow: Callable[[ClockState], None]
) -> None:
    seen = 0
    while True:
        noticed.clear()
        state = read_state(await connection.fetchrow(FIND))
        if state.version != seen:
            follow(state)
            await connection.fetchval(SAY_SEEN, state.version)
            seen = state.version
        try:
            async with asyncio.timeout(READ_EVERY_S):
                await noticed.wait()
        except TimeoutError:
            if state.is_passing:
                await connection.execute(RESUME_ABANDONED)
