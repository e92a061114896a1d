"""Databases cloned from a template by several processes on one server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import asyncpg
import pytest

from paygate.adapters.embedded.throwaway import throwaway_servers
from paygate.adapters.postgres.template_databases import TemplateDatabases

PATIENCE_S = 60
TEMPLATES = "SELECT count(*) FROM pg_database WHERE datname LIKE 'paygate_test_template_%'"


@pytest.fixture(scope="module")
def server_url() -> Iterator[str]:
    """Provide a server whose databases no other test creates or counts."""
    with throwaway_servers() as servers:
        yield servers.urls.database_url


async def templates(server_url: str) -> int:
    connection = await asyncpg.connect(server_url)
    try:
        return int(await connection.fetchval(TEMPLATES))
    finally:
        await connection.close()


async def test_several_owners_share_a_template_and_the_last_drops_it(server_url: str):
    async with asyncio.timeout(PATIENCE_S):
        first = await TemplateDatabases.open(server_url)
        # While the first clones it, as the processes of pytest-xdist do.
        second = await TemplateDatabases.open(server_url)
        urls = await asyncio.gather(first.clone(), second.clone())
        await first.close()
        urls.append(await second.clone())
        shared = await templates(server_url)
        await second.close()

    assert len(set(urls)) == 3
    assert shared == 1
    assert await templates(server_url) == 0


async def test_owners_that_start_and_stop_at_once_do_not_block_each_other(server_url: str):
    async def open_and_close() -> str:
        databases = await TemplateDatabases.open(server_url)
        try:
            return await databases.clone()
        finally:
            await databases.close()

    async with asyncio.timeout(PATIENCE_S):
        urls = await asyncio.gather(*(open_and_close() for _ in range(6)))

    assert len(set(urls)) == 6
