"""Test databases, cloned from a migrated template database.

The owner of the databases holds an advisory lock on the server while it runs, and the key of
that lock is part of the databases' names. A database whose lock is free belongs to a run that
was killed, and the next run drops it.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from ...core.errors import InfrastructureError, OperatorError
from .database import errors_named
from .database_url import CONNECT_TIMEOUT_S, parse_database_url, with_database
from .errors import UNAVAILABLE
from .migrate import migrate

SERVER_SETTING = "PAYGATE_TEST_DATABASE_URL"
CLONE_PREFIX = "paygate_clone_"
TEMPLATE_PREFIX = "paygate_test_template_"

# Families of advisory locks: held by an owner of databases while it runs; held (shared) by
# the owners that clone a template; held while a template is created or dropped.
OWNER_LOCKS, CLONER_LOCKS, TEMPLATE_LOCKS = 0x70677431, 0x70677432, 0x70677433
# Half the time of logging what is copied. A server that waits for its disk would flush it all.
COPY = "STRATEGY FILE_COPY"
NAMES = "SELECT datname FROM pg_database WHERE datname LIKE $1 || '%'"
EXISTS = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)"
LOCK = "SELECT pg_advisory_lock($1, $2)"
TRY_LOCK = "SELECT pg_try_advisory_lock($1, $2)"
UNLOCK = "SELECT pg_advisory_unlock($1, $2)"
LOCK_SHARED = "SELECT pg_advisory_lock_shared($1, $2)"
UNLOCK_SHARED = "SELECT pg_advisory_unlock_shared($1, $2)"


@dataclass(slots=True)
class TemplateDatabases:
    """Creates and drops databases on one server. Use it only in the event loop that opened it."""

    server_url: str
    _connection: Any
    _number: int
    _template: str
    _strategy: str
    _created: set[str] = field(default_factory=set)
    _count: int = 0
    # A connection runs one statement at a time.
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @classmethod
    async def open(cls, server_url: str) -> TemplateDatabases:
        """Connect, drop the databases of killed runs, and create the template if it is missing.

        Args:
            server_url: URL of any database on the server. It is not changed.

        Raises:
            OperatorError: The server is not available, or the user may not create databases.
        """
        number = int.from_bytes(os.urandom(4), signed=True)
        template = f"{TEMPLATE_PREFIX}{_digest()}"
        connection = await _connect(server_url)
        is_durable = await connection.fetchval("SHOW fsync") == "on"
        databases = cls(server_url, connection, number, template, "" if is_durable else COPY)
        try:
            await connection.execute(LOCK, OWNER_LOCKS, number)
            await databases._drop_leftovers()
            await databases._create_template()
        except asyncpg.InsufficientPrivilegeError as error:
            await connection.close()
            raise OperatorError(
                setting=SERVER_SETTING,
                problem=f"the user may not create databases ({error})",
                remedy="Use a role with CREATEDB (ALTER ROLE … CREATEDB), or leave it empty",
            ) from error
        return databases

    async def clone(self) -> str:
        """Create a database and return its URL."""
        self._count += 1
        name = f"{CLONE_PREFIX}{_hex(self._number)}_{self._count}"
        async with self._turn:
            self._created.add(name)
            await self._connection.execute(
                f'CREATE DATABASE "{name}" TEMPLATE "{self._template}" {self._strategy}'
            )
        return with_database(self.server_url, name)

    async def drop(self, url: str) -> None:
        """Drop a clone and end its connections. If this fails, ``close`` tries again."""
        name = urlsplit(url).path.lstrip("/")
        async with self._turn:
            with suppress(asyncpg.PostgresError, *UNAVAILABLE):
                await self._drop(name)
                self._created.discard(name)

    async def close(self) -> None:
        """Drop all clones, and the template unless other processes use it."""
        async with self._turn:
            with suppress(asyncpg.PostgresError, *UNAVAILABLE):
                for name in self._created:
                    await self._drop(name)
                key = _lock_key(self._template)
                await self._connection.fetchval(UNLOCK_SHARED, CLONER_LOCKS, key)
                await self._drop_template_unless_used(self._template)
            # Closing the connection releases the locks.
            with suppress(*UNAVAILABLE):
                await self._connection.close(timeout=CONNECT_TIMEOUT_S)

    async def _create_template(self) -> None:
        key = _lock_key(self._template)
        async with self._locked(TEMPLATE_LOCKS, key):
            if not await self._connection.fetchval(EXISTS, self._template):
                # It is renamed when it is complete: this process may be killed before that.
                name = f"{CLONE_PREFIX}{_hex(self._number)}_template"
                await self._connection.execute(f'CREATE DATABASE "{name}"')
                await migrate(with_database(self.server_url, name))
                await self._connection.execute(
                    f'ALTER DATABASE "{name}" RENAME TO "{self._template}"'
                )
            await self._connection.execute(LOCK_SHARED, CLONER_LOCKS, key)

    async def _drop_leftovers(self) -> None:
        for row in await self._connection.fetch(NAMES, CLONE_PREFIX):
            owner = _lock_key(row["datname"])
            if owner is None or owner == self._number:
                continue
            if await self._connection.fetchval(TRY_LOCK, OWNER_LOCKS, owner):
                await self._drop(row["datname"])
                await self._connection.fetchval(UNLOCK, OWNER_LOCKS, owner)
        for row in await self._connection.fetch(NAMES, TEMPLATE_PREFIX):
            if row["datname"] != self._template:
                await self._drop_template_unless_used(row["datname"])

    async def _drop_template_unless_used(self, name: str) -> None:
        key = _lock_key(name)
        if key is None:
            return
        # A process that found the template has its shared lock before this lock is free.
        async with self._locked(TEMPLATE_LOCKS, key):
            if await self._connection.fetchval(TRY_LOCK, CLONER_LOCKS, key):
                await self._drop(name)
                await self._connection.fetchval(UNLOCK, CLONER_LOCKS, key)

    async def _drop(self, name: str) -> None:
        await self._connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    @asynccontextmanager
    async def _locked(self, family: int, key: int | None) -> AsyncIterator[None]:
        await self._connection.execute(LOCK, family, key)
        try:
            yield
        finally:
            await self._connection.fetchval(UNLOCK, family, key)


async def _connect(url: str) -> Any:
    target = parse_database_url(url, setting=SERVER_SETTING).named("paygate tests")
    try:
        with errors_named():
            # No command timeout: creating a database waits for other processes that do the same.
            return await asyncpg.connect(**target.arguments())
    except (InfrastructureError, asyncpg.PostgresError) as error:
        raise OperatorError(
            setting=SERVER_SETTING,
            problem=f"the server is not available ({error})",
            remedy="Check that PostgreSQL is running, or leave it empty to start a server",
        ) from error


def _digest() -> str:
    """Hash the migrations, so that each version of the schema has its own template."""
    folder = Path(__file__).parent / "migrations"
    files = sorted(folder.glob("*.py"))
    whole = hashlib.sha256(b"".join(file.read_bytes() for file in files))
    return whole.hexdigest()[:8]


def _hex(number: int) -> str:
    return f"{number & 0xFFFFFFFF:08x}"


def _lock_key(name: str) -> int | None:
    """Read the lock key from a database name; None if the name has none."""
    digits = name.removeprefix(TEMPLATE_PREFIX).removeprefix(CLONE_PREFIX)[:8]
    try:
        return int.from_bytes(bytes.fromhex(digits), signed=True)
    except ValueError:
        return None
