"""A pool of threads for each plugin behind ``asyncio.to_thread``.

asyncio has one pool for everything that blocks, with as few as five threads. Calls of a plugin that
do not return would occupy all of them, and stop every other plugin that uses threads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar

from ..core.limits import PLUGIN_THREADS_MAX

Given = ParamSpec("Given")
Result = TypeVar("Result")
CALLED_PLUGIN: ContextVar[str | None] = ContextVar("called_plugin", default=None)
"""The plugin that this task calls; tasks that it starts inherit it."""


class ThreadsOfPlugins(ThreadPoolExecutor):
    """A pool for paygate itself, and a smaller one for each plugin that asks for a thread."""

    def __init__(self) -> None:
        super().__init__(thread_name_prefix="paygate")
        self._of_plugins: dict[str, ThreadPoolExecutor] = {}

    def submit(
        self, fn: Callable[Given, Result], /, *args: Given.args, **kwargs: Given.kwargs
    ) -> Future[Result]:
        """Run a function in a thread of the plugin that this task calls."""
        plugin = CALLED_PLUGIN.get()
        if plugin is None:
            return super().submit(fn, *args, **kwargs)
        pool = self._of_plugins.get(plugin)
        if pool is None:
            pool = ThreadPoolExecutor(PLUGIN_THREADS_MAX, thread_name_prefix=f"plugin-{plugin}")
            self._of_plugins[plugin] = pool
        return pool.submit(fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, **options: Any) -> None:
        """Accept no more calls. A plugin's thread that hangs is not waited for."""
        for pool in self._of_plugins.values():
            pool.shutdown(wait=False, cancel_futures=True)
        super().shutdown(wait, **options)


def use_threads_of_plugins() -> None:
    """Let ``asyncio.to_thread`` in the running loop use a pool for each plugin."""
    asyncio.get_running_loop().set_default_executor(ThreadsOfPlugins())
