"""The probes of processes, while their database is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import asyncpg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from paygate.adapters.postgres.database_url import with_database
from tests.harness.databases import Databases
from tests.harness.patience import PATIENCE_S
from tests.harness.processes import Client, Stack, free_port, stack


@pytest.fixture
async def processes(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Stack]:
    async with stack(database_url, redis_url, tmp_path, {}) as running:
        yield running


async def until(client: Client, path: str, *expected: Any) -> None:
    """Wait until a probe has one of these answers."""
    seen: Any = None
    try:
        async with asyncio.timeout(PATIENCE_S):
            while seen not in expected:
                with suppress(aiohttp.ClientConnectionError):
                    seen = await client.call("GET", path)
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"{path} still answers {seen}") from None


READY = 200, {"status": "ready", "problems": []}
UNAVAILABLE = 503, {"status": "not_ready", "problems": ["database_unavailable"]}
UNAVAILABLE_FOR_LONG = (
    503,
    {"status": "not_ready", "problems": ["worker_stopped", "database_unavailable"]},
)
LIVE = 200, {"status": "live"}


async def test_api_and_worker_live_but_are_not_ready_without_their_database(
    processes: Stack, databases: Databases
):
    name = urlsplit(processes.database_url).path.lstrip("/")
    port = free_port()
    api = await processes.serve()
    await processes.start("work", PAYGATE_METRICS_PORT=str(port))
    worker = Client(f"http://127.0.0.1:{port}")
    for each in (api, worker):
        await until(each, "/readyz", READY)
    admin = await asyncpg.connect(with_database(databases.server_url, "postgres"))
    try:
        await admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
        )
        await until(api, "/readyz", UNAVAILABLE)
        # A worker that has sent no heartbeat for ten seconds says that too.
        await until(worker, "/readyz", UNAVAILABLE, UNAVAILABLE_FOR_LONG)
        live = [await each.call("GET", "/livez") for each in (api, worker)]
        await admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    finally:
        await admin.close()

    assert live == [LIVE, LIVE]
    for each in (api, worker):
        await until(each, "/readyz", READY)


async def test_a_worker_whose_port_for_probes_is_in_use_does_not_start(processes: Stack):
    api = await processes.serve()
    port = api.base.rpartition(":")[2]

    code, _, errors = await processes.run("work", PAYGATE_METRICS_PORT=port)

    assert code == 2
    assert "PAYGATE_METRICS_PORT" in errors


async def test_every_process_of_a_port_shows_the_counts_of_all(processes: Stack):
    port = free_port()
    api = await processes.serve("--processes", "2", PAYGATE_METRICS_PORT=str(port))
    metrics = Client(f"http://127.0.0.1:{port}")
    await until(metrics, "/livez", LIVE)
    for _ in range(20):
        assert (await api.call("GET", "/livez")) == LIVE

    shown = [await _count_of_livez(metrics) for _ in range(10)]

    assert shown == [20.0] * 10


async def _count_of_livez(metrics: Client) -> float:
    """Read how many requests of /livez the API's port has answered."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{metrics.base}/metrics") as response,
    ):
        text = await response.text()
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "paygate_http_requests_total" and sample.labels["route"] == "/livez"
    )
