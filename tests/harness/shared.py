"""One app and one database for the tests of a file; each test finds them as if they were new.

An app and a database take a third of a second, and rows are deleted in milliseconds. What a
test leaves that rows do not tell of (tasks, a moved clock, settings of plugins, a changed
schema) makes the next one begin with a new app on a new database.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from paygate.seeding import seed

from .apps import TestApp
from .databases import Databases

Opened = TypeVar("Opened", bound=TestApp)

# The last change of anything but rows, and what an app has read as it was opened.
BESIDE_ROWS = """
SELECT greatest(
    (SELECT max(xmin::text::bigint) FROM pg_class),
    (SELECT max(xmin::text::bigint) FROM pg_attribute),
    (SELECT max(xmin::text::bigint) FROM pg_constraint),
    (SELECT max(xmin::text::bigint) FROM pg_trigger),
    (SELECT max(xmin::text::bigint) FROM pg_proc)
) || ' ' || EXISTS (SELECT FROM test_clock) || ' ' || EXISTS (SELECT FROM plugin_settings)
"""
TABLES = """
SELECT format('%I', tablename) FROM pg_tables
WHERE schemaname = 'public' AND tablename <> 'tortoise_migrations'
"""


@dataclass
class Shared(Generic[Opened]):
    """Opens an app when a test asks for one, and another when the last cannot be as new.

    Args:
        databases: Where its database is made.
        new_home: Makes a folder for an app.
        opening: Opens an app over a database, in a folder. Nobody works in it.
    """

    databases: Databases
    new_home: Callable[[], Path]
    opening: Callable[[str, Path], AbstractAsyncContextManager[Opened]]
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _app: Opened | None = None
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    _beside_rows: str = ""
    _delete: str = ""

    @asynccontextmanager
    async def lent(self) -> AsyncIterator[Opened]:
        """Provide an app whose database holds the test merchant and nothing else."""
        if self._app is None:
            self._app = await self._open()
        before = asyncio.all_tasks()
        yield self._app
        if not await self._is_as_new(self._app, before):
            await self.close()

    async def close(self) -> None:
        """Close the app, and drop its database."""
        self._app = None
        await self._stack.aclose()

    async def _open(self) -> Opened:
        url = await self.databases.clone()
        self._stack.push_async_callback(self.databases.drop, url)
        before = asyncio.all_tasks()
        app = await self._stack.enter_async_context(self.opening(url, self.new_home()))
        self._tasks = asyncio.all_tasks() - before
        self._beside_rows = await app.value(BESIDE_ROWS)
        self._delete = ";".join(f"DELETE FROM {row['format']}" for row in await app.rows(TABLES))
        return app

    async def _is_as_new(self, app: Opened, before: set[asyncio.Task[Any]]) -> bool:
        """Check whether the app has no state of an earlier test left."""
        deps = app.app.deps
        await deps.refusals.close()
        await deps.last_use.close()
        left = asyncio.all_tasks() - before - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        if left or any(task.done() for task in self._tasks):
            return False
        if await app.value(BESIDE_ROWS) != self._beside_rows:
            return False
        async with app.app.storage.executor.client.acquire_connection() as connection:
            # Some tables have triggers that forbid it.
            await connection.execute(
                f"BEGIN; SET LOCAL session_replication_role = replica; {self._delete}; COMMIT"
            )
        app.begin_again()
        await seed(deps)
        return True


@asynccontextmanager
async def shared_by_tests(
    databases: Databases,
    new_home: Callable[[], Path],
    opening: Callable[[str, Path], AbstractAsyncContextManager[Opened]],
) -> AsyncIterator[Shared[Opened]]:
    """See ``Shared``; closed at the end."""
    shared = Shared(databases, new_home, opening)
    try:
        yield shared
    finally:
        await shared.close()
