"""Faults of processes, of Redis and of PostgreSQL, at their planned times."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import asyncpg
from redis.asyncio import Redis
from redis.exceptions import RedisError

from tests.harness.failover import PostgresPair
from tests.harness.outages import OwnPostgres, read_only

from .plan import FAIL_OVER, PlannedFault
from .site import APIS, WORKERS, Site

TERMINATE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
Fault = Callable[[Site, PlannedFault], Awaitable[None]]


def _end(kind: str, number: signal.Signals) -> Fault:
    async def end(site: Site, fault: PlannedFault) -> None:
        await site.end(site.member(kind, fault.target), number, fault.lasts_s)

    return end


def _freeze(kind: str) -> Fault:
    async def freeze(site: Site, fault: PlannedFault) -> None:
        await site.freeze(site.member(kind, fault.target), fault.lasts_s)

    return freeze


async def _kill_redis(site: Site, fault: PlannedFault) -> None:
    await site.valkey.restart(fault.lasts_s)


async def _freeze_redis(site: Site, fault: PlannedFault) -> None:
    """Connections stay open, and nothing is answered."""
    pid = site.valkey.child.pid
    os.kill(pid, signal.SIGSTOP)
    await asyncio.sleep(fault.lasts_s)
    os.kill(pid, signal.SIGCONT)


async def _flush_redis(site: Site, _fault: PlannedFault) -> None:
    client = Redis.from_url(site.valkey.server.url)
    with suppress(RedisError):
        await client.flushall()
    await client.aclose()


async def _restart_at_once(site: Site, _fault: PlannedFault) -> None:
    assert isinstance(site.postgres, OwnPostgres)
    await site.postgres.restart(signal.SIGQUIT)


async def _restart(site: Site, _fault: PlannedFault) -> None:
    assert isinstance(site.postgres, OwnPostgres)
    await site.postgres.restart(signal.SIGINT)


async def _terminate(site: Site, _fault: PlannedFault) -> None:
    await site.postgres.run(TERMINATE)


async def _reset_network(site: Site, fault: PlannedFault) -> None:
    site.network(fault.name).reset()


async def _lose_network(site: Site, fault: PlannedFault) -> None:
    await site.network(fault.name).lose(fault.lasts_s)


async def _read_only(site: Site, fault: PlannedFault) -> None:
    assert isinstance(site.postgres, OwnPostgres)
    await read_only(site.postgres, fault.lasts_s)


async def _fail_over(site: Site, _fault: PlannedFault) -> None:
    assert isinstance(site.postgres, PostgresPair)
    await site.postgres.fail_over()


FAULTS: dict[str, Fault] = {
    "kill a worker": _end("worker", signal.SIGKILL),
    "kill an API": _end("api", signal.SIGKILL),
    "stop a worker": _end("worker", signal.SIGTERM),
    "stop an API": _end("api", signal.SIGTERM),
    "freeze a worker": _freeze("worker"),
    "freeze a worker beyond its leases": _freeze("worker"),
    "freeze an API": _freeze("api"),
    "kill Redis": _kill_redis,
    "freeze Redis": _freeze_redis,
    "flush Redis": _flush_redis,
    "restart PostgreSQL at once": _restart_at_once,
    "restart PostgreSQL": _restart,
    "terminate connections": _terminate,
    "reset the network to PostgreSQL": _reset_network,
    "lose the network to PostgreSQL": _lose_network,
    "reset the network to Redis": _reset_network,
    "lose the network to Redis": _lose_network,
    "make PostgreSQL read-only": _read_only,
    FAIL_OVER: _fail_over,
}
# What belongs together is not disturbed by two faults at once.
SHARED = {
    "Redis": "redis",
    "PostgreSQL": "postgres",
    "connections": "postgres",
    FAIL_OVER: "postgres",
}


async def cause(planned: Sequence[PlannedFault], site: Site) -> int:
    """Cause the faults at their times; return how many there were."""
    locks: dict[str, asyncio.Lock] = {}
    begin_s = asyncio.get_running_loop().time()

    async def one(fault: PlannedFault) -> None:
        await asyncio.sleep(max(0.0, begin_s + fault.at_s - asyncio.get_running_loop().time()))
        async with locks.setdefault(_part(fault), asyncio.Lock()):
            # PostgreSQL may be restarting, or refuse what a superuser asks of it.
            with suppress(asyncpg.PostgresError, OSError):
                await FAULTS[fault.name](site, fault)

    async with asyncio.TaskGroup() as group:
        for fault in planned:
            group.create_task(one(fault))
    return len(planned)


def _part(fault: PlannedFault) -> str:
    """Return the name of what a fault is done to."""
    for word, part in SHARED.items():
        if word in fault.name:
            return part
    is_api = "API" in fault.name
    return f"{'api' if is_api else 'worker'} {fault.target % (APIS if is_api else WORKERS)}"
