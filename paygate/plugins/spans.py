"""Calls of plugins in traces: a span for each call that is awaited."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any

from ..core.observe.traces import Traces
from .tracing import Guarded, PluginTrace, around


@dataclass(frozen=True, slots=True)
class PluginSpans:
    """Implements ``PluginTrace``.

    Args:
        traces: Where the spans are sent.
    """

    traces: Traces

    def hook(self, plugin: str, hook: str) -> AbstractContextManager[None]:  # noqa: ARG002 - hooks run at the start, in no trace
        return nullcontext()

    def around(self, guarded: Guarded, plugin: str, name: str) -> Guarded:
        return around(guarded, self, plugin, name)

    def call(self, plugin: str, name: str, ask: Callable[[], Any]) -> Any:
        # A coroutine begins when it is awaited. What needs no waiting is not worth a span.
        answer = ask()
        return self._awaited(plugin, name, answer) if isawaitable(answer) else answer

    async def _awaited(self, plugin: str, name: str, answer: Awaitable[Any]) -> Any:
        if self.traces.current() is None:
            return await answer
        attributes = {"paygate.plugin": plugin}
        with self.traces.inside(name, kind="internal", attributes=attributes) as span:
            result = await answer
            span.set_attribute("paygate.result", type(result).__name__)
            return result


@dataclass(frozen=True, slots=True)
class BothTraces:
    """Implements ``PluginTrace`` with two others."""

    first: PluginTrace
    second: PluginTrace

    def hook(self, plugin: str, hook: str) -> AbstractContextManager[None]:
        # Only the log shows hooks.
        return self.first.hook(plugin, hook)

    def around(self, guarded: Guarded, plugin: str, name: str) -> Guarded:
        return self.second.around(self.first.around(guarded, plugin, name), plugin, name)
