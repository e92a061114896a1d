"""Migrate the schema, and refuse to run on an old one."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from random import Random
from typing import Any

from tortoise.exceptions import OperationalError
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget

from ...core.errors import (
    InfrastructureError,
    OperatorError,
    RowLockedError,
    TransactionConflictError,
)
from .database import APPS, Executor, connect, errors_named, is_pooler
from .database_url import DatabaseUrl, parse_database_url
from .orm import APP

log = logging.getLogger(__name__)

# "paygate" in ASCII: any number that no other program uses.
LOCK = 0x70617967617465

# Another process may run a long migration, or a transaction may lock a table.
WAIT_MAX_S = 600.0
POLL_S = 0.2
LOCKED_WAIT_S = 1.0
SESSION = {
    "default_transaction_isolation": "read committed",
    # While a migration waits for a table, all later statements wait behind it.
    "lock_timeout": "3s",
    "idle_in_transaction_session_timeout": "0",
    "statement_timeout": "0",
}


async def migrate(url: str | DatabaseUrl) -> list[str]:
    """Apply missing migrations; return their names.

    Several processes may call this at once: one applies them, the others wait and find
    nothing to do. A statement may run as long as it needs, but it waits only seconds for a
    locked table; then the migration is rolled back and repeated.

    Args:
        url: URL of PostgreSQL itself. A pooler keeps no lock between two statements.

    Raises:
        OperatorError: The database is not available, refuses the change or is behind a
            pooler, or a table was locked for ten minutes.
    """
    target = parse_database_url(url) if isinstance(url, str) else url
    if await is_pooler(target):
        raise behind_pooler(target, "migrations")
    context, executor = await connect(
        target, pool_size=2, is_pooler=False, session=SESSION, command_timeout_s=None
    )
    try:
        # A separate connection holds the lock, so that it lasts longer than the migrations'
        # transactions and ends with this process.
        with errors_named():
            async with executor.client.acquire_connection() as holder:
                await _lock(holder)
                try:
                    # Tortoise's migrations read their connection from the context.
                    with context:
                        return await _apply_all(executor)
                finally:
                    await holder.execute("SELECT pg_advisory_unlock($1)", LOCK)
    except (InfrastructureError, OperationalError) as error:
        raise OperatorError(
            setting=target.setting,
            problem=f"the schema cannot be changed ({error})",
            remedy="Let the user own the database, or run `paygate migrate` as one that does",
        ) from error
    finally:
        await context.close_connections()


def behind_pooler(url: DatabaseUrl, what: str) -> OperatorError:
    """Return the error for a pooler where PostgreSQL itself is needed."""
    return OperatorError(
        setting=url.setting,
        problem=f"this is the address of a connection pooler, and {what} need PostgreSQL itself",
        remedy="Set PAYGATE_DATABASE_DIRECT_URL to the address of the server behind the pooler",
    )


async def _lock(holder: Any) -> None:
    """Acquire the lock of migrations.

    It polls: a statement that waits for the lock would keep an old snapshot, for which a
    concurrent index build would wait.
    """
    deadline_s = time.monotonic() + WAIT_MAX_S
    while not await holder.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
        if time.monotonic() > deadline_s:
            raise InfrastructureError("another process has been migrating for ten minutes")
        await asyncio.sleep(POLL_S)


async def _apply_all(executor: Executor) -> list[str]:
    """Apply all migrations; repeat one whose tables are locked."""
    applied: list[str] = []
    deadline_s = time.monotonic() + WAIT_MAX_S
    while True:
        try:
            with errors_named():
                await _apply(executor, applied)
        except (RowLockedError, TransactionConflictError) as error:
            if time.monotonic() > deadline_s:
                raise
            log.warning("a table is in use, the migration is repeated: %s", error)
            await asyncio.sleep(Random().uniform(0.5, 1.5) * LOCKED_WAIT_S)
        else:
            return applied


async def _apply(executor: Executor, applied: list[str]) -> None:
    def note(event: str, _app: str, name: str) -> None:
        if event == "apply_done":
            applied.append(name)

    migrations = MigrationExecutor(executor.client, APPS)
    await migrations.migrate([MigrationTarget(APP, "__latest__")], progress=note)


async def require_migrated(executor: Executor) -> None:
    """Refuse to work on a schema that is older than the code.

    Raises:
        OperatorError: Migrations are missing.
    """
    missing = await missing_migrations(executor)
    if missing:
        raise OperatorError(
            setting="DATABASE_URL",
            problem=f"{len(missing)} migration(s) are missing, the first is {missing[0]}",
            remedy="Run `paygate migrate`",
        )


async def missing_migrations(executor: Executor) -> list[str]:
    """Return the names of missing migrations."""
    known = MigrationExecutor(executor.client, APPS)
    await known.loader.build_graph()
    names = sorted(key.name for key in known.loader.graph.nodes if key.app_label == APP)
    exists = await executor.fetchval("SELECT to_regclass('tortoise_migrations') IS NOT NULL")
    if not exists:
        return names
    rows = await executor.fetch("SELECT name FROM tortoise_migrations WHERE app = $1", APP)
    done = {row["name"] for row in rows}
    return [name for name in names if name not in done]


# A copy of the database has another number; the same number on another server, another time.
IDENTITY = """
SELECT oid, (SELECT min(applied_at) FROM tortoise_migrations) AS created_at
FROM pg_database WHERE datname = current_database()
"""


async def database_id(executor: Executor) -> str:
    """Identify a migrated database; the same for every address that leads to it."""
    (row,) = await executor.fetch(IDENTITY)
    whole = f"{row['oid']} {row['created_at'].timestamp()}"
    return hashlib.sha256(whole.encode()).hexdigest()[:8]
