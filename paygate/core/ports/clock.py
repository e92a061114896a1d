"""Time comes in here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
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
class Hold:
    """What was last said about the app's time.

    Args:
        at: Where it stands still, in UTC; None while it runs.
        version: Rises with every move, so that of two sayings the newer is known.
    """

    at: datetime | None
    version: int


RUNNING = Hold(None, 0)
"""Nobody has ever moved it."""


class MovableClock(Clock, Protocol):
    """One process's view of a clock that tests move for all of them."""

    @property
    def is_held(self) -> bool:
        """Whether it stands still."""
        ...

    def follow(self, hold: Hold) -> None:
        """Show that time from now on; older sayings than the present one change nothing."""
        ...

    async def listen(self, moved: Callable[[], None]) -> None:
        """Call back after every move, until cancelled."""
        ...
