"""Notice a plugin that blocks the event loop, and name it.

A plugin's coroutine that sleeps, computes or waits for a socket without ``await`` stops everything
else in its process. A thread asks the loop once a second to answer. If it does not, the thread
reads the stack of the loop's thread: the guard's frame there knows the plugin that was called.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
from collections.abc import Callable
from pathlib import PurePath
from types import FrameType

from ..core.limits import LOOP_BLOCKED_AFTER, LOOP_CHECKED_EVERY
from ..core.loop_blocks import LoopBlock
from .guard import GuardedMethod
from .isolation import contained, contained_call

log = logging.getLogger(__name__)
GUARDS = frozenset({contained.__code__, contained_call.__code__, GuardedMethod.prepare.__code__})
SAMPLE_AGAIN_S = 0.1
IDLE = frozenset({"selectors.py", "base_events.py"})
"""Where the loop waits for sockets and timers, or is between two callbacks."""


class LoopWatchdog:
    """Watches the running event loop from a thread of its own.

    Args:
        report: Called in the loop when a call that blocked it has ended.
        bound_s: A loop that does not answer for so long is blocked.
        every_s: The pause between two questions.
    """

    def __init__(
        self,
        report: Callable[[LoopBlock], None],
        *,
        bound_s: float = LOOP_BLOCKED_AFTER.total_seconds(),
        every_s: float = LOOP_CHECKED_EVERY.total_seconds(),
    ) -> None:
        self._report = report
        self._bound_s = bound_s
        self._every_s = every_s
        self._loop = asyncio.get_running_loop()
        self._watched = threading.get_ident()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="paygate-watchdog", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop watching."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(self._every_s):
            answered, asked_s = threading.Event(), time.monotonic()
            try:
                self._loop.call_soon_threadsafe(answered.set)
                if not answered.wait(self._bound_s):
                    self._observe(answered, asked_s)
            except RuntimeError:
                return  # The loop is closed.

    def _observe(self, answered: threading.Event, asked_s: float) -> None:
        """Find the call that blocks the loop; log it now, and report it when it has ended."""
        found: LoopBlock | None = None
        before: FrameType | None = None
        while not answered.wait(SAMPLE_AGAIN_S) and not self._stopped.is_set():
            frame = sys._current_frames().get(self._watched)  # noqa: SLF001 - the documented way
            guard = _guard_of(frame)
            # The same call twice: a loop that is only busy changes between two samples.
            if found is None and frame is not None and guard is not None and guard is before:
                found = _described(guard, frame, time.monotonic() - asked_s)
                log.warning(
                    "plugin %s blocks the event loop: %s has not returned for %.1f s (%s)",
                    found.plugin,
                    found.call,
                    found.seconds,
                    found.place,
                )
            before = guard
            del frame, guard
        del before
        if found is None or self._stopped.is_set():
            return
        seconds = time.monotonic() - asked_s
        block = LoopBlock(found.plugin, found.call, found.place, round(seconds, 1))
        log.warning("plugin %s blocked the event loop for %.1f s", block.plugin, seconds)
        self._loop.call_soon_threadsafe(self._report, block)


def _guard_of(frame: FrameType | None) -> FrameType | None:
    """Return the frame of the guard that has called a plugin; None outside of plugins."""
    if frame is None or PurePath(frame.f_code.co_filename).name in IDLE:
        return None
    while frame is not None and frame.f_code not in GUARDS:
        frame = frame.f_back
    return frame


def _described(guard: FrameType, innermost: FrameType, seconds: float) -> LoopBlock:
    known = guard.f_locals
    plugin = known.get("plugin") or getattr(getattr(known.get("self"), "info", None), "code", None)
    called: FrameType = innermost
    step: FrameType | None = innermost
    # The outermost frame below the guard that is not the host's: the plugin's own function.
    while step is not None and step is not guard:
        if not str(step.f_globals.get("__name__", "")).startswith("paygate.plugins."):
            called = step
        step = step.f_back
    place = f"{PurePath(innermost.f_code.co_filename).name}:{innermost.f_lineno}"
    return LoopBlock(
        str(plugin) if plugin else None, called.f_code.co_qualname, place, round(seconds, 1)
    )
