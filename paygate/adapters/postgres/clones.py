"""Databases that live as long as a test, copied from one that was migrated once.

Whoever makes them holds an advisory lock on the server for as long as it lives, and the
number of that lock stands in the databases' names. So a name tells whether its maker is
alive, whichever machine it runs on: what nobody holds was left by a run that was killed,
and the next run drops it.
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
from .errors import AWAY
from .migrate import migrate

SERVER_SETTING = "PAYGATE_TEST_DATABASE_URL"
CLONE = "paygate_clone_"
MODEL = "paygate_model_"

# Families of advisory locks: "who lives", "who copies from that model" (shared, for as long
# as they live) and "who makes or drops that model" (briefly).
LIVING, COPYING, MAKING = 0x70677431, 0x70677432, 0x70677433
NAMES = "SELECT datname FROM pg_database WHERE datname LIKE $1 || '%'"
EXISTS = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)"
TAKE = "SELECT pg_advisory_lock($1, $2)"
TRY = "SELECT pg_try_advisory_lock($1, $2)"
LET_GO = "SELECT pg_advisory_unlock($1, $2)"
SHARE = "SELECT pg_advisory_lock_shared($1, $2)"
STOP_SHARING = "SELECT pg_advisory_unlock_shared($1, $2)"


@dataclass(slots=True)
class Clones:
    """Makes and drops databases on one server. Belongs to the event loop it was opened on."""

    server_url: str
    _connection: Any
    _number: int
    _model: str
    _made: set[str] = field(default_factory=set)
    _count: int = 0
    # One connection does one thing at a time.
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @classmethod
    async def open(cls, server_url: str) -> Clones:
        """Connect, drop what killed runs have left, and have a model to copy from.

        Args:
            server_url: Of a database on the server that may be connected to; it stays
                untouched.

        Raises:
            OperatorError: The server cannot be used, or forbids making databases.
        """
        number = int.from_bytes(os.urandom(4), signed=True)
        model = f"{MODEL}{_digest()}"
        connection = await _connect(server_url)
        clones = cls(server_url, connection, number, model)
        try:
            await connection.execute(TAKE, LIVING, number)
            await clones._drop_leftovers()
            await clones._make_model()
        except asyncpg.InsufficientPrivilegeError as error:
            await connection.close()
            raise OperatorError(
                setting=SERVER_SETTING,
                problem=f"databases cannot be made there ({error})",
                remedy="Name a user who may (ALTER ROLE … CREATEDB), or leave it empty",
            ) from error
        return clones

    async def clone(self) -> str:
        """A fresh database's URL. Nobody else uses it."""
        self._count += 1
        name = f"{CLONE}{_hex(self._number)}_{self._count}"
        async with self._turn:
            self._made.add(name)
            await self._connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{self._model}"')
        return with_database(self.server_url, name)

    async def drop(self, url: str) -> None:
        """Drop a clone, whoever is still connected to it; ``close`` tries again if that fails."""
        name = urlsplit(url).path.lstrip("/")
        async with self._turn:
            with suppress(asyncpg.PostgresError, *AWAY):
                await self._drop(name)
                self._made.discard(name)

    async def close(self) -> None:
        """Drop all that was made, and the model unless others copy from it."""
        async with self._turn:
            with suppress(asyncpg.PostgresError, *AWAY):
                for name in self._made:
                    await self._drop(name)
                key = _number_of(self._model)
                await self._connection.fetchval(STOP_SHARING, COPYING, key)
                await self._drop_model_unless_used(self._model)
            # The locks go with it.
            with suppress(*AWAY):
                await self._connection.close(timeout=CONNECT_TIMEOUT_S)

    async def _make_model(self) -> None:
        key = _number_of(self._model)
        async with self._held(MAKING, key):
            if not await self._connection.fetchval(EXISTS, self._model):
                # Under another name until it is whole: its maker may be killed meanwhile.
                name = f"{CLONE}{_hex(self._number)}_model"
                await self._connection.execute(f'CREATE DATABASE "{name}"')
                await migrate(with_database(self.server_url, name))
                await self._connection.execute(f'ALTER DATABASE "{name}" RENAME TO "{self._model}"')
            await self._connection.execute(SHARE, COPYING, key)

    async def _drop_leftovers(self) -> None:
        for row in await self._connection.fetch(NAMES, CLONE):
            owner = _number_of(row["datname"])
            if owner is None or owner == self._number:
                continue
            if await self._connection.fetchval(TRY, LIVING, owner):
                await self._drop(row["datname"])
                await self._connection.fetchval(LET_GO, LIVING, owner)
        for row in await self._connection.fetch(NAMES, MODEL):
            if row["datname"] != self._model:
                await self._drop_model_unless_used(row["datname"])

    async def _drop_model_unless_used(self, name: str) -> None:
        key = _number_of(name)
        if key is None:
            return
        # Whoever has found the model there holds it before it may be dropped.
        async with self._held(MAKING, key):
            if await self._connection.fetchval(TRY, COPYING, key):
                await self._drop(name)
                await self._connection.fetchval(LET_GO, COPYING, key)

    async def _drop(self, name: str) -> None:
        await self._connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    @asynccontextmanager
    async def _held(self, family: int, key: int | None) -> AsyncIterator[None]:
        await self._connection.execute(TAKE, family, key)
        try:
            yield
        finally:
            await self._connection.fetchval(LET_GO, family, key)


async def _connect(url: str) -> Any:
    target = parse_database_url(url, setting=SERVER_SETTING).named("paygate tests")
    try:
        with errors_named():
            # Making databases waits for others who do the same; nothing bounds it here.
            return await asyncpg.connect(**target.arguments())
    except (InfrastructureError, asyncpg.PostgresError) as error:
        raise OperatorError(
            setting=SERVER_SETTING,
            problem=f"the server cannot be used ({error})",
            remedy="Check that PostgreSQL runs there, or leave it empty to start one",
        ) from error


def _digest() -> str:
    """Of everything the schema is made from: a model of older code is another model."""
    folder = Path(__file__).parent / "migrations"
    files = sorted(folder.glob("*.py"))
    whole = hashlib.sha256(b"".join(file.read_bytes() for file in files))
    return whole.hexdigest()[:8]


def _hex(number: int) -> str:
    return f"{number & 0xFFFFFFFF:08x}"


def _number_of(name: str) -> int | None:
    """The lock that a database's name names; None for a name that is not ours."""
    digits = name.removeprefix(CLONE).removeprefix(MODEL)[:8]
    try:
        return int.from_bytes(bytes.fromhex(digits), signed=True)
    except ValueError:
        return None
