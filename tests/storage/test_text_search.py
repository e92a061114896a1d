"""Searches for a part of a text, with the extension pg_trgm and without it."""

from __future__ import annotations

from pathlib import Path
from secrets import token_hex
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from paygate.adapters.postgres.database_url import with_database
from paygate.adapters.postgres.migrate import migrate
from paygate.cli.doctor import doctor
from paygate.cli.setup import Setup
from tests.harness.apps import TestApp, running_app
from tests.harness.databases import Databases
from tests.harness.fakes import Fakes

REMEDY = "run `CREATE EXTENSION pg_trgm; SELECT paygate_index_texts()`"


def with_user(url: str, name: str) -> str:
    """Return the URL of the same database with another user."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{name}:secret@{host}"))


async def lines(app: TestApp) -> str:
    return "\n".join([line async for line in doctor(Setup(app.app.settings, {}))])


async def test_search_works_without_the_extension_and_doctor_reports_it(
    databases: Databases, tmp_path: Path
):
    name = f"paygate_{token_hex(6)}"
    url = with_database(databases.server_url, name)
    await databases.run(f"CREATE ROLE {name} LOGIN PASSWORD 'secret'")
    await databases.run(f"CREATE DATABASE {name}")
    owner = await asyncpg.connect(url)
    try:
        # Without the right to create in the database, extensions cannot be created.
        await owner.execute(f"GRANT ALL ON SCHEMA public TO {name}")
        await migrate(with_user(url, name))
        async with running_app(with_user(url, name), tmp_path, plugins=Fakes().found()) as app:
            order = await app.order(receipt="Winter-sale")
            found = (await app.call("GET", "/orders?limit=1&q=ter-sa")).json["data"]
            before = await lines(app)
            await owner.execute("CREATE EXTENSION pg_trgm")
            await app.rows("SELECT paygate_index_texts()")
            after = await lines(app)
            again = (await app.call("GET", "/orders?limit=1&q=ter-sa")).json["data"]
    finally:
        await owner.close()
        await databases.run(f"DROP DATABASE {name} WITH (FORCE)")
        await databases.run(f"DROP ROLE {name}")

    assert [row["id"] for row in found] == [row["id"] for row in again] == [order]
    assert REMEDY in before
    assert REMEDY not in after
