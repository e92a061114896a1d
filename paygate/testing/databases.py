"""A database for each app, ready before it is asked for."""

from __future__ import annotations

import asyncio

from ..adapters.postgres.clones import Clones

AHEAD = 2
"""How many wait. Making one takes as long as a short test."""


class Databases:
    """Copies made ahead and dropped behind, while tests run. Lives in the room."""

    def __init__(self, clones: Clones) -> None:
        self._clones = clones
        self._ready: asyncio.Queue[str] = asyncio.Queue(AHEAD)
        self._making = asyncio.create_task(self._make())
        self._dropping: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(cls, server_url: str) -> Databases:
        """Have a model, and begin to copy it.

        Raises:
            OperatorError: The server cannot be used.
        """
        return cls(await Clones.open(server_url))

    async def take(self) -> str:
        """A fresh database's URL.

        Raises:
            Exception: Whatever keeps them from being made.
        """
        waiting = asyncio.create_task(self._ready.get())
        await asyncio.wait({waiting, self._making}, return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            waiting.cancel()
            # It never ends but by failing.
            await self._making
        return await waiting

    def give_back(self, url: str) -> None:
        """Drop it, in a while."""
        task = asyncio.create_task(self._clones.drop(url))
        self._dropping.add(task)
        task.add_done_callback(self._dropping.discard)

    async def close(self) -> None:
        """Drop everything."""
        self._making.cancel()
        await asyncio.gather(self._making, *self._dropping, return_exceptions=True)
        await self._clones.close()

    async def _make(self) -> None:
        while True:
            await self._ready.put(await self._clones.clone())
