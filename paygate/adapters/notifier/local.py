"""A notifier inside one process: for tests, and for running without Redis."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from ...core.limits import NOTIFICATIONS_BUFFERED_MAX
from ...core.queue.notifier import Jobs, Queue

HOUSEKEEPING_EVERY_S = 60.0
JOBS_MAX = 30
"""Jobs that run at the same time."""


class LocalNotifier:
    """A notifier whose buffer is bounded: a notification may be lost."""

    def __init__(self) -> None:
        self._notified: asyncio.Queue[Queue] = asyncio.Queue(NOTIFICATIONS_BUFFERED_MAX)

    @property
    def refusal(self) -> str | None:
        return None

    def notify(self, queue: Queue, row_id: str) -> None:  # noqa: ARG002 - required by the Protocol, unused here
        with suppress(asyncio.QueueFull):
            self._notified.put_nowait(queue)

    async def listen(self, jobs: Jobs) -> None:
        slots = asyncio.Semaphore(JOBS_MAX)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._run_housekeeping(jobs))
            while True:
                notified = {await self._notified.get()}
                while not self._notified.empty():
                    notified.add(self._notified.get_nowait())
                for queue in notified.intersection(jobs.queues):
                    await slots.acquire()
                    job = group.create_task(jobs.process(queue))
                    job.add_done_callback(lambda _: slots.release())

    async def _run_housekeeping(self, jobs: Jobs) -> None:
        while True:
            await jobs.housekeeping()
            await asyncio.sleep(HOUSEKEEPING_EVERY_S)

    async def is_connected(self) -> bool | None:
        return None

    async def close(self) -> None:
        """See ``Notifier.close``."""
