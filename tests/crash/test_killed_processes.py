"""Processes are killed, Redis becomes unavailable: no work is lost and no payer pays twice."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
import redis

from paygate.adapters.embedded import start_servers
from paygate.simulator.book import Book
from tests.harness.audit import differences
from tests.harness.processes import Client, Stack, free_port, stack

SETTLED_WITHIN_S = 60.0


@asynccontextmanager
async def rows(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def until(url: str, wanted: int, sql: str, *, within_s: float = SETTLED_WITHIN_S) -> None:
    async with rows(url) as connection, asyncio.timeout(within_s):
        while await connection.fetchval(sql) < wanted:
            await asyncio.sleep(0.05)


DECIDED = "SELECT count(*) FROM payments WHERE status IN ('success', 'failed')"
MOVING = "SELECT count(*) FROM payments WHERE status <> 'pending'"


def charges(book: Path) -> Counter[str]:
    """Return payment → how many different operations the processor charged for it."""
    pairs = {(charge.payment_id, charge.operation_id) for charge in Book(book).charges()}
    return Counter(payment for payment, _ in pairs)


async def burst(client: Client, count: int) -> list[str]:
    slots = asyncio.Semaphore(16)

    async def one() -> str:
        async with slots:
            return await client.pay()

    return await asyncio.gather(*(one() for _ in range(count)))


@pytest.fixture
async def processes(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Stack]:
    environ = {"TEST_MODE": "true", "TEST_PROCESSING_DELAY": "400"}
    async with stack(database_url, redis_url, tmp_path, environ) as running:
        yield running


async def test_a_killed_worker_leaves_no_payment_unsettled_or_paid_twice(
    processes: Stack,
):
    client = await processes.serve()
    first = await processes.start("work")
    await processes.start("work")
    paying = asyncio.create_task(burst(client, 200))
    await until(processes.database_url, 40, MOVING)
    first.send_signal(signal.SIGKILL)
    payments = await paying
    await processes.start("work")
    await until(processes.database_url, 200, DECIDED)

    charged = charges(processes.book)
    assert set(charged) == set(payments)
    assert set(charged.values()) == {1}
    async with rows(processes.database_url) as connection:
        endings = await connection.fetch(
            "SELECT payment_id, count(*) AS endings FROM events "
            "WHERE type IN ('payment.success', 'payment.failed') GROUP BY payment_id"
        )
        assert await differences(Book(processes.book), connection.fetch) == []
    assert len(endings) == 200
    assert {row["endings"] for row in endings} == {1}


async def test_two_apis_share_a_port_and_two_workers_share_the_load(processes: Stack):
    client = await processes.serve("--share-port")
    port = int(client.base.rsplit(":", 1)[1])
    await processes.serve("--share-port", port=port)
    await processes.start("work")
    await processes.start("work")

    payments = await burst(client, 100)
    await until(processes.database_url, 100, DECIDED)

    assert charges(processes.book) == Counter(payments)


async def test_a_stopped_worker_ends_cleanly_and_leaves_no_lease(processes: Stack):
    client = await processes.serve()
    worker = await processes.start("work")
    await burst(client, 30)
    await until(processes.database_url, 1, MOVING)

    worker.send_signal(signal.SIGTERM)
    code = await asyncio.wait_for(worker.wait(), 60)

    async with rows(processes.database_url) as connection:
        leased = await connection.fetchval(
            "SELECT count(*) FROM operations WHERE lease_token IS NOT NULL"
        )
        workers = await connection.fetchval("SELECT count(*) FROM workers")
    assert (code, leased, workers) == (0, 0, 0)


async def test_an_api_killed_after_a_response_loses_nothing(processes: Stack):
    client = await processes.serve()
    payments = await burst(client, 20)
    processes.processes[0].send_signal(signal.SIGKILL)
    await processes.start("work")

    await until(processes.database_url, 20, DECIDED)

    assert charges(processes.book) == Counter(payments)


@pytest.fixture
def own_redis(server_home: Path) -> Iterator[str]:
    """Provide a Valkey of this test's own, to be killed."""
    with start_servers(server_home, durable=False) as servers:
        yield servers.urls.redis_url


def kill_valkey(url: str) -> None:
    client = redis.Redis.from_url(url)
    os.kill(client.info("server")["process_id"], signal.SIGKILL)
    client.close()


async def test_without_redis_payments_settle_a_little_later(
    database_url: str, own_redis: str, tmp_path: Path
):
    environ = {"TEST_MODE": "true", "TEST_PROCESSING_DELAY": "0"}
    async with stack(database_url, own_redis, tmp_path, environ) as processes:
        client = await processes.serve()
        await processes.start("work")
        await burst(client, 3)
        await until(database_url, 3, DECIDED)
        kill_valkey(own_redis)

        await burst(client, 10)
        await until(database_url, 13, DECIDED)
        status, health = await client.call("GET", "/health")

    assert status == 200
    assert (health["status"], health["redis"], health["degraded"]) == (
        "healthy",
        "disconnected",
        True,
    )


async def test_all_processes_of_dev_end_when_dev_is_killed(server_home: Path):
    environ = {"TEST_MODE": "true"}
    async with stack("", "", server_home, environ) as processes:
        port = str(free_port())
        dev = await processes.start("dev", PORT=port)
        client = Client(f"http://127.0.0.1:{port}")
        await client.until_healthy()
        payment_id = await client.pay()
        family = descendants(dev.pid)
        dev.send_signal(signal.SIGKILL)
        await dev.wait()
        async with asyncio.timeout(60):
            while any(is_alive(pid) for pid in family):
                await asyncio.sleep(0.05)

        again = await processes.start("dev", PORT=port)
        await client.until_healthy()
        status, payment = await client.call("GET", f"/api/v1/payments/{payment_id}")
        again.send_signal(signal.SIGTERM)
        code = await asyncio.wait_for(again.wait(), 60)

    assert len(family) >= 4
    assert (status, payment["id"]) == (200, payment_id)
    assert code == 0


@pytest.mark.parametrize("place", [0, 1, 2], ids=["the one that forks", "the API", "the worker"])
async def test_dev_ends_when_any_of_its_processes_is_killed(server_home: Path, place: int):
    async with stack("", "", server_home, {"TEST_MODE": "true"}) as processes:
        port = str(free_port())
        dev = await processes.start("dev", PORT=port)
        await Client(f"http://127.0.0.1:{port}").until_healthy()
        family = descendants(dev.pid)
        (forking,) = [
            pid
            for pid in family
            if "--fork-worker" in arguments(pid) and "--fork-worker" not in arguments(parent(pid))
        ]
        forks = sorted(pid for pid in family if parent(pid) == forking)
        os.kill([forking, *forks][place], signal.SIGKILL)
        code = await asyncio.wait_for(dev.wait(), 60)
        async with asyncio.timeout(60):
            while any(is_alive(pid) for pid in family):
                await asyncio.sleep(0.05)

    assert (len(forks), code) == (2, 1)


def arguments(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/cmdline").read_text().split("\0")


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


def descendants(pid: int) -> set[int]:
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


assert sys.platform.startswith("linux"), "these tests read /proc"
