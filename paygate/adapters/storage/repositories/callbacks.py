"""What processors sent us."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ....core.payments.store import CallbackNote, KeptCallback
from ....core.plugin_api.processor import RawCallback
from .. import mapping
from ..database import Executor
from ..statements import callbacks as sql

REASON_CHARS_MAX = 1000


@dataclass(frozen=True, slots=True)
class PostgresCallbacks:
    """See ``CallbackRepository``."""

    executor: Executor

    async def add(self, processor: str, raw: RawCallback, *, at: datetime) -> int:
        """See ``CallbackRepository.add``."""
        headers = mapping.encoded(dict(raw.headers))
        return int(await self.executor.fetchval(sql.ADD, processor, at, headers, raw.body))

    async def is_known(self, processor: str, key: str) -> bool:
        """See ``CallbackRepository.is_known``."""
        # The lock in a statement of its own: the look-up must see what its holder has stored.
        await self.executor.fetchval(sql.LOCK_KEY, processor, key)
        return bool(await self.executor.fetchval(sql.IS_KNOWN, processor, key))

    async def note(self, row: int, note: CallbackNote, *, key: str | None = None) -> None:
        """See ``CallbackRepository.note``."""
        # Of whatever sender, so of whatever characters.
        reason = note.reason.replace("\0", " ")[:REASON_CHARS_MAX] or None
        names = (note.operation_id, note.payment_id)
        await self.executor.fetchval(sql.NOTE, row, note.effect, reason, *names, key)

    async def recent(self, *, effect: str | None, limit: int) -> Sequence[KeptCallback]:
        """See ``CallbackRepository.recent``."""
        rows = await self.executor.fetch(sql.RECENT, effect, limit)
        return [KeptCallback(**dict(row)) for row in rows]
