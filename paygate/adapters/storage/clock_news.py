"""Hearing at once when another process moves the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import asyncpg

from ...core.domain.errors import InfrastructureError
from ...core.ports.clock import Hold
from .database import AWAY, COMMAND_TIMEOUT_S, CONNECT_TIMEOUT_S, errors_named
from .repositories.test_clock import read_hold
from .statements import test_clock as sql

# A net under the notices, and how a lost connection is found out.
READ_EVERY_S = 1.0
RECONNECT_AFTER_S = 0.25
CLOSE_WITHIN_S = 1.0


async def follow_clock(url: str, follow: Callable[[Hold], None]) -> None:
    """Pass on every move of the clock, until cancelled.

    It holds a connection of its own, since what listens cannot be lent to others,
    and makes a new one when that is lost. A move made in between is read then.
    """
    while True:
        with suppress(InfrastructureError), errors_named():
            await _follow(url, follow)
        await asyncio.sleep(RECONNECT_AFTER_S)


async def _follow(url: str, follow: Callable[[Hold], None]) -> None:
    connection = await asyncpg.connect(
        url,
        timeout=CONNECT_TIMEOUT_S,
        command_timeout=COMMAND_TIMEOUT_S,
        server_settings={"application_name": f"{sql.NAME}0"},
    )
    try:
        noticed = asyncio.Event()
        await connection.add_listener(sql.CHANNEL, lambda *_: noticed.set())
        await _read_on(connection, noticed, follow)
    finally:
        with suppress(*AWAY):
            await connection.close(timeout=CLOSE_WITHIN_S)


async def _read_on(connection: Any, noticed: asyncio.Event, follow: Callable[[Hold], None]) -> None:
    seen = 0
    while True:
        noticed.clear()
        hold = read_hold(await connection.fetchrow(sql.FIND))
        if hold.version != seen:
            follow(hold)
            await connection.fetchval(sql.SAY_SEEN, hold.version)
            seen = hold.version
        with suppress(TimeoutError):
            await asyncio.wait_for(noticed.wait(), READ_EVERY_S)
