"""Delete old rows, and find encrypted texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ....core.payments.operation import ERASED
from ....core.queue.store import SealedText
from ..database import Executor
from .attention import NEEDS_ATTENTION


def _purge(table: str, at: str) -> str:
    # Several workers may do this; each deletes rows that no other has locked.
    return f"""
    DELETE FROM {table} WHERE id IN (
        SELECT id FROM {table} WHERE {at} < $1 ORDER BY {at} LIMIT $2 FOR UPDATE SKIP LOCKED
    ) RETURNING id
    """


PURGE_CALLS = _purge("plugin_calls", "started_at")

# Details of an operation that was not sent yet are kept: they are needed to send it.
ERASE_SEALED = f"""
UPDATE operations SET sealed = '{ERASED}' WHERE id IN (
    SELECT id FROM operations
    WHERE sealed IS NOT NULL AND sealed <> '{ERASED}' AND created_at < $1
        AND (state <> 'reserved' OR sends > 0)
    ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED
) RETURNING id
"""

# Callbacks that need attention and are not resolved are kept.
PURGE_CALLBACKS = f"""
DELETE FROM processor_callbacks WHERE id IN (
    SELECT id FROM processor_callbacks c
    WHERE received_at < $1 AND NOT ({NEEDS_ATTENTION} AND NOT EXISTS (
        SELECT FROM resolved_attention r WHERE r.id = 'callback-' || c.id))
    ORDER BY received_at LIMIT $2 FOR UPDATE SKIP LOCKED
) RETURNING id
"""

# Pending deliveries are kept, and an event is kept as long as one of its deliveries.
PURGE_DELIVERIES = """
DELETE FROM webhook_logs WHERE id IN (
    SELECT id FROM webhook_logs WHERE created_at < $1 AND status <> 'pending'
    LIMIT $2 FOR UPDATE SKIP LOCKED
) RETURNING id
"""
PURGE_EVENTS = """
DELETE FROM events WHERE id IN (
    SELECT id FROM events e WHERE created_at < $1
        AND NOT EXISTS (SELECT FROM webhook_logs w WHERE w.event_id = e.id)
    LIMIT $2 FOR UPDATE SKIP LOCKED
) RETURNING id
"""
PURGE_DECISIONS = _purge("payment_decisions", "decided_at")


@dataclass(frozen=True, slots=True)
class PostgresHousekeeping:
    """Implements ``HousekeepingRepository``."""

    executor: Executor

    async def purge_calls(self, *, before: datetime, limit: int) -> int:
        return len(await self.executor.fetch(PURGE_CALLS, before, limit))

    async def erase_sealed(self, *, before: datetime, limit: int) -> int:
        return len(await self.executor.fetch(ERASE_SEALED, before, limit))

    async def purge_callbacks(self, *, before: datetime, limit: int) -> int:
        return len(await self.executor.fetch(PURGE_CALLBACKS, before, limit))

    async def purge_events(self, *, before: datetime, limit: int) -> int:
        statements = (PURGE_DELIVERIES, PURGE_EVENTS, PURGE_DECISIONS)
        return max([len(await self.executor.fetch(each, before, limit)) for each in statements])


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of encrypted texts. ``context`` and the row's id are the encryption context."""

    table: str
    row_id: str
    name: str
    context: str

    @property
    def needing_reseal(self) -> str:
        # An encrypted text is a list of parts separated by points; one is the key id.
        return f"""
        SELECT '{self.table}.{self.name}' AS place, {self.row_id}::text AS row_id,
            '{self.context}' || {self.row_id} AS context, {self.name} AS text
        FROM {self.table}
        WHERE {self.name} IS NOT NULL AND NOT string_to_array({self.name}, '.') @> $1::text[]
        """

    @property
    def replace(self) -> str:
        return f"""
        UPDATE {self.table} SET {self.name} = $3
        WHERE {self.row_id}::text = $1 AND {self.name} = $2 RETURNING 1
        """


COLUMNS = {
    f"{column.table}.{column.name}": column
    for column in (
        _Column("webhook_endpoints", "id", "sealed", "endpoint:"),
        _Column("webhook_endpoints", "id", "previous_sealed", "endpoint:"),
        _Column("merchants", "id", "webhook_sealed", "endpoint:"),
        _Column("merchants", "id", "webhook_previous_sealed", "endpoint:"),
        _Column("plugin_settings", "plugin", "sealed", "plugin "),
    )
}
NEEDING_RESEAL = " UNION ALL ".join(column.needing_reseal for column in COLUMNS.values())


@dataclass(frozen=True, slots=True)
class PostgresSealedTexts:
    """Implements ``SealedTextRepository``."""

    executor: Executor

    async def needing_reseal(self, key_ids: Sequence[str]) -> Sequence[SealedText]:
        rows = await self.executor.fetch(NEEDING_RESEAL, list(key_ids))
        return [SealedText(r["place"], r["row_id"], r["context"], r["text"]) for r in rows]

    async def replace(self, before: SealedText, text: str) -> bool:
        statement = COLUMNS[before.column].replace
        return bool(await self.executor.fetchval(statement, before.row_id, before.text, text))
