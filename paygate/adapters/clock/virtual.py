"""A clock that tests can stop and move."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from ...core.clock import REAL_TIME, Clock, ClockState


class VirtualClock:
    """Implements ``MovableClock``.

    Args:
        running: The real time.
    """

    def __init__(self, running: Clock) -> None:
        self._running = running
        self._state = REAL_TIME
        # The stopped time while the clock is being moved.
        self._stopped_at: datetime | None = None
        self._listeners: list[Callable[[], None]] = []

    def now(self) -> datetime:
        return self._stopped_at or self._state.time_at(self._running.now())

    @property
    def is_held(self) -> bool:
        return self._stopped_at is not None or self._state.held_at is not None

    @property
    def is_moved(self) -> bool:
        return self.is_held or self._state.resumed_at is not None

    @property
    def shift(self) -> timedelta:
        return self._state.shift

    def follow(self, state: ClockState) -> None:
        # States may arrive out of order: the process that moves the clock applies the new
        # state at once, and receives its own or an older one later.
        if state.version <= self._state.version:
            return
        self._stopped_at = self.now() if state.is_stopping else None
        self._state = state
        for moved in self._listeners:
            moved()

    async def listen(self, moved: Callable[[], None]) -> None:
        self._listeners.append(moved)
        try:
            await asyncio.Event().wait()
        finally:
            self._listeners.remove(moved)
