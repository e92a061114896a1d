"""A database for each app, created in advance."""

from __future__ import annotations

import asyncio

from ..adapters.postgres.template_databases import TemplateDatabases

READY_MAX = 2
"""How many unused databases are kept ready: creating one takes as long as a short test."""


class Databases:
    """Creates databases in advance and drops used ones. Runs in the background loop."""

    def __init__(self, templates: TemplateDatabases) -> None:
        self._templates = templates
        self._ready: asyncio.Queue[str] = asyncio.Queue(READY_MAX)
        self._making = asyncio.create_task(self._make())
        self._dropping: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(cls, server_url: str) -> Databases:
        """Create the template, and start cloning it.

        Raises:
            OperatorError: The server is not available.
        """
        return cls(await TemplateDatabases.open(server_url))

    async def acquire(self) -> str:
        """Return the URL of a new database.

        Raises:
            Exception: Databases cannot be created.
        """
        waiting = asyncio.create_task(self._ready.get())
        await asyncio.wait({waiting, self._making}, return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            waiting.cancel()
            # This task only ends with an exception.
            await self._making
        return await waiting

    def release(self, url: str) -> None:
        """Drop a database in the background."""
        task = asyncio.create_task(self._templates.drop(url))
        self._dropping.add(task)
        task.add_done_callback(self._dropping.discard)

    async def close(self) -> None:
        """Drop all databases."""
        self._making.cancel()
        await asyncio.gather(self._making, *self._dropping, return_exceptions=True)
        await self._templates.close()

    async def _make(self) -> None:
        while True:
            await self._ready.put(await self._templates.clone())
