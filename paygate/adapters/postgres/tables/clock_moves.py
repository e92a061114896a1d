"""The stored state of the test clock, and how other processes follow it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
from tortoise import fields

from ....core.clock import REAL_TIME, ClockState, DueWork
from ....core.queue.background import repeat
from ..database import Executor, connection, errors_named
from ..database_url import DatabaseUrl
from ..orm import TableRow
from ..pool import COMMAND_TIMEOUT_S
from .columns import IS_HELD


class TestClockRow(TableRow):
    """The test clock: one row, or none while the app uses the real time."""

    id = fields.SmallIntField(primary_key=True)
    # The time at which it is frozen; null while it runs.
    held_at = fields.DatetimeField(null=True)
    # Since when it runs, and from which time; both are null while it is frozen or unchanged.
    resumed_from = fields.DatetimeField(null=True)
    resumed_at = fields.DatetimeField(null=True)
    # True while a move is in progress, during which the clock is frozen.
    is_passing = fields.BooleanField(default=False, db_default=False)
    version = fields.BigIntField()

    class Meta:
        table = "test_clock"


CHANNEL = "paygate_test_clock"
NAME = "paygate clock "
COLUMNS = "version, held_at, resumed_from, resumed_at, is_passing"
FIND = f"SELECT {COLUMNS} FROM test_clock"


def _notified(move: str) -> str:
    # PostgreSQL sends the notification after the commit.
    return f"""
WITH moved AS ({move} RETURNING {COLUMNS})
SELECT {COLUMNS} FROM moved, pg_notify('{CHANNEL}', '')
"""


STOP = _notified("""
    INSERT INTO test_clock AS c (id, is_passing, version) VALUES (1, true, 1)
    ON CONFLICT (id) DO UPDATE SET is_passing = true, version = c.version + 1
    WHERE c.held_at IS NULL""")
HOLD = _notified("""
    INSERT INTO test_clock AS c (id, held_at, is_passing, version) VALUES (1, $1, $2, 1)
    ON CONFLICT (id) DO UPDATE SET held_at = excluded.held_at, is_passing = excluded.is_passing,
        resumed_from = NULL, resumed_at = NULL, version = c.version + 1
    WHERE c.held_at IS NULL OR excluded.held_at >= c.held_at""")
RELEASE = _notified("""
    INSERT INTO test_clock AS c (id, version) VALUES (1, 1)
    ON CONFLICT (id) DO UPDATE SET held_at = NULL, is_passing = false,
        resumed_from = NULL, resumed_at = NULL, version = c.version + 1""")

# A clock whose move has not begun continues as before.
_CONTINUE = """
    UPDATE test_clock SET resumed_from = coalesce(held_at, resumed_from),
        resumed_at = CASE WHEN held_at IS NULL THEN resumed_at ELSE clock_timestamp() END,
        held_at = NULL, is_passing = false, version = version + 1"""
RESUME = _notified(f"{_CONTINUE} WHERE held_at IS NOT NULL OR is_passing")
_TRY_LOCK = f"SELECT pg_try_advisory_xact_lock(hashtext('{CHANNEL}')) AS is_ours"
LOCK = _TRY_LOCK

# The process that moves the clock holds the lock until the move ends. If the lock is free,
# that process has died.
RESUME_ABANDONED = _notified(f"""{_CONTINUE}
    FROM ({_TRY_LOCK} OFFSET 0) AS turn WHERE is_passing AND turn.is_ours""")
AHEAD = f"""
WITH work AS (
    SELECT run_at AS due_at FROM operations WHERE lease_state = 'ready'
    UNION ALL
    SELECT next_retry_at FROM webhook_logs w WHERE status = 'pending' AND NOT ({IS_HELD})
    UNION ALL
    SELECT link_expires_at FROM orders WHERE link_will_expire
)
SELECT EXISTS (SELECT FROM work WHERE due_at <= $1) AS is_due,
    (SELECT min(due_at) FROM work WHERE due_at > $1) AS next_at
"""
ACKNOWLEDGE = f"SELECT set_config('application_name', '{NAME}' || $1::bigint, false)"
COUNT_BEHIND = f"""
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
        assert row is not None, "a query without FROM has one row"
        return DueWork(row["is_due"], row["next_at"])

    async def count_behind(self, version: int) -> int:
        return int(await self.executor.fetchval(COUNT_BEHIND, version))


def read_state(row: asyncpg.Record | None) -> ClockState:
    """Convert a row of ``test_clock``; without a row the clock shows the real time."""
    if row is None:
        return REAL_TIME
    return ClockState(**dict(row))


# Polling finds lost notifications and lost connections.
READ_EVERY_S = 1.0
RECONNECT_AFTER_S = 0.25


async def follow_clock(url: DatabaseUrl, follow: Callable[[ClockState], None]) -> None:
    """Report every move of the clock, until cancelled.

    It uses its own connection, because LISTEN needs one that is not shared, and reconnects if
    it is lost; moves made meanwhile are read then. A clock whose moving process has died runs
    on.

    Args:
        url: The address of PostgreSQL itself: a pooler does not forward notifications.
        follow: Called with each new state.
    """
    await repeat(
        lambda: _follow(url.named(f"{NAME}0"), follow),
        every_s=RECONNECT_AFTER_S,
        what="follow the test clock",
    )


async def _follow(url: DatabaseUrl, follow: Callable[[ClockState], None]) -> None:
    async with connection(url, command_timeout=COMMAND_TIMEOUT_S) as listening:
        with errors_named():
            notified = asyncio.Event()
            await listening.add_listener(CHANNEL, lambda *_: notified.set())
            await _report_moves(listening, notified, follow)


async def _report_moves(
    connection: Any, notified: asyncio.Event, follow: Callable[[ClockState], None]
) -> None:
    seen = 0
    while True:
        notified.clear()
        state = read_state(await connection.fetchrow(FIND))
        if state.version != seen:
            follow(state)
            await connection.fetchval(ACKNOWLEDGE, state.version)
            seen = state.version
        try:
            async with asyncio.timeout(READ_EVERY_S):
                await notified.wait()
        except TimeoutError:
            if state.is_passing:
                await connection.execute(RESUME_ABANDONED)
