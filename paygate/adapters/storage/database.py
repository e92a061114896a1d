"""The connection pool, and what its errors mean to us."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qsl, unquote, urlsplit

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient
from tortoise.context import TortoiseContext, _current_context
from tortoise.exceptions import DBConnectionError, OperationalError

from ...core.domain.errors import InfrastructureError, OperatorError
from .models import APP, MODULES

SETTING = "DATABASE_URL"
CONNECT_TIMEOUT_S = 5
# No statement of ours takes long; one that does is waiting for something lost.
COMMAND_TIMEOUT_S = 30

AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,  # class 08
    asyncpg.InvalidAuthorizationSpecificationError,  # 28
    asyncpg.InvalidCatalogNameError,  # 3D
    asyncpg.InsufficientResourcesError,  # 53
    asyncpg.ObjectNotInPrerequisiteStateError,  # 55: "not currently accepting connections"
    asyncpg.OperatorInterventionError,  # 57: shut down, crashed, starting up, cancelled
    asyncpg.PostgresSystemError,  # 58
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    DBConnectionError,
)
"""What an outage looks like; Tortoise lets most of it through as it is."""

REFUSED = (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError)
"""What a row that the database will not take looks like."""


def tortoise_config(url: str, *, pool_size: int) -> dict[str, Any]:
    """Tortoise's configuration for a PostgreSQL URL.

    ``postgresql://user:password@host:port/name`` or, for a Unix socket,
    ``postgresql://user@/name?host=/folder``.

    Raises:
        OperatorError: It is not such a URL.
    """
    return {
        "connections": {
            "default": {
                "engine": "tortoise.backends.asyncpg",
                "credentials": {
                    **_credentials(url),
                    "minsize": 1,
                    "maxsize": pool_size,
                    "timeout": CONNECT_TIMEOUT_S,
                    "command_timeout": COMMAND_TIMEOUT_S,
                    "application_name": "paygate",
                },
            }
        },
        "apps": {
            APP: {
                "models": [each.__name__ for each in MODULES],
                "migrations": f"{__package__}.migrations",
                "default_connection": "default",
            }
        },
        "use_tz": True,
        "timezone": "UTC",
    }


def _credentials(url: str) -> dict[str, Any]:
    try:
        parts = urlsplit(url)
        port = parts.port or 5432
        query = dict(parse_qsl(parts.query))
    except ValueError as error:
        raise _bad_url(str(error)) from error
    if parts.scheme not in {"postgresql", "postgres"}:
        raise _bad_url("it does not begin with postgresql://")
    database = unquote(parts.path.lstrip("/"))
    if not database:
        raise _bad_url("it names no database")
    host = query.get("host") or parts.hostname or "localhost"
    found: dict[str, Any] = {"host": host, "port": int(query.get("port", port))}
    found["database"] = database
    found["user"] = unquote(parts.username) if parts.username else query.get("user")
    found["password"] = unquote(parts.password) if parts.password else None
    if "sslmode" in query:
        found["ssl"] = query["sslmode"]
    return found


def _bad_url(why: str) -> OperatorError:
    return OperatorError(
        setting=SETTING,
        problem=why,
        remedy="Write it as postgresql://user:password@host:5432/name, or leave it empty to "
        "start a database of paygate's own",
    )


@dataclass(frozen=True, slots=True)
class Executor:
    """Runs statements on the pool, or on the connection of one transaction."""

    client: AsyncpgDBClient
    context: TortoiseContext

    @contextmanager
    def models(self) -> Iterator[AsyncpgDBClient]:
        """Where models may be used: ``with executor.models() as db: … .using_db(db)``.

        Tortoise looks some things up in a context variable even when told which
        connection to use. Setting it here and nowhere else lets several apps, with
        several databases, live in one process.
        """
        token = _current_context.set(self.context)
        try:
            with errors_named():
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

    async def _run(self, work: Callable[[Any], Any]) -> Any:
        with errors_named():
            async with self.client.acquire_connection() as connection:
                return await work(connection)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Executor]:
        """An executor whose statements stand or fall together."""
        with self.models() as client:
            # Tortoise's public in_transaction() looks the pool up by name in a
            # context variable, which would tie us to one database per task.
            async with client._in_transaction() as wrapped:  # noqa: SLF001
                yield Executor(cast("AsyncpgDBClient", wrapped), self.context)


class errors_named:  # noqa: N801 - reads as a statement: `with errors_named():`
    """Turns an outage into ``InfrastructureError``; lets everything else through."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, AWAY) and not isinstance(error, asyncio.CancelledError):
            raise InfrastructureError(f"the database is away: {_short(error)}") from error


def _short(error: BaseException) -> str:
    return (str(error).splitlines() or [""])[0] or type(error).__name__


async def connect(url: str, *, pool_size: int) -> tuple[TortoiseContext, Executor]:
    """Open a pool of its own.

    Raises:
        OperatorError: The database cannot be reached or will not have us.
    """
    context = TortoiseContext()
    # Entered only while it is set up: every later call names its connection, so
    # that several apps may live in one process.
    with context:
        await context.init(config=tortoise_config(url, pool_size=pool_size))
        client = cast("AsyncpgDBClient", context.db())
    executor = Executor(client, context)
    try:
        await executor.fetchval("SELECT 1")
    except (InfrastructureError, OperationalError, asyncpg.PostgresError) as error:
        await context.close_connections()
        raise _unreachable(error) from error
    return context, executor


def _unreachable(error: BaseException) -> OperatorError:
    cause = error.__cause__ or error
    return OperatorError(
        setting=SETTING,
        problem=f"the database cannot be used ({_short(cause)})",
        remedy="Check that PostgreSQL runs there and that host, port, name, user and password "
        "are right, or leave it empty to start a database of paygate's own",
    )
