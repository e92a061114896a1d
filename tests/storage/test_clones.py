"""Databases copied from a model, by several makers on one server."""

from __future__ import annotations

import asyncio

import asyncpg

from paygate.adapters.postgres.clones import Clones

PATIENCE_S = 60
MODELS = "SELECT count(*) FROM pg_database WHERE datname LIKE 'paygate_model_%'"


async def models(server_url: str) -> int:
    connection = await asyncpg.connect(server_url)
    try:
        return int(await connection.fetchval(MODELS))
    finally:
        await connection.close()


async def test_several_makers_share_a_model_and_the_last_drops_it(server_urls: tuple[str, str]):
    server_url = server_urls[0]
    before = await models(server_url)
    async with asyncio.timeout(PATIENCE_S):
        first = await Clones.open(server_url)
        # While the first copies from it, as the processes of pytest-xdist do.
        second = await Clones.open(server_url)
        urls = await asyncio.gather(first.clone(), second.clone())
        await first.close()
        urls.append(await second.clone())
        shared = await models(server_url)
        await second.close()

    assert len(set(urls)) == 3
    assert shared == max(before, 1)
    assert await models(server_url) == before


async def test_makers_that_come_and_go_at_once_are_in_nobodys_way(server_urls: tuple[str, str]):
    async def come_and_go() -> str:
        clones = await Clones.open(server_urls[0])
        try:
            return await clones.clone()
        finally:
            await clones.close()

    async with asyncio.timeout(PATIENCE_S):
        urls = await asyncio.gather(*(come_and_go() for _ in range(6)))

    assert len(set(urls)) == 6
