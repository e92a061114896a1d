"""A notifier inside one process: for tests, and for running without Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from contextlib import suppress

from ...core.limits import NOTIFICATIONS_BUFFERED_MAX
from ...core.queue.notifier import Queue


class LocalNotifier:
    """A notifier whose buffer is bounded: a notification may be lost."""

    def __init__(self) -> None:
        self._notified: asyncio.Queue[Queue] = asyncio.Queue(NOTIFICATIONS_BUFFERED_MAX)

    @property
    def refusal(self) -> str | None:
        """See ``Notifier.refusal``."""
        return None

    def notify(self, queue: Queue, row_id: str) -> None:  # noqa: ARG002 - the Protocol's; here one word is enough
        """See ``Notifier.notify``."""
        with suppress(asyncio.QueueFull):
            self._notified.put_nowait(queue)

    async def listen(self, wake: Callable[[Queue], None], queues: Collection[Queue]) -> None:
        """See ``Notifier.listen``."""
        while True:
            queue = await self._notified.get()
            if queue in queues:
                wake(queue)

    async def is_connected(self) -> bool | None:
        """See ``Notifier.is_connected``."""
        return None

    async def close(self) -> None:
        """See ``Notifier.close``."""
