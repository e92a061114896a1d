"""Hearing at once when another process moves the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from ...core.clock import ClockState
from ...core.queue.background import repeat
from .database import connection, errors_named
from .database_url import DatabaseUrl
from .pool import COMMAND_TIMEOUT_S
from .repositories.clock_moves import read_state
from .statements import clock_moves as sql

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
        lambda: _follow(url.named(f"{sql.NAME}0"), follow),
        every_s=RECONNECT_AFTER_S,
        what="follow the test clock",
    )


async def _follow(url: DatabaseUrl, follow: Callable[[ClockState], None]) -> None:
    async with connection(url, command_timeout=COMMAND_TIMEOUT_S) as listening:
        with errors_named():
            noticed = asyncio.Event()
            await listening.add_listener(sql.CHANNEL, lambda *_: noticed.set())
            await _read_on(listening, noticed, follow)


async def _read_on(
    connection: Any, noticed: asyncio.Event, follow: Callable[[ClockState], None]
) -> None:
    seen = 0
    while True:
        noticed.clear()
        state = read_state(await connection.fetchrow(sql.FIND))
        if state.version != seen:
            follow(state)
            await connection.fetchval(sql.SAY_SEEN, state.version)
            seen = state.version
        try:
            async with asyncio.timeout(READ_EVERY_S):
                await noticed.wait()
        except TimeoutError:
            if state.is_passing:
                await connection.execute(sql.RESUME_ABANDONED)
