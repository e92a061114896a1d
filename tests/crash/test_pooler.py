"""Everything works behind PgBouncer in transaction mode, which keeps no session."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from paygate.adapters.postgres.database import connect
from tests.crash.test_killed_processes import DECIDED, burst, until
from tests.harness.databases import Databases
from tests.harness.folders import open_folder
from tests.harness.pgbouncer import pgbouncer
from tests.harness.processes import Stack, stack

ENVIRON = {"TEST_MODE": "true", "TEST_PROCESSING_DELAY": "0"}


@pytest.fixture
def pooler_url(database_url: str) -> Iterator[str]:
    """Provide a server that PgBouncer, which runs as another user, can reach."""
    with open_folder() as home, pgbouncer(database_url, home) as url:
        yield url


async def test_payments_are_made_and_settled_behind_a_pooler(
    pooler_url: str, database_url: str, redis_url: str, tmp_path: Path
):
    environ = {**ENVIRON, "PAYGATE_DATABASE_DIRECT_URL": database_url}
    async with stack(pooler_url, redis_url, tmp_path, environ) as processes:
        client = await processes.serve("--prepare")
        await processes.start("work")
        await processes.start("work")
        payments = await burst(client, 60)
        await until(database_url, 60, DECIDED)
        await client.call("POST", "/api/v1/test/clock/advance", json={"seconds": 60})
        _, shown = await client.call("GET", f"/api/v1/payments/{payments[0]}")
        _, health = await client.call("GET", "/health")

    assert shown["status"] == "success"
    assert health["status"] == "healthy"


async def test_session_settings_apply_in_every_transaction_behind_a_pooler(
    pooler_url: str, databases: Databases
):
    name = urlsplit(pooler_url).path.lstrip("/")
    await databases.run(
        f"ALTER DATABASE \"{name}\" SET default_transaction_isolation = 'repeatable read'"
    )
    context, executor = await connect(pooler_url, pool_size=6)

    async def seen() -> tuple[str, str]:
        async with executor.transaction() as bound:
            return (
                await bound.fetchval("SHOW transaction_isolation"),
                await bound.fetchval("SHOW lock_timeout"),
            )

    try:
        settings = await asyncio.gather(*(seen() for _ in range(30)))
        numbers = await asyncio.gather(*(executor.fetchval("SELECT $1::int", n) for n in range(99)))
    finally:
        await context.close_connections()

    assert set(settings) == {("read committed", "5s")}
    assert numbers == list(range(99))


@pytest.mark.parametrize("verb", ["migrate", "serve"])
async def test_features_that_a_pooler_lacks_require_the_direct_url(
    pooler_url: str, redis_url: str, tmp_path: Path, verb: str
):
    code, _, errors = await Stack(pooler_url, redis_url, tmp_path).run(verb)

    assert code == 2
    assert "PAYGATE_DATABASE_DIRECT_URL" in errors
    assert "Traceback" not in errors
