"""Leases on the rows of a table: statements and repository."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from tortoise import fields

from ....core.limits import CLAIMS_MAX
from ....core.queue.lease import FailedClaim, Lease, Table
from ....core.records import WriteResult
from ..database import Executor
from ..errors import REFUSED
from ..orm import TableRow
from .columns import LEASE_SQL, NO_LEASE
from .rows import encoded


class LeaseColumns(TableRow):
    """The lease columns of both tables of work."""

    lease_token = fields.UUIDField(null=True)
    lease_until = fields.DatetimeField(null=True)
    lease_owner = fields.CharField(max_length=64, null=True)
    claims = fields.IntField(default=0)
    last_error = fields.TextField(null=True)

    class Meta:
        abstract = True


@dataclass(frozen=True, slots=True)
class LeaseStatements:
    """The lease statements of a table."""

    renew: str
    release_claims: str
    release_unheld: str
    release_orphans: str
    next_due: str


def lease_statements(
    table: Table, *, ready: str, due: str, id_type: str, of_queue: str = "true"
) -> LeaseStatements:
    """Make the statements for a table.

    Args:
        table: Its name.
        ready: The condition of rows that are work.
        due: The column with the due time.
        id_type: The type of its ``id``.
        of_queue: The condition of the rows of one queue, if several share the table.
    """
    # Rows that another transaction has locked are skipped, so that one of them does not delay
    # the leases of all. Such a lease expires or is ended by that transaction.
    mine = f"""WITH i AS MATERIALIZED (
            SELECT * FROM json_to_recordset($1::json) AS r(row_id {id_type}, token uuid)
        ),
        mine AS (
            SELECT t.id FROM i JOIN {table} t ON t.id = i.row_id
            WHERE t.id = ANY(ARRAY(SELECT row_id FROM i)) AND t.lease_token = i.token
            ORDER BY t.id FOR UPDATE OF t SKIP LOCKED
        )"""
    return LeaseStatements(
        renew=f"""{mine}
            UPDATE {table} t SET lease_until = clock_timestamp() + {LEASE_SQL} FROM mine
            WHERE t.id = mine.id AND t.id = ANY(ARRAY(SELECT id FROM mine))
                AND t.lease_until > clock_timestamp()""",
        release_claims=f"""{mine}
            UPDATE {table} t SET claims = greatest(0, t.claims - 1), {NO_LEASE} FROM mine
            WHERE t.id = mine.id AND t.id = ANY(ARRAY(SELECT id FROM mine))""",
        release_unheld=f"""WITH unheld AS (
                SELECT t.id FROM {table} t
                WHERE t.lease_token IS NOT NULL AND t.lease_owner = $1 AND {of_queue}
                    AND NOT EXISTS (
                        SELECT FROM json_to_recordset($2::json) AS i(row_id {id_type}, token uuid)
                        WHERE i.row_id = t.id AND i.token = t.lease_token)
                ORDER BY t.id FOR UPDATE OF t SKIP LOCKED
            )
            UPDATE {table} t SET claims = greatest(0, t.claims - 1), {NO_LEASE} FROM unheld
            WHERE t.id = unheld.id""",
        release_orphans=f"""WITH lost AS (
                SELECT id FROM {table} WHERE lease_token IS NOT NULL AND lease_owner NOT IN (
                    SELECT id FROM workers WHERE heartbeat_at > clock_timestamp() - $1::interval
                ) ORDER BY id FOR UPDATE SKIP LOCKED
            )
            UPDATE {table} t SET {NO_LEASE} FROM lost WHERE t.id = lost.id RETURNING t.id""",
        next_due=f"SELECT min({due}) FROM {table} WHERE {ready} AND {due} > $1",
    )


OPERATIONS = lease_statements(
    "operations",
    ready="lease_state = 'ready'",
    due="run_at",
    id_type="text",
    of_queue="t.kind = ANY($3::text[])",
)
DELIVERIES = lease_statements(
    "webhook_logs", ready="status = 'pending'", due="next_retry_at", id_type="uuid"
)
log = logging.getLogger(__name__)
CLAIMED_TOO_OFTEN = f"claimed {CLAIMS_MAX} times, and no worker has finished it"


@dataclass
class Leasing:
    """The lease methods of a repository of work."""

    executor: Executor
    statements: LeaseStatements
    reschedule_statement: str

    async def renew(self, leases: Sequence[Lease]) -> None:
        await self.executor.fetch(self.statements.renew, lease_set(leases))

    async def release_claims(self, leases: Sequence[Lease]) -> None:
        await self.executor.fetch(self.statements.release_claims, lease_set(leases))

    async def release_unheld(self, worker_id: str, held: Sequence[Lease]) -> None:
        await self.executor.fetch(self.statements.release_unheld, worker_id, lease_set(held))

    async def release_orphans(self, *, dead_after: timedelta) -> int:
        return len(await self.executor.fetch(self.statements.release_orphans, dead_after))

    async def next_due(self, *, now: datetime) -> datetime | None:
        found: datetime | None = await self.executor.fetchval(self.statements.next_due, now)
        return found

    async def reschedule(self, failures: Sequence[FailedClaim], *, now: datetime) -> None:
        rows = [
            {
                "row_id": failure.lease.row_id,
                "token": failure.lease.token,
                "error": failure.error,
                "due_at": None if failure.retry_after is None else now + failure.retry_after,
            }
            for failure in failures
        ]
        args: tuple[Any, ...] = (encoded(rows),)
        if "$2" in self.reschedule_statement:
            args = (*args, now)
        await self.executor.fetch(self.reschedule_statement, *args)


def lease_set(leases: Iterable[Lease]) -> str:
    """Convert leases to the parameter of a statement."""
    return encoded([{"row_id": lease.row_id, "token": lease.token} for lease in leases])


class HasLease(Protocol):
    """A claimed row."""

    @property
    def lease(self) -> Lease:
        """Its lease."""
        ...


class HasClaim(Protocol):
    """The result of a claimed row."""

    @property
    def claimed(self) -> HasLease:
        """The claimed row."""
        ...


Record = TypeVar("Record", bound=HasClaim)


async def store_set(
    records: Sequence[Record], store: Callable[[Sequence[Record]], Awaitable[frozenset[str]]]
) -> WriteResult:
    """Store results in one statement; if the database refuses it, each row by itself.

    A row that cannot be stored must not prevent the others from being stored.
    """
    if not records:
        return WriteResult(frozenset(), {})
    try:
        return WriteResult(await store(records), {})
    except REFUSED as error:
        if len(records) == 1:
            row_id = records[0].claimed.lease.row_id
            log.warning("the database refused %s: %s", row_id, error)
            return WriteResult(frozenset(), {row_id: str(error)})
    parts = [await store_set([record], store) for record in records]
    won = frozenset[str]().union(*(part.stored for part in parts))
    return WriteResult(won, {row: why for part in parts for row, why in part.refused.items()})
