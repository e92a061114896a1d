"""A database that was dumped and restored has the same payments, figures and safeguards."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from paygate.adapters.embedded.binaries import find_postgres
from paygate.adapters.embedded.machine import Machine
from paygate.adapters.postgres.database_url import with_database
from tests.harness.apps import TestApp, running_app
from tests.harness.databases import Databases
from tests.harness.fakes import Fakes
from tests.storage.test_figures import compare

TABLES = ("merchants", "orders", "payments", "refunds", "operations", "events", "webhook_logs")


@pytest_asyncio.fixture
async def empty_database(databases: Databases) -> AsyncIterator[str]:
    name = f"restored_{uuid4().hex}"
    await databases.run(f"CREATE DATABASE {name} TEMPLATE template0")
    yield with_database(databases.server_url, name)
    await databases.run(f"DROP DATABASE {name} WITH (FORCE)")


async def rows(url: str, table: str) -> list[str]:
    connection = await asyncpg.connect(url)
    try:
        return [
            row[0] for row in await connection.fetch(f"SELECT t::text FROM {table} t ORDER BY 1")
        ]
    finally:
        await connection.close()


def run(program: str, *arguments: str) -> None:
    path = find_postgres(Machine()).folder / program
    subprocess.run([path, *arguments], check=True, timeout=50)


async def test_a_restored_database_continues(
    own_app: TestApp, empty_database: str, fakes: Fakes, tmp_path: Path
):
    await own_app.webhook_url()
    async with own_app.working():
        paid = [await own_app.paid() for _ in range(3)]
        for payment_id in paid:
            await own_app.until(payment_id, "success")
        refund = await own_app.call("POST", f"/payments/{paid[0]}/refunds", json={"amount": 500})
    waiting = await own_app.paid()
    dump = str(tmp_path / "paygate.dump")
    run("pg_dump", "--format=custom", f"--file={dump}", own_app.database_url)
    run("pg_restore", "--exit-on-error", f"--dbname={empty_database}", dump)

    assert refund.status == 201
    for table in TABLES:
        assert await rows(empty_database, table) == await rows(own_app.database_url, table), table
    async with running_app(
        empty_database, tmp_path / "restored", plugins=fakes.found()
    ) as restored:
        async with restored.working():
            await restored.until(waiting, "success")
            await restored.until(await restored.paid(), "success")
        connection = await asyncpg.connect(empty_database)
        try:
            await compare(connection)
        finally:
            await connection.close()
        with pytest.raises(asyncpg.PostgresError):
            await restored.rows("UPDATE payments SET status = 'pending' WHERE id = $1", paid[0])
