"""Process concurrent items in batches."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

BATCHES_MAX = 2
ITEMS_MAX = 100


class Batcher(Generic[Item, Result]):
    """Processes items in batches: items that arrive during a batch form the next one.

    An item never waits for a batch to fill: if fewer than ``batches_max`` batches are in
    progress, it is processed at once. A batch contains only items that arrived before it
    began, so what it reads from the database is as new as a read of the item's own.

    Args:
        process: Processes a batch, and returns a result for each item, in the same order. The
            caller of every item of the batch gets its exception.
        batches_max: Maximum number of batches in progress.
        items_max: Maximum number of items in a batch.
    """

    def __init__(
        self,
        process: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]],
        *,
        batches_max: int = BATCHES_MAX,
        items_max: int = ITEMS_MAX,
    ) -> None:
        self._process = process
        self._batches_max = batches_max
        self._items_max = items_max
        self._waiting: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self._running = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def submit(self, item: Item) -> Result:
        """Process an item, and return its result.

        If the caller is cancelled, the item may be processed nevertheless.
        """
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._running < self._batches_max:
            self._running += 1
            # An empty context: a batch belongs to no request.
            task = asyncio.get_running_loop().create_task(self._run(), context=Context())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await future

    async def _run(self) -> None:
        try:
            while self._waiting:
                count = min(len(self._waiting), self._items_max)
                batch = [self._waiting.popleft() for _ in range(count)]
                wanted = [(item, future) for item, future in batch if not future.done()]
                if wanted:
                    await self._run_batch(wanted)
        finally:
            # In the same step as the last look at the waiting items: none is overlooked.
            self._running -= 1

    async def _run_batch(self, batch: Sequence[tuple[Item, asyncio.Future[Result]]]) -> None:
        try:
            results = await self._process([item for item, _ in batch])
        except Exception as error:  # noqa: BLE001 - the callers handle it
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        except BaseException:
            for _, future in batch:
                future.cancel()
            raise
        for (_, future), result in zip(batch, results, strict=True):
            if not future.done():
                future.set_result(result)
