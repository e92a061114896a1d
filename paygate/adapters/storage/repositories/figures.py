"""Figures about payments and about work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ....core.figures import CallFigures, Figures, QueueCounts, StuckWork, Window, WorkerSeen
from ....core.ids import IdKind, is_id
from ....core.queue.notifier import Queue
from .. import mapping
from ..database import Executor
from ..statements import figures as sql


@dataclass(frozen=True, slots=True)
class PostgresFigures:
    """See ``FigureRepository``."""

    executor: Executor

    async def overview(self, merchant_id: UUID, window: Window) -> Figures:
        """See ``FigureRepository.overview``."""
        row = await self.executor.fetchrow(
            sql.OVERVIEW,
            merchant_id,
            window.since,
            window.until,
            int(window.bucket.total_seconds()),
            window.buckets,
        )
        assert row is not None, "an aggregate has a row"
        return Figures(**{name: mapping.decoded(value) for name, value in row.items()})

    async def calls(self, *, since: datetime) -> Sequence[CallFigures]:
        """See ``FigureRepository.calls``."""
        rows = await self.executor.fetch(sql.CALLS, since)
        return [CallFigures(**dict(row)) for row in rows]

    async def workers(self, *, gone_after: timedelta) -> Sequence[WorkerSeen]:
        """See ``FigureRepository.workers``."""
        rows = await self.executor.fetch(sql.WORKERS, gone_after)
        return [WorkerSeen(**dict(row)) for row in rows]

    async def queues(self, merchant_id: UUID | None, *, now: datetime) -> Sequence[QueueCounts]:
        """See ``FigureRepository.queues``."""
        rows = await self.executor.fetch(sql.QUEUES, merchant_id, now)
        return [QueueCounts(**dict(row)) for row in rows]

    async def stuck(
        self, merchant_id: UUID | None, *, due_before: datetime, limit: int
    ) -> Sequence[StuckWork]:
        """See ``FigureRepository.stuck``."""
        rows = await self.executor.fetch(sql.STUCK, merchant_id, due_before, limit)
        return [StuckWork(**dict(row)) for row in rows]

    async def release(
        self,
        queue: Queue,
        row_id: str,
        merchant_id: UUID | None,
        *,
        due_before: datetime,
        now: datetime,
    ) -> bool:
        """See ``FigureRepository.release``."""
        if queue == "webhooks":
            found = await self._release_delivery(row_id, merchant_id, due_before, now)
        elif not is_id(IdKind.OPERATION, row_id):
            return False
        else:
            found = await self.executor.fetchval(
                sql.RELEASE_OPERATION, row_id, merchant_id, queue, due_before, now
            )
        return found is not None

    async def _release_delivery(
        self, row_id: str, merchant_id: UUID | None, due_before: datetime, now: datetime
    ) -> object:
        try:
            delivery_id = UUID(row_id)
        except ValueError:
            return None
        return await self.executor.fetchval(
            sql.RELEASE_DELIVERY, delivery_id, merchant_id, due_before, now
        )
