"""A database a test, cloned from a migrated template on a real server."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from secrets import token_hex
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from paygate.adapters.postgres.migrate import migrate


def with_database(url: str, name: str) -> str:
    """The same server, another database."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc or "localhost", f"/{name}", parts.query, ""))


@dataclass(frozen=True)
class Databases:
    """Makes and drops databases on one server."""

    server_url: str
    template: str

    async def clone(self) -> str:
        name = f"paygate_test_{token_hex(6)}"
        # Files are copied in a third of the time that it takes to log what is in them.
        await self._run(f'CREATE DATABASE "{name}" TEMPLATE "{self.template}" STRATEGY FILE_COPY')
        return with_database(self.server_url, name)

    async def drop(self, url: str) -> None:
        name = urlsplit(url).path.lstrip("/")
        await self._run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    async def _run(self, sql: str) -> None:
        connection = await asyncpg.connect(with_database(self.server_url, "postgres"))
        try:
            await connection.execute(sql)
        finally:
            await connection.close()


def migrated_template(server_url: str) -> Databases:
    """Databases cloned from one that was migrated once."""
    # Not the prefix of the shipped templates: a run drops those of runs that have ended.
    databases = Databases(server_url, f"paygate_migrated_{token_hex(6)}")

    async def prepare() -> None:
        await databases._run(f'CREATE DATABASE "{databases.template}"')
        await migrate(with_database(server_url, databases.template))

    asyncio.run(prepare())
    return databases
