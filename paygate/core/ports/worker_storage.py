"""Workers, as the use cases see them stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from .records import Stuck, WorkCounts


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
