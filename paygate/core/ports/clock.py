"""Time comes in here and nowhere else."""

from __future__ import annotations

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
