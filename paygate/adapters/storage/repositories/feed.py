"""Events in the one order in which everybody reads them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from ....core.webhooks.store import FedEvent
from .. import mapping
from ..database import Executor
from ..statements import feed as sql


@dataclass(frozen=True, slots=True)
class PostgresFeed:
    """See ``FeedRepository``."""

    executor: Executor

    async def head(self) -> int:
        """See ``FeedRepository.head``."""
        return int(await self.executor.fetchval(sql.HEAD))

    async def writers(self) -> frozenset[str]:
        """See ``FeedRepository.writers``."""
        rows = await self.executor.fetch(sql.WRITERS)
        return frozenset(row["virtualtransaction"] for row in rows)

    async def between(
        self, merchants: Collection[UUID], *, after: int, upto: int, limit: int
    ) -> Sequence[FedEvent]:
        """See ``FeedRepository.between``."""
        rows = await self.executor.fetch(sql.BETWEEN, list(merchants), after, upto, limit)
        return [
            FedEvent(
                row["position"],
                mapping.uuid(row["merchant_id"]),
                row["type"],
                row["payload"].encode(),
            )
            for row in rows
        ]
