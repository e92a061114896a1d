"""Events: of all merchants as they are streamed, and of one in pages."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.expressions import Q

from ....core.ids import IdKind, is_id
from ....core.paging import EVENT_LIST, Page, PageRequest
from ....core.webhooks.store import EventSearch, FedEvent, FoundEvent
from ..database import Executor
from ..orm import ExactJsonField, TableRow, unchecked
from .pages import read_page
from .rows import Row, uuid


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
    request_id = fields.CharField(max_length=128, null=True)

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
BY_ID = "SELECT * FROM events WHERE id = $1"


def row_to_event(row: Row) -> FoundEvent:
    """Convert a row of ``events``."""
    return FoundEvent(
        id=row["id"],
        merchant_id=uuid(row["merchant_id"]),
        type=row["type"],
        payment_id=row["payment_id"],
        created_at=row["created_at"],
        body=str(row["payload"]).encode(),
        request_id=row["request_id"],
    )


def search_events(merchant_id: UUID, search: EventSearch) -> Sequence[Q]:
    """Return the conditions for events, as ``searches`` does for other lists."""
    given: dict[str, Any] = {
        "created_at__gte": search.since,
        "created_at__lt": search.until,
        "payment_id": search.payment_id,
    }
    wanted = Q(merchant_id=merchant_id)
    wanted &= Q(**{name: value for name, value in given.items() if value is not None})
    return [wanted & Q(type=type) for type in sorted(search.types)] or [wanted]


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

    async def page(
        self, merchant_id: UUID, page: PageRequest, search: EventSearch
    ) -> Page[FoundEvent]:
        wanted = search_events(merchant_id, search)
        return await read_page(EventRow, wanted, row_to_event, self.executor, page, of=EVENT_LIST)

    async def get(self, event_id: str) -> FoundEvent | None:
        if not is_id(IdKind.EVENT, event_id):
            return None
        row = await self.executor.fetchrow(BY_ID, event_id)
        return row_to_event(row) if row else None
