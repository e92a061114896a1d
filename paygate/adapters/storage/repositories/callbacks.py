"""What processors sent us."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

import asyncpg

from ....core.ports.callbacks import RawCallback
from ....core.ports.records import CallbackEffect, CallbackNote, KeptCallback
from .. import mapping
from ..database import Executor
from ..statements import callbacks as sql


@dataclass(frozen=True, slots=True)
class PostgresCallbacks:
    """See ``CallbackRepository``."""

    executor: Executor

    async def add(self, processor: str, raw: RawCallback, *, at: datetime) -> int:
        """See ``CallbackRepository.add``."""
        headers = mapping.encoded(dict(raw.headers))
        return int(await self.executor.fetchval(sql.ADD, processor, at, headers, raw.body))

    async def know_again(self, row: int, processor: str, key: str) -> CallbackEffect | None:
        """See ``CallbackRepository.know_again``."""
        try:
            if await self.executor.fetchval(sql.TAKE_KEY, row, processor, key) is not None:
                return None
        except asyncpg.UniqueViolationError:
            pass
        effect = await self.executor.fetchval(sql.EFFECT, processor, key)
        return cast("CallbackEffect", effect)

    async def note(self, row: int, note: CallbackNote) -> None:
        """See ``CallbackRepository.note``."""
        await self.executor.fetchval(
            sql.NOTE, row, note.effect, note.reason or None, note.operation_id, note.payment_id
        )

    async def note_first(self, processor: str, key: str, note: CallbackNote) -> None:
        """See ``CallbackRepository.note_first``."""
        row = await self.executor.fetchval(sql.FIRST, processor, key)
        await self.note(row, note)

    async def recent(self, *, effect: str | None, limit: int) -> Sequence[KeptCallback]:
        """See ``CallbackRepository.recent``."""
        rows = await self.executor.fetch(sql.RECENT, effect, limit)
        return [KeptCallback(**dict(row)) for row in rows]
