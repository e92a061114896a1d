"""Money that our books and a processor's may see differently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ....core.payments.store import Attention, Resolution
from ..database import Executor
from ..statements import attention as sql


@dataclass(frozen=True, slots=True)
class PostgresAttention:
    """See ``AttentionRepository``."""

    executor: Executor

    async def open(self, merchant_id: UUID | None, *, limit: int) -> Sequence[Attention]:
        """See ``AttentionRepository.open``."""
        rows = await self.executor.fetch(sql.OPEN, merchant_id, limit)
        return [Attention(**dict(row)) for row in rows]

    async def resolved(self, merchant_id: UUID | None, *, limit: int) -> Sequence[Attention]:
        """See ``AttentionRepository.resolved``."""
        rows = await self.executor.fetch(sql.RESOLVED, merchant_id, limit)
        return [Attention(**dict(row)) for row in rows]

    async def add_conflict(
        self, *, at: datetime, processor: str, payment_id: str, operation_id: str, reason: str
    ) -> None:
        """See ``AttentionRepository.add_conflict``."""
        await self.executor.fetch(sql.ADD_CONFLICT, at, processor, payment_id, operation_id, reason)

    async def resolve(self, resolution: Resolution) -> Attention | None:
        """See ``AttentionRepository.resolve``."""
        row = await self.executor.fetchrow(
            sql.RESOLVE, resolution.item_id, resolution.at, resolution.by, resolution.note
        )
        return None if row is None else Attention(**dict(row))
