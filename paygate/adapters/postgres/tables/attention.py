"""Problems that need attention: paygate and a processor may disagree about money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tortoise import fields

from ....core.payments.store import Attention, Resolution
from ..database import Executor
from ..orm import TableRow


class AnswerConflictRow(TableRow):
    """A processor's response to a call that contradicts the stored outcome."""

    id = fields.BigIntField(primary_key=True)
    at = fields.DatetimeField()
    processor = fields.CharField(max_length=64)
    payment_id = fields.CharField(max_length=64)
    operation_id = fields.CharField(max_length=64)
    reason = fields.CharField(max_length=1000)

    class Meta:
        table = "answer_conflicts"
        unique_together = (("operation_id", "reason"),)


class ResolvedAttentionRow(TableRow):
    """A problem that an operator resolved, as it was then."""

    id = fields.CharField(max_length=100, primary_key=True)
    kind = fields.CharField(max_length=20)
    at = fields.DatetimeField()
    processor = fields.CharField(max_length=64)
    payment_id = fields.CharField(max_length=64, null=True)
    operation_id = fields.CharField(max_length=64, null=True)
    reason = fields.TextField(null=True)
    merchant_id = fields.UUIDField(null=True)
    resolved_at = fields.DatetimeField()
    resolved_by = fields.CharField(max_length=255)
    note = fields.TextField()

    class Meta:
        table = "resolved_attention"


COLUMNS = "id, kind, at, processor, payment_id, operation_id, reason"
RESOLVED_COLUMNS = f"{COLUMNS}, resolved_at, resolved_by, note"
NEEDS_ATTENTION = """(
    c.effect = 'conflict'
    OR c.effect = 'quarantined' AND (octet_length(c.body) > 0 OR c.headers <> '{}'))"""
"""Condition of a callback ``c``. Callbacks of an unknown sender are not listed: anyone can send
many, and only a digest of them is stored."""

# If a failed payment's money is not refunded later, that is another item (its version differs).
_ITEMS = f"""
    SELECT 'callback-' || c.id AS id, c.effect AS kind, c.received_at AS at, c.processor,
        c.payment_id, c.operation_id, c.reason, p.merchant_id
    FROM processor_callbacks c LEFT JOIN payments p ON p.id = c.payment_id
    WHERE {NEEDS_ATTENTION}
    UNION ALL
    SELECT 'answer-' || a.id, 'conflict', a.at, a.processor, a.payment_id, a.operation_id,
        a.reason, p.merchant_id
    FROM answer_conflicts a JOIN payments p ON p.id = a.payment_id
    UNION ALL
    SELECT 'payment-' || p.id || '_' || p.version, 'kept_money', p.updated_at, p.processor, p.id,
        NULL, p.error_description, p.merchant_id
    FROM payments p WHERE p.status = 'failed' AND p.amount_captured > p.amount_refunded
"""
_IS_OPEN = "NOT EXISTS (SELECT FROM resolved_attention r WHERE r.id = found.id)"
OPEN = f"""
SELECT {COLUMNS} FROM ({_ITEMS}) AS found
WHERE ($1::uuid IS NULL OR merchant_id = $1) AND {_IS_OPEN}
ORDER BY kind = 'quarantined', at DESC LIMIT $2
"""
RESOLVED = f"""
SELECT {RESOLVED_COLUMNS} FROM resolved_attention
WHERE $1::uuid IS NULL OR merchant_id = $1 ORDER BY resolved_at DESC LIMIT $2
"""
ADD_CONFLICT = """
INSERT INTO answer_conflicts (at, processor, payment_id, operation_id, reason)
VALUES ($1, $2, $3, $4, $5) ON CONFLICT (operation_id, reason) DO NOTHING
"""

# A copy of the item is stored: it may change when a failed payment's money is refunded.
RESOLVE = f"""
INSERT INTO resolved_attention ({COLUMNS}, merchant_id, resolved_at, resolved_by, note)
SELECT {COLUMNS}, merchant_id, $2, $3, $4 FROM ({_ITEMS}) AS found WHERE id = $1
ON CONFLICT (id) DO NOTHING RETURNING {RESOLVED_COLUMNS}
"""


@dataclass(frozen=True, slots=True)
class PostgresAttention:
    """Implements ``AttentionRepository``."""

    executor: Executor

    async def open(self, merchant_id: UUID | None, *, limit: int) -> Sequence[Attention]:
        rows = await self.executor.fetch(OPEN, merchant_id, limit)
        return [Attention(**dict(row)) for row in rows]

    async def resolved(self, merchant_id: UUID | None, *, limit: int) -> Sequence[Attention]:
        rows = await self.executor.fetch(RESOLVED, merchant_id, limit)
        return [Attention(**dict(row)) for row in rows]

    async def add_conflict(
        self, *, at: datetime, processor: str, payment_id: str, operation_id: str, reason: str
    ) -> None:
        await self.executor.fetch(ADD_CONFLICT, at, processor, payment_id, operation_id, reason)

    async def resolve(self, resolution: Resolution) -> Attention | None:
        row = await self.executor.fetchrow(
            RESOLVE, resolution.item_id, resolution.at, resolution.by, resolution.note
        )
        return None if row is None else Attention(**dict(row))
