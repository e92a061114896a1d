"""The storage of workers and housekeeping."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from .lease import Table


@dataclass(frozen=True, slots=True)
class WorkCounts:
    """Counts of the rows of both tables by state."""

    waiting: int
    leased: int
    done: int
    failed: int


@dataclass(frozen=True, slots=True)
class Stuck:
    """A stuck row, for `paygate doctor`."""

    table: Table
    row_id: str
    due_at: datetime
    claims: int
    reason: str


class WorkerRepository(Protocol):
    """Worker processes."""

    async def heartbeat(self, worker_id: str, *, kind: str) -> None:
        """Store a heartbeat of a worker."""
        ...

    async def leave(self, worker_id: str) -> None:
        """Mark a worker as ended."""
        ...

    async def forget(self, *, dead_for: timedelta) -> None:
        """Delete workers that have sent no heartbeat for that long."""
        ...

    async def alive(self, *, within: timedelta) -> int:
        """Count the workers with a heartbeat within that time."""
        ...

    async def counts(self) -> WorkCounts:
        """Count the rows of both tables."""
        ...

    async def stuck(self, *, due_before: datetime, limit: int) -> Sequence[Stuck]:
        """Return rows that are overdue, and dead-lettered rows."""
        ...


class HousekeepingRepository(Protocol):
    """Deletes rows that are no longer needed, in batches."""

    async def purge_calls(self, *, before: datetime, limit: int) -> int:
        """Delete calls of plugins made before then; return how many."""
        ...

    async def erase_sealed(self, *, before: datetime, limit: int) -> int:
        """Erase sealed instruments of charges made before then; return how many.

        Those of charges that were not sent yet stay.
        """
        ...

    async def purge_callbacks(self, *, before: datetime, limit: int) -> int:
        """Delete callbacks received before then, with their bodies; return how many."""
        ...

    async def purge_events(self, *, before: datetime, limit: int) -> int:
        """Delete events, finished deliveries and decisions made before then.

        Returns:
            The largest number of deleted rows of one kind.
        """
        ...


@dataclass(frozen=True, slots=True)
class SealedText:
    """A sealed text and where it is stored.

    Args:
        column: ``table.column``.
        row_id: The row's id.
        context: What it is bound to; see ``Vault.seal``.
        text: The sealed text.
    """

    column: str
    row_id: str
    context: str
    text: str = field(repr=False)


class SealedTextRepository(Protocol):
    """Finds and replaces sealed texts. Cards are not included: they are erased soon."""

    async def needing_reseal(self, key_ids: Sequence[str]) -> Sequence[SealedText]:
        """Return texts that at least one of these keys does not open."""
        ...

    async def replace(self, before: SealedText, text: str) -> bool:
        """Replace the text; return False if it was changed meanwhile."""
        ...
