"""The connection pool, and what its errors mean to us."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from random import Random
from typing import Any, TypeVar, cast

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.context import TortoiseContext, _current_context
from tortoise.exceptions import BaseORMException

from ...core.errors import InfrastructureError, OperatorError, TransactionConflictError
from .database_url import SETTING, DatabaseUrl, parse_database_url
from .errors import AWAY, READ_ONLY, meaning, original, short
from .models import MODULES
from .models.base import APP
from .pool import pool_of

CLOSE_WITHIN_S = 1.0
CONFLICT_TRIES_MAX = 3
CONFLICT_WAIT_S = 0.02
T = TypeVar("T")


def tortoise_config(url: DatabaseUrl, *, pool_size: int, **how: Any) -> dict[str, Any]:
    """Tortoise's configuration for a database.

    Args:
        url: Where it is.
        pool_size: How many connections at most.
        how: See ``PoolClient``.
    """
    return {
        "connections": {
            "default": {
                "engine": f"{__package__}.pool",
                "credentials": {
                    "url": url,
                    "is_pooler": False,
                    "minsize": 1,
                    "maxsize": pool_size,
                    **how,
                },
            }
        },
        "apps": APPS,
        "use_tz": True,
        "timezone": "UTC",
    }


APPS: dict[str, Any] = {
    APP: {
        "models": [each.__name__ for each in MODULES],
        "migrations": f"{__package__}.migrations",
        "default_connection": "default",
    }
}


@dataclass(frozen=True, slots=True)
class Executor:
    """Runs statements on the pool, or on the connection of one transaction."""

    client: AsyncpgDBClient
    context: TortoiseContext

    @property
    def is_in_transaction(self) -> bool:
        """Whether its statements are part of one."""
        return isinstance(self.client, TransactionWrapper)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Name errors, and have the pool's connections replaced when one is read-only."""
        try:
            with errors_named():
                yield
        except InfrastructureError as error:
            if isinstance(error.__cause__, READ_ONLY):
                pool_of(self.client).replace_connections()
            raise

    @contextmanager
    def models(self) -> Iterator[AsyncpgDBClient]:
        """Where models may be used: ``with executor.models() as db: … .using_db(db)``.

        Tortoise looks some things up in a context variable even when told which
        connection to use. Setting it here and nowhere else lets several apps, with
        several databases, live in one process.
        """
        token = _current_context.set(self.context)
        try:
            with self._errors():
                yield self.client
        finally:
            _current_context.reset(token)

    async def fetch(self, sql: str, *args: Any) -> Sequence[asyncpg.Record]:
        """All rows of a statement.

        Raises:
            InfrastructureError: The database is away.
        """
        with_rows: Callable[[Any], Any] = lambda connection: connection.fetch(sql, *args)  # noqa: E731
        return cast("Sequence[asyncpg.Record]", await self._run(with_rows))

    async def fetchrow(self, sql: str, *args: Any) -> asyncpg.Record | None:
        """The first row."""
        rows = await self.fetch(sql, *args)
        return rows[0] if rows else None

    async def fetchval(self, sql: str, *args: Any) -> Any:
        """The first column of the first row."""
        row = await self.fetchrow(sql, *args)
        return row[0] if row is not None else None

    async def run_in_transaction(self, work: Callable[[Executor], Awaitable[T]]) -> T:
        """Run ``work`` in a transaction of its own, again if it is ended for another's sake.

        Raises:
            TransactionConflictError: It was ended as often as it may be run again.
            InfrastructureError: The database is away.
        """

        async def run() -> T:
            async with self.transaction() as bound:
                return await work(bound)

        return await self._again(run)

    async def _run(self, work: Callable[[Any], Any]) -> Any:
        return await self._again(lambda: self._run_once(work))

    async def _again(self, run: Callable[[], Awaitable[T]]) -> T:
        tries = 1 if self.is_in_transaction else CONFLICT_TRIES_MAX
        while True:
            try:
                return await run()
            except TransactionConflictError:
                tries -= 1
                if not tries:
                    raise
            # A statement of its own that was ended for the sake of others has stored nothing.
            await asyncio.sleep(Random().uniform(0, CONFLICT_WAIT_S))

    async def _run_once(self, work: Callable[[Any], Any]) -> Any:
        with self._errors():
            async with self.client.acquire_connection() as connection:
                return await work(connection)

    @asynccontextmanager
    async def transaction(self, *, lock_timeout_ms: int | None = None) -> AsyncIterator[Executor]:
        """An executor whose statements stand or fall together.

        Args:
            lock_timeout_ms: How long a statement of it waits for a row, if not as usual.

        Raises:
            RowLockedError: A row was not to be had in that time.
            TransactionConflictError: It was ended for the sake of another transaction.
            InfrastructureError: The database is away.
        """
        with self.models() as client:
            # Tortoise's public in_transaction() looks the pool up by name in a
            # context variable, which would bind us to one database per task.
            async with client._in_transaction() as wrapped:  # noqa: SLF001
                bound = Executor(cast("AsyncpgDBClient", wrapped), self.context)
                if lock_timeout_ms is not None:
                    await bound.fetch(f"SET LOCAL lock_timeout = {lock_timeout_ms:d}")
                yield bound


class errors_named:  # noqa: N801 - reads as a statement: `with errors_named():`
    """Turns an error of the database into what it means; see ``errors``."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        instead = meaning(error)
        if instead is not None:
            raise instead from original(error)


async def connect(
    url: str | DatabaseUrl, *, pool_size: int, **how: Any
) -> tuple[TortoiseContext, Executor]:
    """Open a pool of its own.

    Args:
        url: Where the database is.
        pool_size: How many connections at most.
        how: See ``PoolClient``; whether a pooler answers there is found out if not said.

    Raises:
        OperatorError: The database cannot be reached or will not have us.
    """
    target = parse_database_url(url) if isinstance(url, str) else url
    if "is_pooler" not in how:
        how["is_pooler"] = await is_pooler(target)
    context = TortoiseContext()
    # Entered only while it is set up: every later call names its connection, so
    # that several apps may live in one process.
    with context:
        await context.init(config=tortoise_config(target, pool_size=pool_size, **how))
        client = cast("AsyncpgDBClient", context.db())
    executor = Executor(client, context)
    try:
        await executor.fetchval("SELECT 1")
    except (InfrastructureError, BaseORMException, asyncpg.PostgresError) as error:
        await context.close_connections()
        raise unreachable(target, error) from error
    return context, executor


async def is_pooler(url: DatabaseUrl) -> bool:
    """Whether a connection pooler such as PgBouncer answers there.

    A pooler makes up the process number that it tells its clients; the server behind it
    tells its own.

    Raises:
        OperatorError: Nothing can be reached there.
    """
    async with connection(url, statement_cache_size=0) as direct:
        with errors_named():
            return bool(await direct.fetchval("SELECT pg_backend_pid()") != direct.get_server_pid())


@asynccontextmanager
async def connection(url: DatabaseUrl, **options: Any) -> AsyncIterator[Any]:
    """A single connection, closed at the end of the block.

    Args:
        url: Where to.
        options: Of ``asyncpg.connect``.

    Raises:
        OperatorError: It cannot be made.
    """
    try:
        opened = await asyncpg.connect(**{**url.arguments(), **options})
    except (asyncpg.PostgresError, *AWAY) as error:
        raise unreachable(url, error) from error
    try:
        yield opened
    finally:
        with suppress(asyncpg.PostgresError, *AWAY):
            await opened.close(timeout=CLOSE_WITHIN_S)


def unreachable(url: DatabaseUrl, error: BaseException) -> OperatorError:
    """The database at an address cannot be used, for this reason."""
    cause = original(error.__cause__ if isinstance(error, InfrastructureError) else error)
    assert cause is not None, "there is an error"
    remedy = "Check that PostgreSQL runs there and that host, port, name, user and password "
    remedy += "are right"
    if url.setting == SETTING:
        remedy += ", or leave it empty to start a database of paygate's own"
    return OperatorError(
        setting=url.setting,
        problem=f"the database cannot be used ({short(cause)})",
        remedy=remedy,
    )
