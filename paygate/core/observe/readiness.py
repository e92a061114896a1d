"""Whether a process can serve now."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ..errors import InfrastructureError

Problem = Literal["stopping", "worker_stopped", "database_unavailable", "migrations_missing"]
"""Why a process cannot serve."""

DEADLINE_S = 2.0
# However many requests ask, the database is asked once in this time.
FRESH_S = 1.0


@dataclass(eq=False, slots=True)
class Readiness:
    """Whether a process can serve now: it is not stopping, and its database is ready.

    Redis is not needed: without it a process is slower, and serves.

    Args:
        missing_migrations: Asks the database which migrations it lacks.
        is_stopping: Whether the process was asked to stop.
        worker_runs: Whether the worker of this process runs; None without one.
        deadline_s: How long the database may take to answer.
    """

    missing_migrations: Callable[[], Awaitable[Sequence[str]]]
    is_stopping: Callable[[], bool] = lambda: False
    worker_runs: Callable[[], bool] | None = None
    deadline_s: float = DEADLINE_S
    _asked: asyncio.Task[tuple[Problem, ...]] | None = field(default=None, init=False)
    _asked_at_s: float = field(default=0.0, init=False)

    async def problems(self) -> Sequence[Problem]:
        """Return why this process cannot serve; nothing if it can.

        What the database said is at most a second old, and requests that come together wait
        for the same answer.
        """
        if self.is_stopping():
            return ("stopping",)
        own: tuple[Problem, ...] = ()
        if self.worker_runs is not None and not self.worker_runs():
            own = ("worker_stopped",)
        return own + await self._of_database()

    async def _of_database(self) -> tuple[Problem, ...]:
        now_s = time.monotonic()
        asked = self._asked
        if asked is None or (asked.done() and now_s - self._asked_at_s >= FRESH_S):
            asked = self._asked = asyncio.create_task(self._ask_database())
            self._asked_at_s = now_s
        # A request that ends early does not end the question of the others.
        return await asyncio.shield(asked)

    async def _ask_database(self) -> tuple[Problem, ...]:
        try:
            async with asyncio.timeout(self.deadline_s):
                missing = await self.missing_migrations()
        except (InfrastructureError, TimeoutError):
            return ("database_unavailable",)
        return ("migrations_missing",) if missing else ()
