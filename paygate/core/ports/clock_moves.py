"""The clock that tests move, as all processes of a stack share it."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from .clock import ClockState


@dataclass(frozen=True, slots=True)
class Ahead:
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

    def turn(self) -> AbstractAsyncContextManager[bool]:
        """Whether we are the only one in the stack who moves the clock, meanwhile.

        It goes with a connection: a process that dies gives its turn away.
        """
        ...

    async def ahead(self, at: datetime) -> Ahead:
        """What is due at that moment and what comes next."""
        ...

    async def behind(self, version: int) -> int:
        """How many processes listen and have not yet seen that version."""
        ...
