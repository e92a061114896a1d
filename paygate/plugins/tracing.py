"""``PAYGATE_TRACE_PLUGINS``: log every hook and every call of a plugin.

If it is off, guarded objects are not wrapped.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, Protocol, TypeVar, cast

from .results import shown, words

Guarded = TypeVar("Guarded")


class Tracer(Protocol):
    """A logger."""

    def info(self, event: str, **fields: Any) -> None:
        """Log one line."""


class PluginTrace(Protocol):
    """Records hooks and calls of plugins."""

    def hook(self, plugin: str, hook: str) -> AbstractContextManager[None]:
        """Record a hook."""
        ...

    def around(self, guarded: Guarded, plugin: str, name: str) -> Guarded:
        """Wrap the object in a proxy that records every call."""
        ...


class CallRecorder(Protocol):
    """Records calls."""

    def call(self, plugin: str, name: str, ask: Callable[[], Any]) -> Any:
        """Make a call, whether it is awaited or not, and record it."""
        ...


def around(guarded: Guarded, recorder: CallRecorder, plugin: str, name: str) -> Guarded:
    """Return a proxy of the object whose calls go through a recorder."""
    return cast("Guarded", _Traced(guarded, recorder, plugin, name))


@dataclass(frozen=True, slots=True)
class Trace:
    """Implements ``PluginTrace``: logs calls of plugins: name, duration and type of the result.

    Args:
        log: The logger; it redacts.
    """

    log: Tracer

    @contextmanager
    def hook(self, plugin: str, hook: str) -> Iterator[None]:
        """Time a hook."""
        with self._line("plugin hook", plugin, hook) as fields:
            yield
            fields["outcome"] = "ok"

    def around(self, guarded: Guarded, plugin: str, name: str) -> Guarded:
        """Wrap the object in a proxy that times every call."""
        return around(guarded, self, plugin, name)

    def call(self, plugin: str, name: str, ask: Callable[[], Any]) -> Any:
        """Time a call, whether it is awaited or not."""
        began_s = time.perf_counter()
        try:
            answer = ask()
        except BaseException as error:
            self._log("plugin call", plugin, name, began_s, _kind(error))
            raise
        if isawaitable(answer):
            return self._awaited(plugin, name, answer, began_s)
        self._log("plugin call", plugin, name, began_s, _kind(answer))
        return answer

    async def _awaited(self, plugin: str, name: str, answer: Awaitable[Any], began_s: float) -> Any:
        try:
            result = await answer
        except BaseException as error:
            self._log("plugin call", plugin, name, began_s, _kind(error))
            raise
        self._log("plugin call", plugin, name, began_s, _kind(result))
        return result

    @contextmanager
    def _line(self, event: str, plugin: str, name: str) -> Iterator[dict[str, str]]:
        began_s, fields = time.perf_counter(), {"outcome": "failed"}
        try:
            yield fields
        finally:
            self._log(event, plugin, name, began_s, fields["outcome"])

    def _log(self, event: str, plugin: str, name: str, began_s: float, outcome: str) -> None:
        took_ms = round(1000 * (time.perf_counter() - began_s), 2)
        self.log.info(event, plugin=plugin, call=name, took_ms=took_ms, outcome=outcome)


class _Traced:
    """A proxy; calls of public methods are recorded."""

    __slots__ = ("_guarded", "_name", "_plugin", "_trace")

    def __init__(self, guarded: object, trace: CallRecorder, plugin: str, name: str) -> None:
        self._guarded, self._trace, self._plugin, self._name = guarded, trace, plugin, name

    def __getattr__(self, member: str) -> Any:
        found = getattr(self._guarded, member)
        if not callable(found) or isinstance(found, type):
            return found
        name = f"{self._name}.{member}"

        def recorded(*args: Any, **kwargs: Any) -> Any:
            return self._trace.call(self._plugin, name, lambda: found(*args, **kwargs))

        return recorded


def _kind(answer: object) -> str:
    """Return the type of the result, never its content."""
    if isinstance(answer, BaseException):
        return f"{type(answer).__name__}: {words(answer)}"
    if answer is None or isinstance(answer, bool | int):
        return repr(answer)
    code = getattr(answer, "code", None)
    return type(answer).__name__ if code is None else f"{type(answer).__name__} {shown(str(code))}"
