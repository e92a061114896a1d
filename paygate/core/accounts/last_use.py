"""When sessions and keys were used last, written down beside the requests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from ..errors import InfrastructureError


class LastUse:
    """Writes moments down without anybody waiting for it.

    One that is lost costs nothing but exactness, and one that is under way is not
    begun again.
    """

    def __init__(self) -> None:
        self._under_way: dict[str, asyncio.Task[None]] = {}

    def record(self, name: str, write: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Write it down soon."""
        if name not in self._under_way:
            self._under_way[name] = asyncio.create_task(self._write(name, write))

    async def _write(self, name: str, write: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            with suppress(InfrastructureError):
                await write()
        finally:
            del self._under_way[name]

    async def close(self) -> None:
        """Wait for what is under way."""
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)
