"""A bell inside one process: for tests, and for running without Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from contextlib import suppress

from ...core.domain.limits import RINGS_BUFFERED_MAX
from ...core.ports.bell import Queue


class LocalBell:
    """See ``Bell``. Dropping a ring is fine, so the queue is bounded."""

    def __init__(self) -> None:
        self._rings: asyncio.Queue[Queue] = asyncio.Queue(RINGS_BUFFERED_MAX)

    @property
    def refusal(self) -> str | None:
        """See ``Bell.refusal``."""
        return None

    def ring(self, queue: Queue, row_id: str) -> None:  # noqa: ARG002 - the Protocol's; here one word is enough
        """See ``Bell.ring``."""
        with suppress(asyncio.QueueFull):
            self._rings.put_nowait(queue)

    async def listen(self, wake: Callable[[Queue], None], queues: Collection[Queue]) -> None:
        """See ``Bell.listen``."""
        while True:
            queue = await self._rings.get()
            if queue in queues:
                wake(queue)

    async def is_connected(self) -> bool | None:
        """See ``Bell.is_connected``."""
        return None

    async def close(self) -> None:
        """See ``Bell.close``."""
