"""The database is unavailable for a while; a request body is too large."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from paygate.adapters.postgres.database_url import with_database
from tests.harness.databases import Databases
from tests.harness.processes import Client, Stack, stack


@pytest.fixture
async def processes(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Stack]:
    environ = {"TEST_MODE": "true", "TEST_PROCESSING_DELAY": "0"}
    async with stack(database_url, redis_url, tmp_path, environ) as running:
        yield running


async def until_settled(client: Client, payment_id: str) -> None:
    async with asyncio.timeout(60):
        while True:
            _, payment = await client.call("GET", f"/api/v1/payments/{payment_id}")
            if payment["status"] == "success":
                return
            await asyncio.sleep(0.05)


async def test_clients_get_503_during_a_database_outage_and_work_continues_after_it(
    processes: Stack, databases: Databases
):
    name = urlsplit(processes.database_url).path.lstrip("/")
    client = await processes.serve()
    await processes.start("work")
    await until_settled(client, await client.pay())
    admin = await asyncpg.connect(with_database(databases.server_url, "postgres"))
    try:
        await admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
        )
        away = [await client.call("POST", "/api/v1/orders", json={"amount": 100}) for _ in range(3)]
        _, health = await client.call("GET", "/health")
        await admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    finally:
        await admin.close()

    assert [status for status, _ in away] == [503] * 3
    assert away[0][1]["error"]["code"] == "SERVER_ERROR"
    assert health["database"] == "disconnected"
    await until_settled(client, await client.pay())


async def test_a_body_of_17_mb_gets_a_readable_413(processes: Stack):
    client = await processes.serve()

    status, answer = await client.call("POST", "/api/v1/orders", data=b"x" * 17_000_000)

    assert (status, answer["error"]["description"]) == (413, "The body is too large")
