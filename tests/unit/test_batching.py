"""Concurrent items are processed in batches, and none is lost or waits for others."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from paygate.core.batching import Batcher


class Doubles:
    """Doubles numbers when it is released, and records the batches."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.is_released = asyncio.Event()

    async def process(self, numbers: Sequence[int]) -> Sequence[int]:
        self.batches.append(list(numbers))
        await self.is_released.wait()
        if 13 in numbers:
            raise ValueError("13")
        return [2 * number for number in numbers]


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_single_item_is_processed_at_once() -> None:
    doubles = Doubles()
    doubles.is_released.set()
    assert await Batcher(doubles.process).submit(4) == 8
    assert doubles.batches == [[4]]


async def test_items_that_arrive_during_a_batch_are_the_next_one() -> None:
    doubles = Doubles()
    batcher = Batcher(doubles.process, batches_max=1, items_max=3)
    first = asyncio.create_task(batcher.submit(0))
    await settle()
    others = [asyncio.create_task(batcher.submit(number)) for number in range(1, 6)]
    await settle()
    assert doubles.batches == [[0]]
    doubles.is_released.set()
    assert await asyncio.gather(first, *others) == [0, 2, 4, 6, 8, 10]
    assert doubles.batches == [[0], [1, 2, 3], [4, 5]]


async def test_no_more_batches_run_at_once_than_allowed() -> None:
    doubles = Doubles()
    batcher = Batcher(doubles.process, batches_max=2)
    tasks = []
    for number in range(5):
        tasks.append(asyncio.create_task(batcher.submit(number)))
        await settle()
    assert doubles.batches == [[0], [1]]
    doubles.is_released.set()
    assert await asyncio.gather(*tasks) == [0, 2, 4, 6, 8]
    assert doubles.batches == [[0], [1], [2, 3, 4]]


async def test_an_error_reaches_the_callers_of_its_batch_only() -> None:
    doubles = Doubles()
    batcher = Batcher(doubles.process, batches_max=1)
    before = asyncio.create_task(batcher.submit(1))
    await settle()
    failing = [asyncio.create_task(batcher.submit(number)) for number in (13, 2)]
    await settle()
    doubles.is_released.set()
    assert await before == 2
    for task in failing:
        with pytest.raises(ValueError, match="13"):
            await task
    assert await batcher.submit(5) == 10


async def test_a_cancelled_caller_does_not_affect_the_others() -> None:
    doubles = Doubles()
    batcher = Batcher(doubles.process, batches_max=1)
    tasks = [asyncio.create_task(batcher.submit(0))]
    await settle()
    tasks += [asyncio.create_task(batcher.submit(number)) for number in (1, 2)]
    await settle()
    tasks[1].cancel()
    tasks[0].cancel()
    await settle()
    doubles.is_released.set()
    assert await tasks[2] == 4
    assert doubles.batches == [[0], [2]]


async def test_no_item_is_overlooked_when_a_batch_ends_at_the_same_moment() -> None:
    async def process(numbers: Sequence[int]) -> Sequence[int]:
        await asyncio.sleep(0)
        return numbers

    batcher = Batcher(process, batches_max=1)

    async def many(start: int) -> None:
        for number in range(start, start + 200):
            assert await batcher.submit(number) == number
            for _ in range(number % 5):
                await asyncio.sleep(0)

    async with asyncio.timeout(60):
        await asyncio.gather(*(many(1000 * each) for each in range(7)))
