"""A pool of threads for each plugin behind ``asyncio.to_thread``.

asyncio has one pool for everything that blocks, with as few as five threads. Calls of a plugin that
do not return would occupy all of them, and stop every other plugin that uses threads.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar
from functools import partial
from itertools import count
from typing import Any, ParamSpec, TypeVar

from ..core.limits import PLUGIN_THREADS_MAX

Given = ParamSpec("Given")
Result = TypeVar("Result")
CALLED_PLUGIN: ContextVar[str | None] = ContextVar("called_plugin", default=None)
"""The plugin that this task calls; tasks that it starts inherit it."""


class DaemonThreads:
    """A few threads that do not keep the process alive.

    Python waits at its end for the threads of a ``ThreadPoolExecutor``: a call that never
    returns would keep a stopped process alive.

    Args:
        name: The beginning of the threads' names.
        threads_max: How many calls run at the same time; others wait.
    """

    def __init__(self, name: str, threads_max: int) -> None:
        self._name = name
        self._threads_max = threads_max
        self._changed = threading.Condition()
        # In the order in which they are made. A caller that no longer waits takes its call back:
        # while all threads hang, calls would take up more and more memory.
        self._calls: dict[int, Callable[[], None]] = {}
        self._numbers = count()
        self._unfinished = 0
        self._started = 0
        self._is_closed = False

    def submit(
        self, fn: Callable[Given, Result], /, *args: Given.args, **kwargs: Given.kwargs
    ) -> Future[Result]:
        """Run a function in one of the threads.

        Raises:
            RuntimeError: ``close`` was called, or the process may have no more threads.
        """
        future: Future[Result] = Future()
        with self._changed:
            if self._is_closed:
                raise RuntimeError(f"the threads {self._name} are closed")
            if self._started < min(self._unfinished + 1, self._threads_max):
                name = f"{self._name}_{self._started}"
                threading.Thread(target=self._run, name=name, daemon=True).start()
                self._started += 1
            number = next(self._numbers)
            self._calls[number] = partial(_complete, future, partial(fn, *args, **kwargs))
            self._unfinished += 1
            self._changed.notify()
        future.add_done_callback(lambda ended: self._forget(number) if ended.cancelled() else None)
        return future

    def close(self) -> None:
        """Accept no more calls. Those that were accepted are made; no thread is waited for."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _forget(self, number: int) -> None:
        with self._changed:
            if self._calls.pop(number, None) is not None:
                self._unfinished -= 1

    def _run(self) -> None:
        while (call := self._next()) is not None:
            call()
            # Nothing that belongs to the call is kept until the next one.
            del call
            with self._changed:
                self._unfinished -= 1

    def _next(self) -> Callable[[], None] | None:
        """Wait for a call; None when there are no more."""
        with self._changed:
            while not self._calls and not self._is_closed:
                self._changed.wait()
            return self._calls.pop(next(iter(self._calls))) if self._calls else None


def _complete(future: Future[Result], call: Callable[[], Result]) -> None:
    """Make the call, unless its caller no longer waits, and give its result to the caller."""
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = call()
    except BaseException as error:  # noqa: BLE001 - the caller gets whatever it raised
        future.set_exception(error)
    else:
        future.set_result(result)


class ThreadsOfPlugins(ThreadPoolExecutor):
    """A pool for paygate itself, and a smaller one for each plugin that asks for a thread."""

    def __init__(self) -> None:
        super().__init__(thread_name_prefix="paygate")
        self._of_plugins: dict[str, DaemonThreads] = {}

    def submit(
        self, fn: Callable[Given, Result], /, *args: Given.args, **kwargs: Given.kwargs
    ) -> Future[Result]:
        """Run a function in a thread of the plugin that this task calls."""
        plugin = CALLED_PLUGIN.get()
        if plugin is None:
            return super().submit(fn, *args, **kwargs)
        pool = self._of_plugins.get(plugin)
        if pool is None:
            pool = DaemonThreads(f"plugin-{plugin}", PLUGIN_THREADS_MAX)
            self._of_plugins[plugin] = pool
        return pool.submit(fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, **options: Any) -> None:
        """Accept no more calls. A plugin's thread that hangs is not waited for."""
        for pool in self._of_plugins.values():
            pool.close()
        super().shutdown(wait, **options)


def use_threads_of_plugins() -> None:
    """Let ``asyncio.to_thread`` in the running loop use a pool for each plugin."""
    asyncio.get_running_loop().set_default_executor(ThreadsOfPlugins())
