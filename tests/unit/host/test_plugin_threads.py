"""A plugin whose threads hang occupies its own pool only."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from paygate.core.limits import PLUGIN_THREADS_MAX
from paygate.plugins.isolation import within
from paygate.plugins.threads import use_threads_of_plugins

DEADLINE = timedelta(seconds=5)


@pytest.fixture
def ended() -> Iterator[threading.Event]:
    ended = threading.Event()
    yield ended
    ended.set()


async def test_threads_that_hang_leave_threads_for_other_plugins(ended: threading.Event):
    use_threads_of_plugins()
    started: list[str] = []

    def hang() -> None:
        started.append(threading.current_thread().name)
        ended.wait(60)

    async def call() -> None:
        await asyncio.to_thread(hang)

    async def name() -> str:
        # Also from a task that the plugin starts.
        return await asyncio.create_task(asyncio.to_thread(lambda: threading.current_thread().name))

    stuck = [
        asyncio.ensure_future(within(timedelta(seconds=0.5), call, plugin="stuck"))
        for _ in range(5 * PLUGIN_THREADS_MAX)
    ]
    results = await asyncio.gather(*stuck, return_exceptions=True)
    other = await within(DEADLINE, name, plugin="other")
    own = await asyncio.to_thread(lambda: threading.current_thread().name)
    ended.set()

    assert all(isinstance(result, TimeoutError) for result in results)
    assert len(started) == PLUGIN_THREADS_MAX
    assert all(each.startswith("plugin-stuck") for each in started)
    assert other.startswith("plugin-other")
    assert own.startswith("paygate")
