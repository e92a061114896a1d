"""Bringing the schema up to date, and refusing to run on an old one."""

from __future__ import annotations

from typing import cast

import asyncpg
from tortoise.exceptions import OperationalError
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget

from ...core.domain.errors import OperatorError
from . import models
from .database import Executor, connect, tortoise_config

# "paygate" in ASCII: any number will do, as long as nobody else takes it.
LOCK = 0x70617967617465
# Another process may be at a long migration.
LOCK_TIMEOUT_S = 600


async def migrate(url: str) -> list[str]:
    """Apply what is missing; the names of what was applied.

    Several processes may call this at once: one works, the others wait for it and
    find nothing left to do.

    Raises:
        OperatorError: The database cannot be reached, or refuses.
    """
    context, executor = await connect(url, pool_size=2)
    try:
        # The lock lives on a connection of its own, so that it outlasts the
        # migrations' transactions and goes when this process does.
        async with executor.client.acquire_connection() as connection:
            await connection.execute("SELECT pg_advisory_lock($1)", LOCK, timeout=LOCK_TIMEOUT_S)
            try:
                # Tortoise's migrations find their connection in the context.
                with context:
                    return await _apply(url, executor)
            finally:
                await connection.execute("SELECT pg_advisory_unlock($1)", LOCK)
    except (asyncpg.InsufficientPrivilegeError, OperationalError) as error:
        raise OperatorError(
            setting="DATABASE_URL",
            problem=f"the schema cannot be changed ({error})",
            remedy="Let the user own the database, or run `paygate migrate` as one that does",
        ) from error
    finally:
        await context.close_connections()


async def _apply(url: str, executor: Executor) -> list[str]:
    migrations = _executor(url, executor)
    applied: list[str] = []

    def note(event: str, _app: str, name: str) -> None:
        if event == "apply_done":
            applied.append(name)

    await migrations.migrate([MigrationTarget(models.APP, "__latest__")], progress=note)
    return applied


def _executor(url: str, executor: Executor) -> MigrationExecutor:
    apps = cast("dict[str, dict[str, object]]", tortoise_config(url, pool_size=1)["apps"])
    return MigrationExecutor(executor.client, apps)


async def require_migrated(executor: Executor, url: str) -> None:
    """Refuse to work on a schema older than the code.

    Raises:
        OperatorError: Migrations are missing.
    """
    missing = await missing_migrations(executor, url)
    if missing:
        raise OperatorError(
            setting="DATABASE_URL",
            problem=f"the database lacks {len(missing)} migration(s), the first is {missing[0]}",
            remedy="Run `paygate migrate`",
        )


async def missing_migrations(executor: Executor, url: str) -> list[str]:
    """The names of migrations that were not applied yet."""
    known = _executor(url, executor)
    await known.loader.build_graph()
    names = sorted(key.name for key in known.loader.graph.nodes if key.app_label == models.APP)
    exists = await executor.fetchval("SELECT to_regclass('tortoise_migrations') IS NOT NULL")
    if not exists:
        return names
    rows = await executor.fetch("SELECT name FROM tortoise_migrations WHERE app = $1", models.APP)
    done = {row["name"] for row in rows}
    return [name for name in names if name not in done]
