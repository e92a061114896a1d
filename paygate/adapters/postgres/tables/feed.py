"""Events of all merchants in the order in which they are streamed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from tortoise import fields

from ....core.webhooks.store import FedEvent
from ..database import Executor
from ..orm import ExactJsonField, TableRow, unchecked
from .rows import uuid


class EventRow(TableRow):
    """An event and its exact JSON text."""

    id = fields.CharField(max_length=64, primary_key=True)
    merchant = unchecked("MerchantRow", "events")
    payment = unchecked("PaymentRow", "events", null=True)
    type = fields.CharField(max_length=50)
    seq = fields.IntField(null=True)
    payload = ExactJsonField()
    created_at = fields.DatetimeField()
    # The database counts it, in the order in which events are written.
    position = fields.BigIntField()

    class Meta:
        table = "events"
        unique_together = (("payment_id", "seq"),)


SEQUENCE = "events_position_seq"
HEAD = f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {SEQUENCE}"

# A statement that writes events acquires this lock before it takes a position. It is released
# after the transaction's rows are visible.
WRITERS = """
SELECT DISTINCT virtualtransaction FROM pg_locks
WHERE locktype = 'relation' AND relation = 'events'::regclass AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock',
        'AccessExclusiveLock')
"""
BETWEEN = """
SELECT position, id, merchant_id, type, payload::text AS payload FROM events
WHERE merchant_id = ANY($1::uuid[]) AND position > $2 AND position <= $3
ORDER BY position LIMIT $4
"""


@dataclass(frozen=True, slots=True)
class PostgresFeed:
    """Implements ``FeedRepository``."""

    executor: Executor

    async def head(self) -> int:
        return int(await self.executor.fetchval(HEAD))

    async def writers(self) -> frozenset[str]:
        rows = await self.executor.fetch(WRITERS)
        return frozenset(row["virtualtransaction"] for row in rows)

    async def between(
        self, merchants: Collection[UUID], *, after: int, upto: int, limit: int
    ) -> Sequence[FedEvent]:
        rows = await self.executor.fetch(BETWEEN, list(merchants), after, upto, limit)
        return [
            FedEvent(
                row["position"],
                row["id"],
                uuid(row["merchant_id"]),
                row["type"],
                row["payload"].encode(),
            )
            for row in rows
        ]
