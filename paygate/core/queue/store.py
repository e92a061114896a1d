"""The storage of workers and housekeeping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from ..idempotency import RETENTION
from ..limits import CALLS_RETENTION
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

    async def heartbeat(
        self, worker_id: str, *, kind: str, breakers: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """Store a heartbeat of a worker.

        Args:
            worker_id: The worker.
            kind: What it is.
            breakers: Those of its processors' breakers that are not closed; see
                ``ShownBreaker``.
        """
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


OldRows = Literal[
    "attempts", "deliveries", "events", "decisions", "calls", "callbacks", "audit_entries"
]
"""Rows that are deleted when they are old. Deliveries have attempts, and events deliveries."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long rows are stored; None for no limit. Rows that are still needed are kept.

    Args:
        attempts: Attempts of deliveries; None for as long as their delivery.
        deliveries: Deliveries that are not pending; None for as long as their event.
        events: Events, and decisions of routing and risk. Those of open payments are kept.
        calls: Calls of plugins. Those of operations that are not done are kept.
        callbacks: Callbacks of processors. Those that need attention, and those of open
            payments, are kept.
        audit_entries: Audit entries.
        idempotency_keys: Idempotency keys with their responses; of those that are stored now.
    """

    attempts: timedelta | None = None
    deliveries: timedelta | None = None
    events: timedelta | None = None
    calls: timedelta | None = CALLS_RETENTION
    callbacks: timedelta | None = CALLS_RETENTION
    audit_entries: timedelta | None = None
    idempotency_keys: timedelta = RETENTION

    def periods(self) -> Mapping[OldRows, timedelta]:
        """Return the rows with a limit, in the order in which they are deleted."""
        shortest = [each for each in (self.deliveries, self.events) if each is not None]
        periods: dict[OldRows, timedelta | None] = {
            "attempts": self.attempts,
            "deliveries": min(shortest, default=None),
            "events": self.events,
            "decisions": self.events,
            "calls": self.calls,
            "callbacks": self.callbacks,
            "audit_entries": self.audit_entries,
        }
        return {rows: period for rows, period in periods.items() if period is not None}


KEEP_BY_DEFAULT = Retention()


@dataclass(frozen=True, slots=True)
class PurgeProgress:
    """How far rows of one kind were looked at.

    Args:
        position: Rows of before were deleted, or kept because they were needed.
        began_at: When this was begun with the oldest row.
    """

    position: datetime
    began_at: datetime


class RetentionRepository(Protocol):
    """Deletes old rows. One worker at a time has the lease for it."""

    async def begin(self, owner: str) -> bool:
        """Acquire the lease; return False while another worker has it."""
        ...

    async def end(self, owner: str) -> None:
        """Release the lease."""
        ...

    async def progress(self, rows: OldRows) -> PurgeProgress | None:
        """Return how far the last run came; None before the first."""
        ...

    async def save(self, rows: OldRows, progress: PurgeProgress, owner: str) -> bool:
        """Store the progress and renew the lease; return False if the lease is lost."""
        ...

    async def purge(self, rows: OldRows, since: datetime, until: datetime, *, limit: int) -> int:
        """Delete rows of ``[since, until)`` that are not needed; return how many.

        Raises:
            InfrastructureError: The database is unavailable, or has ended the statement because
                it took too long: repeat it for a shorter period.
        """
        ...


class HousekeepingRepository(Protocol):
    """Erases what is no longer needed, in batches."""

    async def erase_sealed(self, *, before: datetime, limit: int) -> int:
        """Erase sealed instruments of charges made before then; return how many.

        Those of charges that were not sent yet stay.
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
