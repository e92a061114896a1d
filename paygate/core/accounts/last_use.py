"""Record when sessions and keys were last used, outside the requests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from ..errors import InfrastructureError


class LastUse:
    """Stores times of last use in background tasks.

    A lost one only makes the time less exact. One that is in progress is not started
    again.
    """

    def __init__(self) -> None:
        self._under_way: dict[str, asyncio.Task[None]] = {}

    def record(self, name: str, write: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Store the time of use soon."""
        if name not in self._under_way:
            self._under_way[name] = asyncio.create_task(self._write(name, write))

    async def _write(self, name: str, write: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            with suppress(InfrastructureError):
                await write()
        finally:
            del self._under_way[name]

    async def close(self) -> None:
        """Wait for the tasks in progress."""
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)
