"""A database a test, cloned from a migrated template on a real server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import asyncpg

from paygate.adapters.postgres.database_url import with_database
from paygate.testing.background_loop import BackgroundLoop
from paygate.testing.databases import Databases as MadeAhead


@dataclass(frozen=True)
class Databases:
    """Makes and drops databases on one server, for tests in any event loop."""

    server_url: str
    loop: BackgroundLoop
    made_ahead: MadeAhead

    async def clone(self) -> str:
        return await self.loop.run_async(self.made_ahead.acquire())

    async def drop(self, url: str) -> None:
        """Let a database be dropped; nothing waits for that."""

        async def release() -> None:
            self.made_ahead.release(url)

        await self.loop.run_async(release())

    async def run(self, sql: str) -> None:
        """Run a statement beside the databases."""
        connection = await asyncpg.connect(with_database(self.server_url, "postgres"))
        try:
            await connection.execute(sql)
        finally:
            await connection.close()


@contextmanager
def open_databases(server_url: str) -> Iterator[Databases]:
    """Databases on a server that other processes may use as well; dropped at the end."""
    loop = BackgroundLoop()
    made_ahead = loop.run(MadeAhead.open(server_url))
    try:
        yield Databases(server_url, loop, made_ahead)
    finally:
        loop.run(made_ahead.close())
        loop.close()
