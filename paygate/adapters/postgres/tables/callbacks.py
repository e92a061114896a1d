"""Callbacks of processors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tortoise import fields

from ....core.payments.store import CallbackResult, StoredCallback
from ....core.plugin_api.processor import RawCallback
from ..database import Executor
from ..orm import TableRow
from .rows import encoded


class CallbackRow(TableRow):
    """A processor's callback as it was received, and its effect."""

    id = fields.BigIntField(primary_key=True)
    processor = fields.CharField(max_length=64)
    received_at = fields.DatetimeField()
    headers = fields.JSONField[dict[str, str]]()
    body = fields.BinaryField()
    # Unique per processor; null until the callback is verified.
    dedupe_key = fields.CharField(max_length=255, null=True)
    operation_id = fields.CharField(max_length=64, null=True)
    payment_id = fields.CharField(max_length=64, null=True)
    effect = fields.CharField(max_length=20)
    reason = fields.TextField(null=True)

    class Meta:
        table = "processor_callbacks"
        unique_together = (("processor", "dedupe_key"),)
        indexes = (("payment_id",), ("effect",))


ADD = """
INSERT INTO processor_callbacks (processor, received_at, headers, body, effect)
VALUES ($1, $2, $3::jsonb, $4, 'received') RETURNING id
"""
LOCK_KEY = "SELECT pg_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 0))"
IS_KNOWN = """
SELECT EXISTS (SELECT FROM processor_callbacks WHERE processor = $1 AND dedupe_key = $2)
"""
NOTE = """
UPDATE processor_callbacks SET effect = $2, reason = $3, operation_id = coalesce($4, operation_id),
    payment_id = coalesce($5, payment_id), dedupe_key = coalesce($6, dedupe_key)
WHERE id = $1 AND effect = 'received' RETURNING id
"""
RECENT = """
SELECT id, processor, received_at, dedupe_key, operation_id, payment_id, effect, reason
FROM processor_callbacks WHERE $1::text IS NULL OR effect = $1
ORDER BY id DESC LIMIT $2
"""
REASON_CHARS_MAX = 1000


@dataclass(frozen=True, slots=True)
class PostgresCallbacks:
    """Implements ``CallbackRepository``."""

    executor: Executor

    async def add(self, processor: str, raw: RawCallback, *, at: datetime) -> int:
        headers = encoded(dict(raw.headers))
        return int(await self.executor.fetchval(ADD, processor, at, headers, raw.body))

    async def is_known(self, processor: str, key: str) -> bool:
        # A separate statement: the look-up must see rows that the lock's previous holder stored.
        await self.executor.fetchval(LOCK_KEY, processor, key)
        return bool(await self.executor.fetchval(IS_KNOWN, processor, key))

    async def record_result(
        self, row: int, note: CallbackResult, *, key: str | None = None
    ) -> None:
        # The text may come from any sender, so it may contain any character.
        reason = note.reason.replace("\0", " ")[:REASON_CHARS_MAX] or None
        names = (note.operation_id, note.payment_id)
        await self.executor.fetchval(NOTE, row, note.effect, reason, *names, key)

    async def recent(self, *, effect: str | None, limit: int) -> Sequence[StoredCallback]:
        rows = await self.executor.fetch(RECENT, effect, limit)
        return [StoredCallback(**dict(row)) for row in rows]
