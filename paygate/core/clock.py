"""The clock port, and the state of the test clock that all processes share."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """The app's clock."""

    def now(self) -> datetime:
        """Return the current time in UTC.

        It follows the database's clock, not the machine's. Processes on machines
        whose clocks differ still agree on what is due.
        """
        ...


@dataclass(frozen=True, slots=True)
class ClockState:
    """The state of the app's clock.

    Without ``held_at`` and ``resumed_from`` the clock shows the real time.

    Args:
        version: Increases with every change; the higher version is the newer one.
        held_at: The time at which the clock is held, in UTC; None while it runs.
        resumed_from: The app's time from which it continues after a change.
        resumed_at: The real time when it continued.
        is_passing: The clock is held only during an advance, and runs again afterwards.
            Without ``held_at`` the advance is about to begin, and each process holds its
            clock when it receives this state.
    """

    version: int
    held_at: datetime | None = None
    resumed_from: datetime | None = None
    resumed_at: datetime | None = None
    is_passing: bool = False

    @property
    def is_stopping(self) -> bool:
        """Whether the clock is about to be held for an advance."""
        return self.is_passing and self.held_at is None

    @property
    def shift(self) -> timedelta:
        """How far a running clock is ahead of the real time; 0 for a held clock."""
        if self.resumed_from is None or self.resumed_at is None:
            return timedelta()
        return self.resumed_from - self.resumed_at

    def time_at(self, real: datetime) -> datetime:
        """Return the app's time at a real time."""
        if self.held_at is not None:
            return self.held_at
        if self.resumed_from is None or self.resumed_at is None:
            return real
        # Processes read the real time some milliseconds apart. The app's time must not go
        # back in any of them when the clock continues.
        return self.resumed_from + max(timedelta(), real - self.resumed_at)


REAL_TIME = ClockState(0)
"""The state of a clock that was never moved."""


def format_shift(shift: timedelta) -> str:
    """Format a shift, such as "3 days, 0:00:01 ahead of the real time"."""
    side = "behind" if shift < timedelta() else "ahead of"
    return f"{timedelta(seconds=round(abs(shift).total_seconds()))} {side} the real time"


class MovableClock(Clock, Protocol):
    """One process's view of a clock that tests move for all processes."""

    @property
    def is_held(self) -> bool:
        """Whether the clock is held."""
        ...

    @property
    def is_moved(self) -> bool:
        """Whether the clock is held, or differs from the real time."""
        ...

    @property
    def shift(self) -> timedelta:
        """How far the clock is ahead of the real time; 0 while it is held."""
        ...

    def follow(self, state: ClockState) -> None:
        """Apply a state; a state that is older than the current one changes nothing."""
        ...

    async def listen(self, moved: Callable[[], None]) -> None:
        """Call ``moved`` after every change, until cancelled."""
        ...


@dataclass(frozen=True, slots=True)
class DueWork:
    """The work that is due at a time.

    Args:
        is_due: Some work is due by then and not done, claimed or not.
        next_at: When the next work becomes due after it; None if there is none.
    """

    is_due: bool
    next_at: datetime | None


class ClockMoves(Protocol):
    """Stores the state of the app's clock for every process."""

    async def find(self) -> ClockState:
        """Return the current state."""
        ...

    async def stop(self) -> ClockState | None:
        """Hold a running clock in every process, until it is moved.

        No process shows a later time than the one at which every process is held.

        Returns:
            The new state; None, and nothing changes, if the clock is held already.
        """
        ...

    async def hold(self, at: datetime, *, is_passing: bool = False) -> ClockState | None:
        """Hold the clock at a time and notify every process.

        Args:
            at: The time, in UTC.
            is_passing: The hold is part of an advance. If this process dies before it resumes
                the clock, another process resumes it.

        Returns:
            The new state; None, and nothing changes, if the clock is held at a later
            time.
        """
        ...

    async def resume(self) -> ClockState | None:
        """Let a held or stopped clock run, and notify every process.

        Returns:
            The new state; None, and nothing changes, if the clock runs already.
        """
        ...

    async def release(self) -> ClockState:
        """Show the real time again, and notify every process."""
        ...

    def lock(self) -> AbstractAsyncContextManager[bool]:
        """Try to lock the clock for this process; the context's value says whether it did.

        The lock belongs to a connection, and is released when the process dies.
        """
        ...

    async def due_work(self, at: datetime) -> DueWork:
        """Return what is due at a time, and when the next work becomes due."""
        ...

    async def count_behind(self, version: int) -> int:
        """Count the listening processes that have not applied that version yet."""
        ...
