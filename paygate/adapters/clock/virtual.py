"""A clock that tests stop and move, over one that runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from ...core.ports.clock import RUNNING, Clock, Hold


class VirtualClock:
    """See ``MovableClock``.

    Args:
        running: Shown while nobody holds this one.
    """

    def __init__(self, running: Clock) -> None:
        self._running = running
        self._hold = RUNNING
        self._listeners: list[Callable[[], None]] = []

    def now(self) -> datetime:
        """See ``Clock.now``."""
        return self._hold.at or self._running.now()

    @property
    def is_held(self) -> bool:
        """See ``MovableClock.is_held``."""
        return self._hold.at is not None

    def follow(self, hold: Hold) -> None:
        """See ``MovableClock.follow``."""
        # News may overtake each other: who moves the clock shows it at once, and
        # hears of its own move, or of one before it, a moment later.
        if hold.version <= self._hold.version:
            return
        self._hold = hold
        for moved in self._listeners:
            moved()

    async def listen(self, moved: Callable[[], None]) -> None:
        """See ``MovableClock.listen``."""
        self._listeners.append(moved)
        try:
            await asyncio.Event().wait()
        finally:
            self._listeners.remove(moved)
