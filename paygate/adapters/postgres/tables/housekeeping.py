"""Delete old rows, erase encrypted details, and find encrypted texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ....core.payments.operation import ERASED
from ....core.queue.store import OldRows, PurgeProgress, SealedText
from ..database import Executor
from .attention import NEEDS_ATTENTION

# Details of an operation that was not sent yet are kept: they are needed to send it.
ERASE_SEALED = f"""
UPDATE operations SET sealed = '{ERASED}' WHERE id IN (
    SELECT id FROM operations
    WHERE sealed IS NOT NULL AND sealed <> '{ERASED}' AND created_at < $1
        AND (state <> 'reserved' OR sends > 0)
    ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED
) RETURNING id
"""


@dataclass(frozen=True, slots=True)
class PostgresHousekeeping:
    """Implements ``HousekeepingRepository``."""

    executor: Executor

    async def erase_sealed(self, *, before: datetime, limit: int) -> int:
        return len(await self.executor.fetch(ERASE_SEALED, before, limit))


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


LEASE = "interval '30 seconds'"
BEGIN = f"""
INSERT INTO retention_lease AS l (id, owner, until) VALUES (1, $1, clock_timestamp() + {LEASE})
ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, until = excluded.until
WHERE l.until < clock_timestamp() RETURNING 1
"""
END = "DELETE FROM retention_lease WHERE owner = $1"
PROGRESS = "SELECT position, began_at FROM retention_progress WHERE rows = $1"
SAVE = f"""
WITH mine AS (
    UPDATE retention_lease SET until = clock_timestamp() + {LEASE} WHERE owner = $4 RETURNING 1
)
INSERT INTO retention_progress (rows, position, began_at) SELECT $1, $2, $3 FROM mine
ON CONFLICT (rows) DO UPDATE SET position = excluded.position, began_at = excluded.began_at
RETURNING 1
"""


# For the transaction of a purge. A statement that reads many rows which are still needed would go
# on for nothing. With its limit, a scan of the whole table looks cheaper than an index of times.
TIMEOUT = "2s"
PURGE_CAREFULLY = """
SELECT set_config('statement_timeout', $1, true), set_config('enable_seqscan', 'off', true)
"""

# The trigger of audit_log lets a transaction delete rows that are older than this setting.
ALLOW_AUDIT = "(SELECT set_config('paygate.audit_kept_since', $2::timestamptz::text, true)) <> ''"


def _payment_has_ended(row: str) -> str:
    status = f"(SELECT p.status FROM payments p WHERE p.id = {row}.payment_id)"
    return f"coalesce({status} IN ('success', 'failed', 'cancelled'), true)"


def _purge(table: str, row: str, at: str, is_deletable: str) -> str:
    # The condition is checked again when the row is locked: it may have changed meanwhile.
    return f"""
    DELETE FROM {table} {row} WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM {table} {row}
        WHERE {at} >= $1 AND {at} < $2 AND {is_deletable} LIMIT $3))
    AND {is_deletable} RETURNING 1
    """


PURGE: dict[OldRows, str] = {
    "attempts": _purge(
        "delivery_attempts",
        "a",
        "started_at",
        "(SELECT w.status FROM webhook_logs w WHERE w.id = a.delivery_id) <> 'pending'",
    ),
    "deliveries": _purge("webhook_logs", "w", "created_at", "w.status <> 'pending'"),
    "events": _purge(
        "events",
        "e",
        "created_at",
        "(SELECT w.id FROM webhook_logs w WHERE w.event_id = e.id LIMIT 1) IS NULL "
        f"AND {_payment_has_ended('e')}",
    ),
    "decisions": _purge("payment_decisions", "d", "decided_at", _payment_has_ended("d")),
    "calls": _purge(
        "plugin_calls",
        "l",
        "started_at",
        "coalesce((SELECT o.lease_state FROM operations o WHERE o.id = l.operation_id) = 'done', "
        "true)",
    ),
    "callbacks": _purge(
        "processor_callbacks",
        "c",
        "received_at",
        f"(NOT {NEEDS_ATTENTION} OR "
        "(SELECT r.id FROM resolved_attention r WHERE r.id = 'callback-' || c.id LIMIT 1) "
        "IS NOT NULL) "
        f"AND {_payment_has_ended('c')}",
    ),
    "audit_entries": _purge("audit_log", "a", "at", ALLOW_AUDIT),
}


@dataclass(frozen=True, slots=True)
class PostgresRetention:
    """Implements ``RetentionRepository``."""

    executor: Executor

    async def begin(self, owner: str) -> bool:
        return await self.executor.fetchval(BEGIN, owner) is not None

    async def end(self, owner: str) -> None:
        await self.executor.fetch(END, owner)

    async def progress(self, rows: OldRows) -> PurgeProgress | None:
        row = await self.executor.fetchrow(PROGRESS, rows)
        return None if row is None else PurgeProgress(row["position"], row["began_at"])

    async def save(self, rows: OldRows, progress: PurgeProgress, owner: str) -> bool:
        values = (rows, progress.position, progress.began_at, owner)
        return await self.executor.fetchval(SAVE, *values) is not None

    async def purge(self, rows: OldRows, since: datetime, until: datetime, *, limit: int) -> int:
        async with self.executor.transaction() as bound:
            await bound.fetch(PURGE_CAREFULLY, TIMEOUT)
            return len(await bound.fetch(PURGE[rows], since, until, limit))
