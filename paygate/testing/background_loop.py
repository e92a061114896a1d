"""A thread with its own event loop, in which all apps of a test session run.

Tests use their own event loop, or none. An app never waits for a test, a blocked test never
stops an app, and it does not matter which plugin runs the tests' coroutines or how long their
event loop lives.
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
    """An event loop whose timers work while a test has frozen time.

    freezegun and time-machine replace ``time.time`` and ``time.monotonic`` for the whole
    process. A loop that uses them would never wake from a sleep.
    """

    def time(self) -> float:
        return time.clock_gettime(time.CLOCK_MONOTONIC)


class BackgroundLoop:
    """An event loop in a thread of its own. Call ``close`` from another thread."""

    def __init__(self) -> None:
        self._loop = SteadyLoop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="paygate tests", daemon=True
        )
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run a coroutine in the loop, and block until it is done."""
        future = self._begin(work)
        try:
            return future.result()
        finally:
            # Ctrl+C interrupts the caller; the coroutine must not continue without it.
            future.cancel()

    async def run_async(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run a coroutine in the loop, and await it in the caller's loop."""
        return await asyncio.wrap_future(self._begin(work))

    def _begin(self, work: Coroutine[Any, Any, Result]) -> Future[Result]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self) -> None:
        """Cancel all tasks, and end the thread."""
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
    """Wrap a core's method for an object with ``_loop`` and ``_core``.

    The result is awaited in the test's own loop.
    """

    @wraps(method)
    async def outside(self: Any, /, *args: Given.args, **kwargs: Given.kwargs) -> Result:
        result: Result = await self._loop.run_async(method(self._core, *args, **kwargs))
        return result

    return outside


def blocking(
    method: Callable[Concatenate[Core, Given], Coroutine[Any, Any, Result]],
) -> Callable[Concatenate[Any, Given], Result]:
    """Wrap a core's method for tests that have no event loop: the result blocks."""

    @wraps(method)
    def outside(self: Any, /, *args: Given.args, **kwargs: Given.kwargs) -> Result:
        result: Result = self._loop.run(method(self._core, *args, **kwargs))
        return result

    return outside
