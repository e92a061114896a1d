"""Operations: claim, lock and record."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from ....core.errors import RowRefusedError, StaleWriteError
from ....core.ids import IdKind, is_id
from ....core.limits import CLAIMS_MAX
from ....core.payments.model import Payment
from ....core.payments.operation import ERASED, Operation, OperationKind
from ....core.payments.store import (
    NO_LIMITS,
    ChargeRef,
    ClaimedOperation,
    InReview,
    Locked,
    OperationRecord,
    RecordedCall,
)
from ....core.queue.lease import FailedClaim, Lease, retry_delay
from ..database import Executor
from ..errors import REFUSED
from .columns import (
    CLAIMS_BEFORE_ALONE,
    LEASE_IS_FREE,
    LEASE_SQL,
    NO_LEASE,
    assignments,
    prefixed,
    record_type,
    store_events,
    stored_values,
)
from .leases import CLAIMED_TOO_OFTEN, OPERATIONS, Leasing, lease_set
from .operation_rows import (
    CHANGING_OPERATION,
    add_operations,
    added_row,
    call_row,
    outcome_row,
    row_to_operation,
)
from .payments import (
    CHANGING,
    READ,
    decision_rows,
    delivery_rows,
    event_row,
    row_to_payment,
)
from .refunds import COLUMNS as REFUND_COLUMNS
from .refunds import row_to_refund
from .rows import encoded, uuid
from .timeline import call_set, store_decisions, store_plugin_calls

CLAIM = f"""
WITH first_claims AS (
    SELECT id, processor, run_at FROM operations
    WHERE lease_state = 'ready' AND run_at <= $4 AND {LEASE_IS_FREE}
        -- Only kinds and processors that this worker has: one of another version or with
        -- another plugin claims the others.
        AND kind = ANY($5::text[]) AND ($6::text[] IS NULL OR processor = ANY($6))
        AND claims < {CLAIMS_BEFORE_ALONE}
    ORDER BY run_at LIMIT $3 FOR UPDATE SKIP LOCKED
),
-- A row that was claimed several times without a result may be the cause of crashes. Such
-- rows are claimed one at a time, so that the others do not count its crashes as their own.
repeated_claims AS (
    SELECT id, processor, run_at FROM operations
    WHERE lease_state = 'ready' AND run_at <= $4 AND {LEASE_IS_FREE}
        AND kind = ANY($5::text[]) AND ($6::text[] IS NULL OR processor = ANY($6))
        AND claims >= {CLAIMS_BEFORE_ALONE}
    ORDER BY claims, run_at LIMIT 1 FOR UPDATE SKIP LOCKED
),
-- Not more of a processor than there is room for. The others are locked for a moment only.
placed AS (
    SELECT id, processor, row_number() OVER (PARTITION BY processor ORDER BY run_at, id) AS place
    FROM (SELECT * FROM first_claims UNION ALL SELECT * FROM repeated_claims) AS found
)
UPDATE operations o
SET lease_token = $1, lease_owner = $2, lease_until = clock_timestamp() + {LEASE_SQL},
    claims = o.claims + 1
WHERE o.id = ANY(ARRAY(
    SELECT placed.id FROM placed
        LEFT JOIN unnest($6::text[], $7::int[]) AS rooms(processor, room) USING (processor)
    WHERE place <= coalesce(room, $3 + 1)))
RETURNING o.id
"""
# ``fallbacks`` is null as soon as the processor may have received the charge.
CLAIM_UNSENT = f"""
UPDATE operations o
SET lease_token = $1, lease_owner = $2, lease_until = clock_timestamp() + {LEASE_SQL},
    claims = o.claims + 1
WHERE o.id = ANY(ARRAY(
    SELECT id FROM operations
    WHERE lease_state = 'ready' AND run_at <= $4 AND {LEASE_IS_FREE}
        AND kind = 'charge' AND state = 'reserved' AND processor = ANY($5::text[])
        AND fallbacks ?| $6::text[] AND claims < {CLAIMS_BEFORE_ALONE}
    ORDER BY run_at LIMIT $3 FOR UPDATE SKIP LOCKED))
RETURNING o.id
"""
_WITH_PAYMENT = f"""
SELECT o.*, {prefixed(READ, "p")}, {prefixed(REFUND_COLUMNS, "r")},
    c.id AS c_id, c.reference AS c_reference
FROM operations o
    CROSS JOIN LATERAL (SELECT * FROM payments WHERE id = o.payment_id LIMIT 1) AS p
    LEFT JOIN LATERAL (SELECT * FROM refunds WHERE id = o.refund_id LIMIT 1) AS r ON true
    LEFT JOIN LATERAL (
        SELECT id, reference FROM operations
        -- After a failover there is one at each processor.
        WHERE payment_id = o.payment_id AND kind = 'charge' AND o.kind <> 'charge'
            AND processor = o.processor LIMIT 1
    ) AS c ON true
"""

# Read in a separate statement: the one that claims may wait for locks, and would return
# payments as they were before the wait.
CLAIMED = f"{_WITH_PAYMENT} WHERE o.lease_token = $1 ORDER BY o.run_at, o.id"
BY_IDS = f"{_WITH_PAYMENT} WHERE o.id = ANY($1::text[])"
NEXT_DUE = """
SELECT min(run_at) FROM operations
WHERE lease_state = 'ready' AND run_at > $1 AND kind = ANY($2::text[])
    AND ($3::text[] IS NULL OR processor = ANY($3))
"""

# All transactions lock in the same order: operations, payments, the order, each by id.
# Values are read with BY_IDS after that.
LOCK = """
SELECT id, payment_id FROM operations WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE
"""
LOCK_PAYMENTS = """
SELECT id FROM payments WHERE id = ANY($1::text[]) ORDER BY id FOR NO KEY UPDATE
"""

# A worker does not wait for locked rows: it handles them in its next run.
_GIVEN_LEASES = """
WITH i AS MATERIALIZED (
    SELECT * FROM json_to_recordset($1::json) AS t(row_id text, token uuid)
)
"""
LOCK_LEASED = f"""{_GIVEN_LEASES}
SELECT o.id, o.payment_id FROM i JOIN operations o ON o.id = i.row_id
WHERE o.id = ANY(ARRAY(SELECT row_id FROM i))
    AND o.lease_token = i.token AND o.lease_until > clock_timestamp()
ORDER BY o.id FOR UPDATE OF o SKIP LOCKED
"""
LOCK_FREE_PAYMENTS = f"{LOCK_PAYMENTS} SKIP LOCKED"
STILL_LEASED = f"""{_GIVEN_LEASES}
SELECT o.id FROM i JOIN operations o ON o.id = i.row_id
WHERE o.id = ANY(ARRAY(SELECT row_id FROM i))
    AND o.lease_token = i.token AND o.lease_until > clock_timestamp()
"""
CHARGE_OF = f"""{_WITH_PAYMENT}
WHERE o.payment_id = $1 AND o.kind = 'charge' AND o.processor = p.processor
"""
IN_REVIEW = """
SELECT id, payment_id, kind, amount AS amount_minor, currency, processor, note,
    updated_at AS since
FROM operations
WHERE ($1::uuid IS NULL OR merchant_id = $1) AND lease_state = 'dead'
ORDER BY updated_at LIMIT 1000
"""

# Both rows are locked when their values are compared, so the values are current.
MARK_SENT = """
WITH i AS MATERIALIZED (
    SELECT * FROM json_to_recordset($1::json) AS t(
        op_id text, payment_id text, token uuid, version int, moves boolean)
),
fenced AS (
    SELECT o.id, o.payment_id, i.moves
    FROM i JOIN operations o ON o.id = i.op_id JOIN payments p ON p.id = o.payment_id
    WHERE o.id = ANY(ARRAY(SELECT op_id FROM i)) AND p.id = ANY(ARRAY(SELECT payment_id FROM i))
        AND o.lease_token = i.token AND o.lease_until > clock_timestamp() AND o.state = 'reserved'
        AND (NOT i.moves OR (p.version = i.version AND p.status = 'pending'))
    FOR UPDATE OF o SKIP LOCKED FOR NO KEY UPDATE OF p SKIP LOCKED
),
moved AS (
    UPDATE payments p SET status = 'processing', version = p.version + 1, updated_at = $2
    FROM fenced f WHERE p.id = f.payment_id AND f.moves
        AND p.id = ANY(ARRAY(SELECT payment_id FROM fenced))
    RETURNING p.id
)
UPDATE operations o SET state = 'sent', queries = 0, updated_at = $2
FROM fenced f
WHERE o.id = f.id AND o.id = ANY(ARRAY(SELECT id FROM fenced))
    AND (NOT f.moves OR f.payment_id IN (SELECT id FROM moved))
RETURNING o.id
"""

# All rows were locked by the same transaction before they were read. The version is compared
# as a safeguard: nothing is stored for a row that does not match.
STORE = f"""
WITH i AS (
    SELECT * FROM json_to_recordset($1::json) AS t(
        op_id text, payment_id text, moves boolean, note text, refund_id text,
        refund_status text, processed_at timestamptz, {record_type(CHANGING_OPERATION)})
),
-- One row per payment, even if several of its operations are stored.
m AS (
    SELECT * FROM json_to_recordset($8::json) AS t(
        id text, old_version int, {record_type(CHANGING)})
),
moved AS (
    UPDATE payments p SET {assignments(CHANGING, "m")}
    FROM m WHERE p.id = m.id AND p.version = m.old_version AND p.id = ANY(ARRAY(SELECT id FROM m))
    RETURNING p.id, p.order_id, p.status
),
stored AS (
    UPDATE operations o
    SET {assignments(CHANGING_OPERATION, "i")},
        note = i.note, updated_at = $4, claims = 0, last_error = NULL, {NO_LEASE}
    FROM i WHERE o.id = i.op_id AND o.id = ANY(ARRAY(SELECT op_id FROM i))
        AND (NOT i.moves OR i.payment_id IN (SELECT id FROM moved))
    RETURNING o.id
),
settled AS (
    UPDATE refunds r SET status = i.refund_status, processed_at = i.processed_at
    FROM i WHERE r.id = i.refund_id AND r.id = ANY(ARRAY(SELECT refund_id FROM i))
        AND i.op_id IN (SELECT id FROM stored)
        AND r.status <> i.refund_status
),
added AS (
    {add_operations("$5")}
    WHERE n.by IN (SELECT id FROM stored)
),
paid AS (
    UPDATE orders SET status = 'paid', updated_at = $4
    WHERE id = ANY(ARRAY(SELECT order_id FROM moved WHERE status = 'success'))
        AND status <> 'paid'
),
{store_plugin_calls("stored")},
{store_decisions("$7", "stored")},
{store_events("stored")}
SELECT id FROM stored
"""

# For responses that changed nothing: the timeline shows the call, once.
STORE_CALLS = f"""
INSERT INTO plugin_calls (payment_id, operation_id, name, started_at, took_ms, given, answer)
SELECT c.payment_id, c.op_id, c.name, c.started_at, c.took_ms, c.given, c.answer
FROM {call_set("$1")}
WHERE NOT EXISTS (SELECT FROM plugin_calls k WHERE k.operation_id = c.op_id
    AND k.payment_id = c.payment_id AND k.name = c.name AND k.started_at = c.started_at)
"""

# An operation that no worker can handle is dead-lettered, and its payment becomes unknown:
# it must not be reported as failed.
RELEASE = f"""
WITH i AS (
    SELECT * FROM json_to_recordset($1::json) AS t(
        row_id text, token uuid, error text, due_at timestamptz)
),
released AS (
    UPDATE operations o
    SET last_error = i.error, run_at = coalesce(i.due_at, o.run_at), updated_at = $2,
        state = CASE WHEN i.due_at IS NULL THEN 'needs_review' ELSE o.state END,
        lease_state = CASE WHEN i.due_at IS NULL THEN 'dead' ELSE 'ready' END,
        sealed = CASE WHEN i.due_at IS NULL AND o.sealed IS NOT NULL THEN '{ERASED}'
            ELSE o.sealed END,
        fallbacks = CASE WHEN i.due_at IS NULL THEN NULL ELSE o.fallbacks END,
        {NO_LEASE}
    FROM i WHERE o.id = i.row_id AND o.lease_token = i.token
        AND o.id = ANY(ARRAY(SELECT row_id FROM i))
    RETURNING o.payment_id, o.kind, o.lease_state
)
UPDATE payments p SET status = 'unknown', version = p.version + 1, updated_at = $2
FROM released r
WHERE p.id = r.payment_id AND p.id = ANY(ARRAY(SELECT payment_id FROM released))
    AND r.lease_state = 'dead' AND r.kind = 'charge'
    AND p.status IN ('pending', 'processing')
"""
log = logging.getLogger(__name__)
NO_TOKEN = UUID(int=0)
UNREADABLE = (AssertionError, KeyError, TypeError, ValueError)
"""Errors of a row with values that no version of paygate writes."""


class PostgresOperations(Leasing):
    """Implements ``OperationRepository``."""

    def __init__(
        self,
        executor: Executor,
        kinds: Collection[OperationKind] = frozenset(OperationKind),
        processors: Collection[str] | None = None,
    ) -> None:
        super().__init__(executor, OPERATIONS, RELEASE)
        self.kinds = [kind.value for kind in kinds]
        # Read again at each claim: tests replace processors while a worker runs.
        self._processors = processors

    def only(
        self, kinds: Collection[OperationKind], processors: Collection[str]
    ) -> PostgresOperations:
        return PostgresOperations(self.executor, kinds, processors)

    @property
    def processors(self) -> list[str] | None:
        """The processors whose operations are claimed; None for all."""
        return None if self._processors is None else list(self._processors)

    async def release_unheld(self, worker_id: str, held: Sequence[Lease]) -> None:
        """Release leases as ``Leasable.release_unheld`` does, only of these kinds."""
        statement = self.statements.release_unheld
        await self.executor.fetch(statement, worker_id, lease_set(held), self.kinds)

    async def next_due(self, *, now: datetime) -> datetime | None:
        found: datetime | None = await self.executor.fetchval(
            NEXT_DUE, now, self.kinds, self.processors
        )
        return found

    async def claim(
        self,
        *,
        worker_id: str,
        token: UUID,
        limit: int,
        now: datetime,
        rooms: Mapping[str, int] = NO_LIMITS,
    ) -> Sequence[ClaimedOperation]:
        processors = self.processors
        if processors is not None:
            processors = [each for each in processors if rooms.get(each, limit) > 0]
        room_of = (
            None if processors is None else [rooms.get(each, limit + 1) for each in processors]
        )
        what = (self.kinds, processors, room_of)
        if not await self.executor.fetch(CLAIM, token, worker_id, limit, now, *what):
            return []
        return await self._claimed(token, now)

    async def claim_unsent(
        self,
        *,
        worker_id: str,
        token: UUID,
        limit: int,
        now: datetime,
        of: Collection[str],
        to: Collection[str],
    ) -> Sequence[ClaimedOperation]:
        what = (list(of), list(to))
        if not await self.executor.fetch(CLAIM_UNSENT, token, worker_id, limit, now, *what):
            return []
        return await self._claimed(token, now)

    async def _claimed(self, token: UUID, now: datetime) -> Sequence[ClaimedOperation]:
        """Return the operations of a claim that can be read; reschedule the others."""
        claimed, failed = [], []
        for row in await self.executor.fetch(CLAIMED, token):
            lease = _lease(row)
            if lease.claims > CLAIMS_MAX:
                failed.append(FailedClaim(lease, row["last_error"] or CLAIMED_TOO_OFTEN, None))
                continue
            try:
                claimed.append(_claimed(row))
            except UNREADABLE as error:
                # Written by SQL or by another program; other rows are not affected.
                log.warning("operation %s cannot be read: %r", row["id"], error)
                failed.append(FailedClaim(lease, repr(error), retry_delay(lease)))
        if failed:
            await self.reschedule(failed, now=now)
        return claimed

    async def find_charge(self, payment_id: str) -> ClaimedOperation | None:
        if not is_id(IdKind.PAYMENT, payment_id):
            return None
        row = await self.executor.fetchrow(CHARGE_OF, payment_id)
        return _claimed(row) if row else None

    async def find(self, operation_id: str) -> ClaimedOperation | None:
        found = await self._read([operation_id]) if is_id(IdKind.OPERATION, operation_id) else []
        return found[0] if found else None

    async def in_review(self, merchant_id: UUID | None) -> Sequence[InReview]:
        rows = await self.executor.fetch(IN_REVIEW, merchant_id)
        return [InReview(**dict(row)) for row in rows]

    async def lock(self, operation_ids: Collection[str]) -> Sequence[ClaimedOperation]:
        ids = [each for each in operation_ids if is_id(IdKind.OPERATION, each)]
        rows = await self.executor.fetch(LOCK, ids) if ids else []
        payment_ids = [row["payment_id"] for row in rows]
        await self.executor.fetch(LOCK_PAYMENTS, payment_ids)
        return await self._read([row["id"] for row in rows])

    async def lock_leased(self, leases: Sequence[Lease]) -> Locked:
        wanted = lease_set(leases)
        rows = await self.executor.fetch(LOCK_LEASED, wanted)
        payment_ids = [row["payment_id"] for row in rows]
        free = await self.executor.fetch(LOCK_FREE_PAYMENTS, payment_ids)
        locked = {row["id"] for row in free}
        ours = {row["id"] for row in rows if row["payment_id"] in locked}
        leased = {row["id"] for row in await self.executor.fetch(STILL_LEASED, wanted)}
        ready = {each.operation.id: each for each in await self._read(list(ours))}
        return Locked(ready, busy=frozenset(leased - ours))

    async def _read(self, ids: Sequence[str]) -> Sequence[ClaimedOperation]:
        """Return the operations that can be read."""
        found: list[ClaimedOperation] = []
        for row in await self.executor.fetch(BY_IDS, ids) if ids else []:
            try:
                found.append(_claimed(row))
            except UNREADABLE as error:
                log.warning("operation %s cannot be read: %r", row["id"], error)
        return found

    async def mark_sent(
        self, claimed: Sequence[ClaimedOperation], *, at: datetime
    ) -> Sequence[ClaimedOperation]:
        after = {claim.lease.row_id: _sent(claim, at) for claim in claimed}
        rows = [
            {
                "op_id": claim.lease.row_id,
                "payment_id": claim.payment.id,
                "token": claim.lease.token,
                "version": claim.payment.version,
                "moves": after[claim.lease.row_id].payment.version != claim.payment.version,
            }
            for claim in claimed
        ]
        sent = await self.executor.fetch(MARK_SENT, encoded(rows), at)
        return [after[row["id"]] for row in sent]

    async def store(self, records: Sequence[OperationRecord], *, at: datetime) -> None:
        for wave in _waves(records):
            await self._store(wave, at)

    async def _store(self, records: Sequence[OperationRecord], at: datetime) -> None:
        events = [event for record in records for event in record.events]
        try:
            rows = await self.executor.fetch(
                STORE,
                encoded([outcome_row(record) for record in records]),
                encoded(
                    [
                        event_row(event, record.operation.id)
                        for record in records
                        for event in record.events
                    ]
                ),
                encoded(list(delivery_rows(events))),
                at,
                encoded([added_row(each, new) for each in records for new in each.added]),
                encoded([call_row(e.operation, call) for e in records for call in e.calls]),
                encoded([row for e in records for row in decision_rows(e.operation, e.decisions)]),
                encoded(_payment_rows(records)),
            )
        except REFUSED as error:
            raise RowRefusedError(str(error)) from error
        if len(rows) != len(records):
            raise StaleWriteError

    async def store_calls(self, calls: Sequence[tuple[Operation, RecordedCall]]) -> None:
        rows = [call_row(operation, call) for operation, call in calls]
        try:
            await self.executor.fetch(STORE_CALLS, encoded(rows))
        except REFUSED as error:
            log.warning("%d plugin call(s) cannot be stored for the timeline: %s", len(rows), error)


def _waves(records: Sequence[OperationRecord]) -> Sequence[Sequence[OperationRecord]]:
    """Cut records into sets that one statement can store each, in their order.

    A statement writes a payment once. Refunds of one payment may share it; a record that
    changes the payment's status may not, because the database checks each change of status.
    """
    sets: list[list[OperationRecord]] = []
    # Payment id -> the last set that writes it, and whether its status changes there.
    last: dict[str, tuple[int, bool]] = {}
    for record in records:
        before, after = record.claimed.payment, record.payment.after
        place = 0
        if after.version != before.version:
            changes = after.status != before.status
            if after.id in last:
                place, changed = last[after.id]
                place += 1 if changes or changed else 0
            last[after.id] = (place, changes)
        else:
            place = last.get(after.id, (0, False))[0]
        while len(sets) <= place:
            sets.append([])
        sets[place].append(record)
    return sets


def _payment_rows(records: Sequence[OperationRecord]) -> Sequence[dict[str, Any]]:
    """One row a payment: from the version its first record read to what its last one says."""
    moves: dict[str, dict[str, Any]] = {}
    for record in records:
        before, after = record.claimed.payment, record.payment.after
        if after.version == before.version:
            continue
        old_version = moves[after.id]["old_version"] if after.id in moves else before.version
        values = stored_values(CHANGING, after)
        moves[after.id] = {"id": after.id, "old_version": old_version, **values}
    return list(moves.values())


def _lease(row: asyncpg.Record) -> Lease:
    token = row["lease_token"] or NO_TOKEN
    return Lease(row["id"], uuid(token), row["claims"])


def _claimed(row: asyncpg.Record) -> ClaimedOperation:
    refund = row_to_refund(row, "r_") if row["r_id"] is not None else None
    charge = ChargeRef(row["c_id"], row["c_reference"]) if row["c_id"] is not None else None
    payment = row_to_payment(row, "p_")
    return ClaimedOperation(_lease(row), row_to_operation(row), payment, refund, charge)


def _sent(claim: ClaimedOperation, at: datetime) -> ClaimedOperation:
    return replace(claim, operation=claim.operation.mark_sent(), payment=_processing(claim, at))


def _processing(claim: ClaimedOperation, at: datetime) -> Payment:
    # Other operations have changed the payment's status before, or do not change it.
    if claim.operation.kind is not OperationKind.CHARGE:
        return claim.payment
    return claim.payment.process(at=at).after
