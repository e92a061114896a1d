"""Time: the port through which it comes in, and the test clock that all processes share."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the app's time."""

    def now(self) -> datetime:
        """The present, aware and in UTC.

        It follows the database's clock, not the machine's: processes on machines
        whose clocks differ still agree on what is due.
        """
        ...


@dataclass(frozen=True, slots=True)
class ClockState:
    """What was last said about the app's time.

    With neither ``held_at`` nor ``resumed_from`` it is the real time.

    Args:
        version: Rises with every move, so that of two sayings the newer is known.
        held_at: Where it stands still, in UTC; None while it runs.
        resumed_from: The app's time from which it runs on after a move.
        resumed_at: The real time at that moment.
        is_passing: It stands still only while somebody moves it, and runs on afterwards.
            Without ``held_at`` it is about to be moved, and stands still wherever each
            process hears of it.
    """

    version: int
    held_at: datetime | None = None
    resumed_from: datetime | None = None
    resumed_at: datetime | None = None
    is_passing: bool = False

    @property
    def is_stopping(self) -> bool:
        """Whether it is about to be moved."""
        return self.is_passing and self.held_at is None

    @property
    def shift(self) -> timedelta:
        """How far a running clock is ahead of the real time; 0 for one that stands still."""
        if self.resumed_from is None or self.resumed_at is None:
            return timedelta()
        return self.resumed_from - self.resumed_at

    def time_at(self, real: datetime) -> datetime:
        """The app's time at that real time."""
        if self.held_at is not None:
            return self.held_at
        if self.resumed_from is None or self.resumed_at is None:
            return real
        # Two processes read the real time some milliseconds apart: in neither does the
        # app's time go back when the clock runs on.
        return self.resumed_from + max(timedelta(), real - self.resumed_at)


REAL_TIME = ClockState(0)
"""Nobody has ever moved it."""


def shift_in_words(shift: timedelta) -> str:
    """How far a clock is from the real time, such as "3 days, 0:00:01 ahead of the real time"."""
    side = "behind" if shift < timedelta() else "ahead of"
    return f"{timedelta(seconds=round(abs(shift).total_seconds()))} {side} the real time"


class MovableClock(Clock, Protocol):
    """One process's view of a clock that tests move for all of them."""

    @property
    def is_held(self) -> bool:
        """Whether it stands still."""
        ...

    @property
    def is_moved(self) -> bool:
        """Whether it stands still, or runs at another time than the real one."""
        ...

    @property
    def shift(self) -> timedelta:
        """How far it runs ahead of the real time; 0 while it stands still."""
        ...

    def follow(self, state: ClockState) -> None:
        """Show that time from now on; older sayings than the present one change nothing."""
        ...

    async def listen(self, moved: Callable[[], None]) -> None:
        """Call back after every move, until cancelled."""
        ...


@dataclass(frozen=True, slots=True)
class DueWork:
    """What work there is around a moment.

    Args:
        is_due: Some is due by then and not done, whether anybody holds it or not.
        next_at: When the next falls due after it; None if none will.
    """

    is_due: bool
    next_at: datetime | None


class ClockMoves(Protocol):
    """What was said about the app's time, for every process to read."""

    async def find(self) -> ClockState:
        """What was said last."""
        ...

    async def stop(self) -> ClockState | None:
        """Have a running clock stand still in every process, until it is moved.

        No process then shows a later moment than the one at which all of them know.

        Returns:
            What is said now; None, and nothing was changed, if the clock is held.
        """
        ...

    async def hold(self, at: datetime, *, is_passing: bool = False) -> ClockState | None:
        """Hold the clock there and tell every process.

        Args:
            at: Where, in UTC.
            is_passing: It stops only in passing. If this process dies before it lets
                the clock run on, the others do.

        Returns:
            What is said now; None, and nothing was changed, if the clock is held
            at a later moment.
        """
        ...

    async def resume(self) -> ClockState | None:
        """Let a held or stopped clock run on, and tell every process.

        Returns:
            What is said now; None, and nothing was changed, if it runs.
        """
        ...

    async def release(self) -> ClockState:
        """Show the real time again, and tell every process."""
        ...

    def lock(self) -> AbstractAsyncContextManager[bool]:
        """Whether we are the only one in the stack who moves the clock, meanwhile.

        It goes with a connection: a process that dies gives its turn away.
        """
        ...

    async def due_work(self, at: datetime) -> DueWork:
        """What is due at that moment and what comes next."""
        ...

    async def count_behind(self, version: int) -> int:
        """How many processes listen and have not yet seen that version."""
        ...
