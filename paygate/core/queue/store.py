"""What the storage of workers and housekeeping offers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from .lease import Table


@dataclass(frozen=True, slots=True)
class WorkCounts:
    """Work of both tables, by what is happening to it."""

    waiting: int
    leased: int
    done: int
    failed: int


@dataclass(frozen=True, slots=True)
class Stuck:
    """A row that doctors should see, and why."""

    table: Table
    row_id: str
    due_at: datetime
    claims: int
    reason: str


class WorkerRepository(Protocol):
    """Who works."""

    async def heartbeat(self, worker_id: str, *, kind: str) -> None:
        """Say that the worker lives."""
        ...

    async def leave(self, worker_id: str) -> None:
        """Say that the worker is gone."""
        ...

    async def forget(self, *, gone_for: timedelta) -> None:
        """Delete workers that have sent no heartbeat for that long."""
        ...

    async def alive(self, *, within: timedelta) -> int:
        """How many have been heard of within that time."""
        ...

    async def counts(self) -> WorkCounts:
        """Work of both tables."""
        ...

    async def stuck(self, *, due_before: datetime, limit: int) -> Sequence[Stuck]:
        """Rows that should have been worked on by then, and rows set aside."""
        ...


class HousekeepingRepository(Protocol):
    """Deletes what nobody needs any more, a set at a time."""

    async def purge_calls(self, *, before: datetime, limit: int) -> int:
        """Forget calls of plugins that were made before then; how many."""
        ...

    async def erase_sealed(self, *, before: datetime, limit: int) -> int:
        """Erase secrets of instruments whose charges were made before then; how many.

        Those of charges that nobody was asked about yet stay.
        """
        ...

    async def purge_callbacks(self, *, before: datetime, limit: int) -> int:
        """Forget processors' callbacks that came before then, with their bodies; how many."""
        ...

    async def purge_events(self, *, before: datetime, limit: int) -> int:
        """Forget events, deliveries that came to an end, and decisions, made before then.

        Returns:
            How many of the kind of which there were most.
        """
        ...


@dataclass(frozen=True, slots=True)
class SealedText:
    """A sealed text and where it is stored.

    Args:
        column: The table's name and the column's, with a point between them.
        row_id: Which row.
        context: What it is bound to; see ``Vault.seal``.
        text: As it is stored.
    """

    column: str
    row_id: str
    context: str
    text: str = field(repr=False)


class SealedTextRepository(Protocol):
    """Finds sealed texts and stores them anew. Cards are not among them: they go soon."""

    async def lacking(self, key_ids: Sequence[str]) -> Sequence[SealedText]:
        """Return the texts that one of these keys, or more, does not open."""
        ...

    async def replace(self, before: SealedText, text: str) -> bool:
        """Store another text in its place; False if it was changed meanwhile."""
        ...
