"""Who works, and what work there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ....core.queue.store import Stuck, WorkCounts
from ..database import Executor
from ..statements import workers as sql


@dataclass(frozen=True, slots=True)
class PostgresWorkers:
    """See ``WorkerRepository``."""

    executor: Executor

    async def heartbeat(self, worker_id: str, *, kind: str) -> None:
        """See ``WorkerRepository.heartbeat``."""
        await self.executor.fetch(sql.HEARTBEAT, worker_id, kind)

    async def leave(self, worker_id: str) -> None:
        """See ``WorkerRepository.leave``."""
        await self.executor.fetch(sql.LEAVE, worker_id)

    async def forget(self, *, gone_for: timedelta) -> None:
        """See ``WorkerRepository.forget``."""
        await self.executor.fetch(sql.FORGET, gone_for)

    async def alive(self, *, within: timedelta) -> int:
        """See ``WorkerRepository.alive``."""
        return int(await self.executor.fetchval(sql.ALIVE, within))

    async def counts(self) -> WorkCounts:
        """See ``WorkerRepository.counts``."""
        row = await self.executor.fetchrow(sql.COUNTS)
        assert row is not None, "an aggregate has a row"
        return WorkCounts(row["waiting"], row["leased"], row["done"], row["failed"])

    async def stuck(self, *, due_before: datetime, limit: int) -> Sequence[Stuck]:
        """See ``WorkerRepository.stuck``."""
        rows = await self.executor.fetch(sql.STUCK, due_before, limit)
        return [
            Stuck(row["table"], row["row_id"], row["due_at"], row["claims"], row["reason"])
            for row in rows
        ]
