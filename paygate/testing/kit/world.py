"""Detect what a plugin uses besides its arguments, and stop what cannot be undone.

A profile function sees every call with the calling frame. Nothing is patched, so neither the
plugin nor its libraries have to be imported again, and a name that was imported early is
detected too. An audit hook detects and refuses sockets and processes, also those that C code
opens.

Sockets, name resolution and processes are always refused, whether the plugin, a library, the
event loop or a thread asks for them.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from random import Random
from types import CodeType, FrameType
from typing import Any, Literal
from weakref import WeakSet

ReachKind = Literal[
    "clock", "random", "environment", "socket", "process", "thread", "exit", "sleep"
]

_KIT = str(Path(__file__).parent)
_STDLIB = tuple(sysconfig.get_path(name) for name in ("stdlib", "platstdlib"))
# Libraries between a plugin and what it calls; they do not call anything by themselves.
_INTERMEDIARIES = ("pydantic", "pydantic_core", "hypothesis")

_SHARED_RANDOM = getattr(sys.modules["random"], "_inst")  # noqa: B009 - the generator of random.random()
_CLOCKS = {
    getattr(time, name): name
    for name in ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns")
}
_URANDOM = getattr(os, "urandom")  # noqa: B009 - compared, never called
_ENVIRONMENT = type(os.environ)
_PYTHON: dict[CodeType, tuple[ReachKind, str]] = {
    getattr(_ENVIRONMENT, name).__code__: ("environment", "os.environ")
    for name in ("__getitem__", "__setitem__", "__delitem__", "__iter__", "__len__")
} | {threading.Thread.start.__code__: ("thread", "threading.Thread.start")}
_UNSEEDED = Random.__init__.__code__
_EXITS = {getattr(os, name): f"os.{name}" for name in ("_exit", "abort", "kill")}
_AUDITED: dict[str, ReachKind] = {
    "socket.__new__": "socket",
    "socket.connect": "socket",
    "socket.bind": "socket",
    "socket.getaddrinfo": "socket",
    "socket.gethostbyname": "socket",
    "socket.gethostbyaddr": "socket",
    "socket.getnameinfo": "socket",
    "socket.sendto": "socket",
    "socket.sendmsg": "socket",
    "subprocess.Popen": "process",
    "os.system": "process",
    "os.exec": "process",
    "os.fork": "process",
    "os.posix_spawn": "process",
}


NO_FRAME = "the event loop, or another thread"


class RefusedError(BaseException):
    """The kit stopped a plugin from something that cannot be undone."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Something that a plugin used besides its arguments.

    Args:
        kind: The kind of thing.
        what: Its name: ``time.time``.
        where: File and line of the plugin's code.
    """

    kind: ReachKind
    what: str
    where: str

    def __str__(self) -> str:
        """Return the name and the place."""
        return f"{self.what} at {self.where}"


@dataclass(slots=True)
class Watch:
    """Collects what was detected.

    Args:
        thread: The thread to watch, beside threads that are new.
        others: The threads that existed before, by id.
        reaches: What was detected, in order.
    """

    thread: int
    others: frozenset[int]
    reaches: list[Reach] = field(default_factory=list)

    def of(self, *kinds: ReachKind) -> list[Reach]:
        """Return what was detected of some kinds, each place once."""
        return list(dict.fromkeys(reach for reach in self.reaches if reach.kind in kinds))

    def saw(self, frame: FrameType, event: str, called: Any) -> None:
        """Handle one call; a profile function."""
        if event == "c_call":
            self._saw_builtin(frame, called)
        elif event == "call":
            self._saw_python(frame)

    def audited(self, event: str) -> None:
        """Handle one audit event, and refuse it if a plugin caused it.

        Raises:
            RefusedError: A plugin caused it.
        """
        here = threading.get_ident()
        if event in _AUDITED and (here == self.thread or here not in self.others):
            frame = _plugin_frame(sys._getframe(2))  # noqa: SLF001 - the documented way to get the caller
            if frame is not None:
                self._keep(_AUDITED[event], event, frame)
            elif event == "socket.__new__":
                return  # The socket pair of an event loop; connections use other events.
            else:
                # The event loop or a pool's thread works for the plugin.
                self.reaches.append(Reach(_AUDITED[event], event, NO_FRAME))
            raise RefusedError(f"the kit refuses {event}")

    def _saw_builtin(self, frame: FrameType, called: Any) -> None:
        owner = getattr(called, "__self__", None)
        if owner is _SHARED_RANDOM:
            self._keep("random", f"random.{called.__name__}", _plugin_frame(frame))
        elif owner is time:
            self._saw_time(frame, called)
        elif isinstance(owner, type) and issubclass(owner, date):
            if called.__name__ in {"now", "utcnow", "today"}:
                self._keep("clock", f"{owner.__name__}.{called.__name__}", _own_frame(frame))
        elif called is _URANDOM:
            self._keep("random", "os.urandom", _plugin_frame(frame))
        elif called is sys.exit:
            self._keep("exit", "sys.exit", _plugin_frame(frame))
        elif called in _EXITS and self._keep("exit", _EXITS[called], _plugin_frame(frame)):
            _reinstall_later(self.reinstall)
            raise RefusedError(f"the kit refuses {_EXITS[called]}")

    def reinstall(self) -> None:
        """Install the profile function again, unless the watch is over."""
        if self in _watches:
            sys.setprofile(self.saw)

    def _saw_time(self, frame: FrameType, called: Any) -> None:
        # Direct calls only: the event loop and the log read the clock for everyone.
        if called in _CLOCKS:
            self._keep("clock", f"time.{_CLOCKS[called]}", _own_frame(frame))
        elif called is time.sleep:
            self._keep("sleep", "time.sleep", _plugin_frame(frame))

    def _saw_python(self, frame: FrameType) -> None:
        code = frame.f_code
        if code in _PYTHON:
            kind, what = _PYTHON[code]
            if kind == "thread" and frame.f_locals["self"].name.startswith("asyncio_"):
                return  # The thread pool of asyncio.to_thread.
            self._keep(kind, what, _plugin_frame(frame.f_back))
        elif code is _UNSEEDED and frame.f_locals.get("x") is None:
            self._keep("random", "an unseeded Random", _plugin_frame(frame.f_back))

    def _keep(self, kind: ReachKind, what: str, by: FrameType | None) -> bool:
        if by is not None:
            self.reaches.append(Reach(kind, what, f"{_short(by.f_code.co_filename)}:{by.f_lineno}"))
        return by is not None


_watches: list[Watch] = []


def _audit(event: str, _arguments: object) -> None:
    if _watches:
        _watches[-1].audited(event)


@lru_cache(maxsize=1)
def _install_audit() -> None:
    sys.addaudithook(_audit)


_plugin_threads: WeakSet[threading.Thread] = WeakSet()
"""Threads that plugins have started; they stay forbidden to do what plugins may not do."""


@contextmanager
def closed_network() -> Iterator[Watch]:
    """Refuse sockets, name resolution and processes in the block; collect what was refused."""
    _install_audit()
    known = set(threading.enumerate()) - set(_plugin_threads)
    watch = Watch(threading.get_ident(), frozenset(each.ident or 0 for each in known))
    _watches.append(watch)
    try:
        yield watch
    finally:
        _watches.remove(watch)
        _plugin_threads.update(each for each in threading.enumerate() if each not in known)


@contextmanager
def watching() -> Iterator[Watch]:
    """Detect what a plugin uses in the block."""
    with closed_network() as watch:
        before = sys.getprofile()
        sys.setprofile(watch.saw)
        try:
            yield watch
        finally:
            sys.setprofile(before)


def _reinstall_later(set_: Callable[[], None]) -> None:
    """Install the profile function again: the interpreter removes one that raises."""
    with suppress(RuntimeError):  # No loop is running.
        asyncio.get_running_loop().call_soon(set_)


@contextmanager
def refuse_exits() -> Iterator[None]:
    """Refuse ``os._exit`` and similar functions in the block, for every caller.

    It is cheaper than watching and is used around every check: a plugin that ends the
    process would also end the report.
    """

    def refuse(_frame: FrameType, event: str, called: Any) -> None:
        if event == "c_call" and called in _EXITS:
            _reinstall_later(lambda: sys.setprofile(refuse))
            raise RefusedError(f"the kit refuses {_EXITS[called]}")

    before = sys.getprofile()
    sys.setprofile(refuse)
    try:
        yield
    finally:
        sys.setprofile(before)


@contextmanager
def unwatched() -> Iterator[None]:
    """Run code of the kit without the profile function; no code of a plugin runs in it."""
    before = sys.getprofile()
    sys.setprofile(None)
    try:
        yield
    finally:
        sys.setprofile(before)


def _own_frame(frame: FrameType | None) -> FrameType | None:
    """Return the frame if it belongs to the plugin."""
    is_own = frame is not None and not _is_intermediary(frame.f_code.co_filename)
    return frame if is_own and frame is not None and not _is_kit(frame) else None


def _plugin_frame(frame: FrameType | None) -> FrameType | None:
    """Return the plugin's frame that called this one; None if no plugin did."""
    while frame is not None and _is_intermediary(frame.f_code.co_filename):
        frame = frame.f_back
    return _own_frame(frame)


def _is_kit(frame: FrameType) -> bool:
    return frame.f_code.co_filename.startswith(_KIT)


@lru_cache(maxsize=4096)
def _is_intermediary(filename: str) -> bool:
    if filename.startswith("<"):
        return True
    parts = Path(filename).parts
    if "site-packages" in parts:
        return any(name in parts for name in _INTERMEDIARIES)
    return filename.startswith(_STDLIB)


def _short(filename: str) -> str:
    """Return the last parts of a path, which are the same on every machine."""
    return "/".join(Path(filename).parts[-2:])


# Imported in advance, so that their first use is not attributed to a plugin.
_WARM = (asyncio, subprocess)
