"""``PAYGATE_TRACE_PLUGINS``: every hook and every call of a plugin, one line each.

Where it is off nothing of this is built: the guarded objects stand in the registry as
they are.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, Protocol, TypeVar, cast

from .results import shown, words

Guarded = TypeVar("Guarded")


class Tracer(Protocol):
    """Where the lines go."""

    def info(self, event: str, **fields: Any) -> None:
        """One line."""


@dataclass(frozen=True, slots=True)
class Trace:
    """Says what plugins are asked, how long it took, and what kind of answer came.

    Args:
        log: Where the lines go; it redacts.
    """

    log: Tracer

    @contextmanager
    def hook(self, plugin: str, hook: str) -> Iterator[None]:
        """Time a hook."""
        with self._line("plugin hook", plugin, hook) as said:
            yield
            said["outcome"] = "ok"

    def around(self, guarded: Guarded, plugin: str, name: str) -> Guarded:
        """The same object, seen through a window that times every call."""
        return cast("Guarded", _Traced(guarded, self, plugin, name))

    def call(self, plugin: str, name: str, ask: Callable[[], Any]) -> Any:
        """Time a call, whether it is to be awaited or not."""
        began_s = time.perf_counter()
        try:
            answer = ask()
        except BaseException as error:
            self._say("plugin call", plugin, name, began_s, _kind(error))
            raise
        if isawaitable(answer):
            return self._awaited(plugin, name, answer, began_s)
        self._say("plugin call", plugin, name, began_s, _kind(answer))
        return answer

    async def _awaited(self, plugin: str, name: str, answer: Awaitable[Any], began_s: float) -> Any:
        try:
            came = await answer
        except BaseException as error:
            self._say("plugin call", plugin, name, began_s, _kind(error))
            raise
        self._say("plugin call", plugin, name, began_s, _kind(came))
        return came

    @contextmanager
    def _line(self, event: str, plugin: str, name: str) -> Iterator[dict[str, str]]:
        began_s, said = time.perf_counter(), {"outcome": "failed"}
        try:
            yield said
        finally:
            self._say(event, plugin, name, began_s, said["outcome"])

    def _say(self, event: str, plugin: str, name: str, began_s: float, outcome: str) -> None:
        took_ms = round(1000 * (time.perf_counter() - began_s), 2)
        self.log.info(event, plugin=plugin, call=name, took_ms=took_ms, outcome=outcome)


class _Traced:
    """Passes everything on; calls of public methods are timed on the way."""

    __slots__ = ("_guarded", "_name", "_plugin", "_trace")

    def __init__(self, guarded: object, trace: Trace, plugin: str, name: str) -> None:
        self._guarded, self._trace, self._plugin, self._name = guarded, trace, plugin, name

    def __getattr__(self, member: str) -> Any:
        found = getattr(self._guarded, member)
        if not callable(found) or isinstance(found, type):
            return found
        name = f"{self._name}.{member}"

        def timed(*args: Any, **kwargs: Any) -> Any:
            return self._trace.call(self._plugin, name, lambda: found(*args, **kwargs))

        return timed


def _kind(answer: object) -> str:
    """What kind of answer it is: never its content."""
    if isinstance(answer, BaseException):
        return f"{type(answer).__name__}: {words(answer)}"
    if answer is None or isinstance(answer, bool | int):
        return repr(answer)
    code = getattr(answer, "code", None)
    return type(answer).__name__ if code is None else f"{type(answer).__name__} {shown(str(code))}"
