"""A thread with an event loop of its own, in which all apps of a test session live.

Tests keep the loop they have, or none: an app never waits for a test, a blocked test never
stops an app, and it does not matter which plugin runs the tests' coroutines or for how long
a loop of theirs lasts.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

Result = TypeVar("Result")
Given = ParamSpec("Given")
START_WITHIN_S = 30.0


class SteadyLoop(asyncio.SelectorEventLoop):
    """An event loop whose timers go on while a test has frozen time.

    freezegun and time-machine replace ``time.time`` and ``time.monotonic`` for the whole
    process, and a loop that counts by these would never wake from a sleep.
    """

    def time(self) -> float:
        """See ``asyncio.AbstractEventLoop.time``."""
        return time.clock_gettime(time.CLOCK_MONOTONIC)


class Room:
    """See above. Close it from outside."""

    def __init__(self) -> None:
        self._loop = SteadyLoop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="paygate tests", daemon=True
        )
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Do it there, and block until it is done."""
        future = self._begin(work)
        try:
            return future.result()
        finally:
            # Ctrl+C reaches whoever waits; what they waited for must not go on alone.
            future.cancel()

    async def go(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Do it there, and await it here."""
        return await asyncio.wrap_future(self._begin(work))

    def _begin(self, work: Coroutine[Any, Any, Result]) -> Future[Result]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self) -> None:
        """End what is left and the thread."""
        self.run(_end_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _end_all() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()
    await asyncio.get_running_loop().shutdown_default_executor()


Core = TypeVar("Core")


def awaited(
    method: Callable[Concatenate[Core, Given], Coroutine[Any, Any, Result]],
) -> Callable[Concatenate[Any, Given], Coroutine[Any, Any, Result]]:
    """The same method for what a test holds, which has ``_room`` and ``_core``.

    It is awaited on the test's own loop.
    """

    @wraps(method)
    async def outside(self: Any, /, *args: Given.args, **kwargs: Given.kwargs) -> Result:
        came_to: Result = await self._room.go(method(self._core, *args, **kwargs))
        return came_to

    return outside


def blocking(
    method: Callable[Concatenate[Core, Given], Coroutine[Any, Any, Result]],
) -> Callable[Concatenate[Any, Given], Result]:
    """The same method, for tests that have no event loop."""

    @wraps(method)
    def outside(self: Any, /, *args: Given.args, **kwargs: Given.kwargs) -> Result:
        came_to: Result = self._room.run(method(self._core, *args, **kwargs))
        return came_to

    return outside
