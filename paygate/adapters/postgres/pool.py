"""Tortoise's client with a pool that is opened from ``DATABASE_URL``.

Tortoise imports this module by name (``engine``) and takes ``client_class`` from it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, suppress
from typing import Any, cast

import asyncpg
from asyncpg.transaction import Transaction
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import TransactionalDBClient, TransactionContextPooled
from tortoise.connection import get_connections

from .database_url import DatabaseUrl

log = logging.getLogger(__name__)

# A statement that takes longer waits for a response that will not arrive.
COMMAND_TIMEOUT_S = 30

# A statement that waits longer for a row waits for a process that hangs.
LOCK_TIMEOUT_MS = 5_000

# No transaction makes outside calls. An idle one belongs to a frozen process, and ending it
# releases its rows.
IDLE_IN_TRANSACTION_MS = 30_000
# Prepared statements are made again after this time: a plan that was made while the tables were
# small may be slow when they have grown.
STATEMENT_LIFETIME_S = 30
SESSION = {
    # All locks rely on it: data is read after the lock is held.
    "default_transaction_isolation": "read committed",
    "lock_timeout": str(LOCK_TIMEOUT_MS),
    "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_MS),
    # A prepared statement keeps the plan that was made when its tables were small. Scanning a
    # whole table was right then, and a minute later it is not.
    "enable_seqscan": "off",
    # Without it, the price of such a scan would look like a long statement worth compiling.
    "jit": "off",
}

# A session that became read-only is replaced, but not more often: a database that stays
# read-only would get only new connections.
REPLACE_EVERY_S = 1.0
_LOCAL = (
    f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}; "
    f"SET LOCAL idle_in_transaction_session_timeout = {IDLE_IN_TRANSACTION_MS}; "
    "SET LOCAL enable_seqscan = off; SET LOCAL jit = off"
)


class PoolerTransaction(Transaction):  # type: ignore[misc]  # asyncpg is not typed
    """A transaction that sets its own settings, because a pooler keeps none."""

    async def start(self) -> None:
        """Begin, and apply the settings of a session."""
        connection = cast("PoolerConnection", self._connection)
        is_outermost = not connection.is_in_transaction()
        await super().start()
        if is_outermost:
            await connection.execute(_LOCAL)


class PooledConnection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg is not typed
    """A connection of the pool. No use of it leaves anything in its session.

    Settings and advisory locks are those of a transaction, and cursors are not used, so a
    connection that returns to the pool needs no statement that resets it. A transaction that
    is still open is rolled back by asyncpg itself.
    """

    def get_reset_query(self) -> str:
        """Return nothing: there is nothing to reset."""
        return ""


class PoolerConnection(PooledConnection):
    """A connection to PgBouncer in transaction mode.

    Between two transactions the server may change. So a statement with parameters, which
    takes two messages, is sent in a transaction, and nothing is kept on the server: no
    prepared statement, no setting, no lock.
    """

    def transaction(
        self, *, isolation: Any = None, readonly: bool = False, deferrable: bool = False
    ) -> PoolerTransaction:
        return PoolerTransaction(self, isolation or "read_committed", readonly, deferrable)

    async def fetch(self, *args: Any, **kwargs: Any) -> Any:
        return await self._on_one_server(super().fetch, *args, **kwargs)

    async def fetchrow(self, *args: Any, **kwargs: Any) -> Any:
        return await self._on_one_server(super().fetchrow, *args, **kwargs)

    async def fetchval(self, *args: Any, **kwargs: Any) -> Any:
        return await self._on_one_server(super().fetchval, *args, **kwargs)

    async def execute(self, query: str, *args: Any, **kwargs: Any) -> Any:
        """Execute a statement; without parameters it is a single message."""
        if not args:
            return await super().execute(query, **kwargs)
        return await self._on_one_server(super().execute, query, *args, **kwargs)

    async def _on_one_server(
        self, work: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any
    ) -> Any:
        if self.is_in_transaction():
            return await work(*args, **kwargs)
        async with self.transaction():
            return await work(*args, **kwargs)


class PooledTransaction(TransactionContextPooled):
    """A transaction that does not keep its connection if it cannot begin.

    Tortoise returns the connection at the end of the block. A task that is cancelled during
    BEGIN never enters the block, and each such task would make the pool smaller by one until the
    server ends what is idle in a transaction.
    """

    async def __aenter__(self) -> TransactionalDBClient:
        with ExitStack() as undo:
            undo.callback(self._end_connection)
            begun = await super().__aenter__()
            undo.pop_all()
            return begun

    def _end_connection(self) -> None:
        """End the connection, if there is one: whether its transaction is open is unknown."""
        acquired = self.client._connection  # noqa: SLF001
        if acquired is not None:
            get_connections().reset(self.token)
            # One that the server has closed is no longer the pool's.
            with suppress(asyncpg.InterfaceError):
                acquired.terminate()


class PoolClient(AsyncpgDBClient):
    """Tortoise's client with its own pool.

    Args:
        url: The database.
        is_pooler: Whether a pooler responds, so that nothing may be kept on the server.
        session: Settings of each connection; None for the default.
        command_timeout_s: Timeout of a statement; None for no limit.
    """

    def __init__(
        self,
        *,
        url: DatabaseUrl,
        is_pooler: bool,
        session: dict[str, str] | None = None,
        command_timeout_s: float | None = COMMAND_TIMEOUT_S,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._url = url
        self._is_pooler = is_pooler
        self._session = SESSION if session is None else session
        self._command_timeout_s = command_timeout_s
        self._replaced_at_s = float("-inf")
        self._replacing: asyncio.Future[None] | None = None

    def replace_connections(self) -> None:
        """Let the pool replace its connections.

        asyncpg keeps a connection until it is closed, so that one that became read-only would
        refuse writes until the process ends.
        """
        now = time.monotonic()
        if self._pool is None or now - self._replaced_at_s < REPLACE_EVERY_S:
            return
        self._replaced_at_s = now
        log.warning("the database is read-only; its connections are replaced")
        self._replacing = asyncio.ensure_future(self._pool.expire_connections())

    def _in_transaction(self) -> PooledTransaction:
        return PooledTransaction(TransactionWrapper(self), self._pool_init_lock)

    def connections(self) -> tuple[int, int]:
        """Return how many connections are in use, and how many are not."""
        if self._pool is None:
            return 0, 0
        idle = self._pool.get_idle_size()
        return self._pool.get_size() - idle, idle

    async def create_pool(self, **_kwargs: Any) -> asyncpg.Pool:
        chosen: dict[str, Any] = (
            {
                **self._url.arguments(),
                "statement_cache_size": 0,
                "connection_class": PoolerConnection,
            }
            if self._is_pooler
            else {
                **self._url.arguments(**self._session),
                "max_cached_statement_lifetime": STATEMENT_LIFETIME_S,
                "connection_class": PooledConnection,
            }
        )
        return await asyncpg.create_pool(
            **chosen,
            min_size=self.pool_minsize,
            max_size=self.pool_maxsize,
            command_timeout=self._command_timeout_s,
        )


client_class = PoolClient


def pool_of(client: AsyncpgDBClient) -> PoolClient:
    """Return the client whose pool a connection or a transaction belongs to."""
    while isinstance(client, TransactionWrapper):
        client = client._parent  # noqa: SLF001
    return cast("PoolClient", client)
