"""The connection pool, and the conversion of its errors."""

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
from .errors import READ_ONLY, UNAVAILABLE, first_line, original, translate
from .orm import APP
from .pool import pool_of

CLOSE_WITHIN_S = 1.0
CONFLICT_TRIES_MAX = 3
CONFLICT_WAIT_S = 0.02
T = TypeVar("T")


def tortoise_config(url: DatabaseUrl, *, pool_size: int, **how: Any) -> dict[str, Any]:
    """Return Tortoise's configuration for a database.

    Args:
        url: The database.
        pool_size: Maximum number of connections.
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


# Names, because these modules import this one.
WITH_MODELS = (
    "accounts", "attention", "callbacks", "clock_moves", "deliveries", "endpoints", "feed",
    "idempotency", "merchants", "operation_rows", "orders", "payments", "plugin_rows",
    "refunds", "timeline", "workers",
)  # fmt: skip
APPS: dict[str, Any] = {
    APP: {
        "models": [f"{__package__}.tables.{each}" for each in WITH_MODELS],
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
        """Whether its statements are part of a transaction."""
        return isinstance(self.client, TransactionWrapper)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Convert errors, and replace the pool's connections if one is read-only."""
        try:
            with errors_named():
                yield
        except InfrastructureError as error:
            if isinstance(error.__cause__, READ_ONLY):
                pool_of(self.client).replace_connections()
            raise

    @contextmanager
    def models(self) -> Iterator[AsyncpgDBClient]:
        """Return a context for models: ``with executor.models() as db: … .using_db(db)``.

        Tortoise reads a context variable even if the connection is given. It is set only
        here, so that several apps with several databases can live in one process.
        """
        token = _current_context.set(self.context)
        try:
            with self._errors():
                yield self.client
        finally:
            _current_context.reset(token)

    async def fetch(self, sql: str, *args: Any) -> Sequence[asyncpg.Record]:
        """Return all rows of a statement.

        Raises:
            InfrastructureError: The database is unavailable.
        """
        with_rows: Callable[[Any], Any] = lambda connection: connection.fetch(sql, *args)  # noqa: E731
        return cast("Sequence[asyncpg.Record]", await self._run(with_rows))

    async def fetchrow(self, sql: str, *args: Any) -> asyncpg.Record | None:
        """Return the first row."""
        rows = await self.fetch(sql, *args)
        return rows[0] if rows else None

    async def fetchval(self, sql: str, *args: Any) -> Any:
        """Return the first column of the first row."""
        row = await self.fetchrow(sql, *args)
        return row[0] if row is not None else None

    async def run_in_transaction(self, work: Callable[[Executor], Awaitable[T]]) -> T:
        """Run ``work`` in a transaction, and repeat it after a conflict.

        Raises:
            TransactionConflictError: It had a conflict too often.
            InfrastructureError: The database is unavailable.
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
            # A statement that was aborted because of a conflict has stored nothing.
            await asyncio.sleep(Random().uniform(0, CONFLICT_WAIT_S))

    async def _run_once(self, work: Callable[[Any], Any]) -> Any:
        with self._errors():
            async with self.client.acquire_connection() as connection:
                return await work(connection)

    @asynccontextmanager
    async def transaction(self, *, lock_timeout_ms: int | None = None) -> AsyncIterator[Executor]:
        """Open a transaction.

        Args:
            lock_timeout_ms: How long a statement waits for a locked row, if not the default.

        Raises:
            RowLockedError: A row was locked for longer.
            TransactionConflictError: The database aborted it because of another transaction.
            InfrastructureError: The database is unavailable.
        """
        with self.models() as client:
            # Tortoise's public in_transaction() finds the pool in a context variable, which would
            # allow only one database per task.
            async with client._in_transaction() as wrapped:  # noqa: SLF001
                bound = Executor(cast("AsyncpgDBClient", wrapped), self.context)
                if lock_timeout_ms is not None:
                    await bound.fetch(f"SET LOCAL lock_timeout = {lock_timeout_ms:d}")
                yield bound


class errors_named:  # noqa: N801 - reads as a statement: `with errors_named():`
    """Convert errors of the database; see ``errors``."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        instead = translate(error)
        if instead is not None:
            raise instead from original(error)


async def connect(
    url: str | DatabaseUrl, *, pool_size: int, **how: Any
) -> tuple[TortoiseContext, Executor]:
    """Open a pool.

    Args:
        url: The database.
        pool_size: Maximum number of connections.
        how: See ``PoolClient``; without ``is_pooler`` it is detected.

    Raises:
        OperatorError: The database is not available or rejects the connection.
    """
    target = parse_database_url(url) if isinstance(url, str) else url
    if "is_pooler" not in how:
        how["is_pooler"] = await is_pooler(target)
    context = TortoiseContext()
    # Entered only during the setup: every later call passes its connection, so that
    # several apps can live in one process.
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
    """Detect a connection pooler such as PgBouncer.

    A pooler sends clients a process id of its own; the server behind it returns another.

    Raises:
        OperatorError: The database is not available.
    """
    async with connection(url, statement_cache_size=0) as direct:
        with errors_named():
            return bool(await direct.fetchval("SELECT pg_backend_pid()") != direct.get_server_pid())


@asynccontextmanager
async def connection(url: DatabaseUrl, **options: Any) -> AsyncIterator[Any]:
    """Open a single connection, closed at the end of the block.

    Args:
        url: The database.
        options: Arguments of ``asyncpg.connect``.

    Raises:
        OperatorError: The connection fails.
    """
    try:
        opened = await asyncpg.connect(**{**url.arguments(), **options})
    except (asyncpg.PostgresError, *UNAVAILABLE) as error:
        raise unreachable(url, error) from error
    try:
        yield opened
    finally:
        with suppress(asyncpg.PostgresError, *UNAVAILABLE):
            await opened.close(timeout=CLOSE_WITHIN_S)


def unreachable(url: DatabaseUrl, error: BaseException) -> OperatorError:
    """Return the error for a database that is not available."""
    cause = original(error.__cause__ if isinstance(error, InfrastructureError) else error)
    assert cause is not None, "the caller passes an error"
    remedy = "Check that PostgreSQL runs there and that host, port, name, user and password "
    remedy += "are right"
    if url.setting == SETTING:
        remedy += ", or leave it empty to start an embedded database"
    return OperatorError(
        setting=url.setting,
        problem=f"the database is not available ({first_line(cause)})",
        remedy=remedy,
    )
