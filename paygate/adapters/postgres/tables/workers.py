"""Workers and due work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tortoise import fields

from ....core.queue.store import Stuck, WorkCounts
from ..database import Executor
from ..orm import TableRow
from .columns import IS_HELD, OVERDUE_REASON
from .rows import encoded


class WorkerRow(TableRow):
    """A worker process and its last heartbeat."""

    id = fields.CharField(max_length=64, primary_key=True)
    kind = fields.CharField(max_length=20)
    started_at = fields.DatetimeField()
    heartbeat_at = fields.DatetimeField()
    # The breakers of processors that are not closed in this worker.
    breakers = fields.JSONField[dict[str, Any]](default={})

    class Meta:
        table = "workers"


HEARTBEAT = """
INSERT INTO workers (id, kind, started_at, heartbeat_at, breakers)
VALUES ($1, $2, clock_timestamp(), clock_timestamp(), $3::jsonb)
ON CONFLICT (id) DO UPDATE SET heartbeat_at = clock_timestamp(), breakers = $3::jsonb
"""
LEAVE = "DELETE FROM workers WHERE id = $1"
FORGET = "DELETE FROM workers WHERE heartbeat_at < clock_timestamp() - $1::interval"
ALIVE = """
SELECT count(*) FROM workers
WHERE kind = 'worker' AND heartbeat_at > clock_timestamp() - $1::interval
"""
ALIVE_IDS = """
SELECT id FROM workers WHERE kind = 'worker' AND heartbeat_at > clock_timestamp() - $1::interval
"""
COUNTS = """
WITH work AS (
    SELECT lease_state = 'ready' AS ready, lease_until > clock_timestamp() AS leased,
        lease_state = 'done' AS done
    FROM operations
    UNION ALL
    SELECT status = 'pending', lease_until > clock_timestamp(), status = 'success'
    FROM webhook_logs
)
SELECT count(*) FILTER (WHERE ready AND leased IS NOT TRUE) AS waiting,
    count(*) FILTER (WHERE ready AND leased) AS leased,
    count(*) FILTER (WHERE done) AS done,
    count(*) FILTER (WHERE NOT ready AND NOT done) AS failed
FROM work
"""
STUCK = f"""
SELECT 'operations' AS "table", id::text AS row_id, run_at AS due_at, claims,
    coalesce(last_error, note, state) AS reason
FROM operations
WHERE lease_state = 'dead' OR (lease_state = 'ready' AND run_at < $1)
UNION ALL
SELECT 'webhook_logs', id::text, next_retry_at, claims, {OVERDUE_REASON}
FROM webhook_logs w
WHERE status = 'pending' AND next_retry_at < $1 AND NOT ({IS_HELD})
ORDER BY due_at LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class PostgresWorkers:
    """Implements ``WorkerRepository``."""

    executor: Executor

    async def heartbeat(
        self, worker_id: str, *, kind: str, breakers: Mapping[str, Mapping[str, Any]]
    ) -> None:
        await self.executor.fetch(HEARTBEAT, worker_id, kind, encoded(breakers))

    async def leave(self, worker_id: str) -> None:
        await self.executor.fetch(LEAVE, worker_id)

    async def forget(self, *, dead_for: timedelta) -> None:
        await self.executor.fetch(FORGET, dead_for)

    async def alive(self, *, within: timedelta) -> int:
        return int(await self.executor.fetchval(ALIVE, within))

    async def counts(self) -> WorkCounts:
        row = await self.executor.fetchrow(COUNTS)
        assert row is not None, "an aggregate has a row"
        return WorkCounts(row["waiting"], row["leased"], row["done"], row["failed"])

    async def stuck(self, *, due_before: datetime, limit: int) -> Sequence[Stuck]:
        rows = await self.executor.fetch(STUCK, due_before, limit)
        return [
            Stuck(row["table"], row["row_id"], row["due_at"], row["claims"], row["reason"])
            for row in rows
        ]
