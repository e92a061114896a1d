"""The doorbell: a hint that some row wants looking at now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

Table = Literal["operations", "webhook_logs"]
"""The two tables of leasable work."""


class Bell(Protocol):
    """Wakes workers up. Losing, doubling or delaying a ring is harmless."""

    def ring(self, table: Table, row_id: str) -> None:
        """Say that a row of that table is due. Returns at once and never raises."""
        ...

    async def listen(self, wake: Callable[[Table], None]) -> None:
        """Call ``wake`` for every ring heard, until cancelled.

        While the machine behind the bell is away it waits and tries again; it
        does not raise and does not spin.
        """
        ...

    async def is_connected(self) -> bool | None:
        """Whether rings can pass at present; None where no machine is involved."""
        ...

    async def close(self) -> None:
        """Send what is buffered, briefly, and let go."""
        ...
