"""Forgetting what is old."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..database import Executor
from ..statements import housekeeping as sql


@dataclass(frozen=True, slots=True)
class PostgresHousekeeping:
    """See ``HousekeepingRepository``."""

    executor: Executor

    async def purge_calls(self, *, before: datetime, limit: int) -> int:
        """See ``HousekeepingRepository.purge_calls``."""
        return len(await self.executor.fetch(sql.PURGE_CALLS, before, limit))

    async def erase_sealed(self, *, before: datetime, limit: int) -> int:
        """See ``HousekeepingRepository.erase_sealed``."""
        return len(await self.executor.fetch(sql.ERASE_SEALED, before, limit))

    async def purge_callbacks(self, *, before: datetime, limit: int) -> int:
        """See ``HousekeepingRepository.purge_callbacks``."""
        return len(await self.executor.fetch(sql.PURGE_CALLBACKS, before, limit))

    async def purge_events(self, *, before: datetime, limit: int) -> int:
        """See ``HousekeepingRepository.purge_events``."""
        statements = (sql.PURGE_DELIVERIES, sql.PURGE_EVENTS, sql.PURGE_DECISIONS)
        return max([len(await self.executor.fetch(each, before, limit)) for each in statements])
