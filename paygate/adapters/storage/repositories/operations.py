"""Operations: what is asked of processors."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from ....core.domain.errors import RowRefusedError, StaleWriteError
from ....core.domain.ids import IdKind, is_id
from ....core.domain.lease import Lease, rest_after
from ....core.domain.limits import CLAIMS_MAX
from ....core.domain.operation import Operation, OperationKind
from ....core.domain.payment import Payment
from ....core.ports.records import (
    ChargeRef,
    ClaimedOperation,
    FailedClaim,
    InReview,
    Locked,
    OperationRecord,
    RecordedCall,
)
from .. import mapping
from ..database import REFUSED, Executor
from ..statements import operations as sql
from ..statements.leases import OPERATIONS
from .leasing import CLAIMED_IN_VAIN, Leasing, lease_set
from .payments import decision_rows, delivery_rows, event_row

log = logging.getLogger(__name__)

NO_TOKEN = UUID(int=0)
UNREADABLE = (AssertionError, KeyError, TypeError, ValueError)
"""What a row raises that holds what no version of us writes."""


class PostgresOperations(Leasing):
    """See ``OperationRepository``."""

    def __init__(
        self,
        executor: Executor,
        kinds: Collection[OperationKind] = frozenset(OperationKind),
        processors: Collection[str] | None = None,
    ) -> None:
        super().__init__(executor, OPERATIONS, sql.RELEASE)
        self.kinds = [kind.value for kind in kinds]
        self.processors = None if processors is None else list(processors)

    def only(
        self, kinds: Collection[OperationKind], processors: Collection[str]
    ) -> PostgresOperations:
        """See ``OperationRepository.only``."""
        return PostgresOperations(self.executor, kinds, processors)

    async def hand_back_unheld(self, worker_id: str, held: Sequence[Lease]) -> None:
        """See ``Leasable.hand_back_unheld``. Of these kinds: another lane holds the others."""
        statement = self.statements.hand_back_unheld
        await self.executor.fetch(statement, worker_id, lease_set(held), self.kinds)

    async def next_due(self, *, now: datetime) -> datetime | None:
        """See ``Leasable.next_due``."""
        found: datetime | None = await self.executor.fetchval(
            sql.NEXT_DUE, now, self.kinds, self.processors
        )
        return found

    async def claim(
        self, *, worker_id: str, token: UUID, limit: int, now: datetime
    ) -> Sequence[ClaimedOperation]:
        """See ``OperationRepository.claim``."""
        what = (self.kinds, self.processors)
        if not await self.executor.fetch(sql.CLAIM, token, worker_id, limit, now, *what):
            return []
        claimed, failed = [], []
        for row in await self.executor.fetch(sql.CLAIMED, token):
            lease = _lease(row)
            if lease.claims > CLAIMS_MAX:
                failed.append(FailedClaim(lease, row["last_error"] or CLAIMED_IN_VAIN, None))
                continue
            try:
                claimed.append(_claimed(row))
            except UNREADABLE as error:
                # Written by hand or by something else; its neighbours are not to blame.
                log.warning("operation %s cannot be read: %r", row["id"], error)
                failed.append(FailedClaim(lease, repr(error), rest_after(lease)))
        if failed:
            await self.release(failed, now=now)
        return claimed

    async def find_charge(self, payment_id: str) -> ClaimedOperation | None:
        """See ``OperationRepository.find_charge``."""
        if not is_id(IdKind.PAYMENT, payment_id):
            return None
        row = await self.executor.fetchrow(sql.CHARGE_OF, payment_id)
        return _claimed(row) if row else None

    async def find(self, operation_id: str) -> ClaimedOperation | None:
        """See ``OperationRepository.find``."""
        found = await self._read([operation_id]) if is_id(IdKind.OPERATION, operation_id) else []
        return found[0] if found else None

    async def in_review(self, merchant_id: UUID | None) -> Sequence[InReview]:
        """See ``OperationRepository.in_review``."""
        rows = await self.executor.fetch(sql.IN_REVIEW, merchant_id)
        return [InReview(**dict(row)) for row in rows]

    async def lock(self, operation_ids: Collection[str]) -> Sequence[ClaimedOperation]:
        """See ``OperationRepository.lock``."""
        ids = [each for each in operation_ids if is_id(IdKind.OPERATION, each)]
        rows = await self.executor.fetch(sql.LOCK, ids) if ids else []
        payment_ids = [row["payment_id"] for row in rows]
        await self.executor.fetch(sql.LOCK_PAYMENTS, payment_ids)
        return await self._read([row["id"] for row in rows])

    async def lock_leased(self, leases: Sequence[Lease]) -> Locked:
        """See ``OperationRepository.lock_leased``."""
        wanted = lease_set(leases)
        rows = await self.executor.fetch(sql.LOCK_LEASED, wanted)
        payment_ids = [row["payment_id"] for row in rows]
        free = await self.executor.fetch(sql.LOCK_FREE_PAYMENTS, payment_ids)
        locked = {row["id"] for row in free}
        ours = {row["id"] for row in rows if row["payment_id"] in locked}
        leased = {row["id"] for row in await self.executor.fetch(sql.STILL_LEASED, wanted)}
        ready = {each.operation.id: each for each in await self._read(list(ours))}
        return Locked(ready, busy=frozenset(leased - ours))

    async def _read(self, ids: Sequence[str]) -> Sequence[ClaimedOperation]:
        """Those of the operations that can be read."""
        found: list[ClaimedOperation] = []
        for row in await self.executor.fetch(sql.BY_IDS, ids) if ids else []:
            try:
                found.append(_claimed(row))
            except UNREADABLE as error:
                log.warning("operation %s cannot be read: %r", row["id"], error)
        return found

    async def mark_sent(
        self, claimed: Sequence[ClaimedOperation], *, at: datetime
    ) -> Sequence[ClaimedOperation]:
        """See ``OperationRepository.mark_sent``."""
        after = {claim.lease.row_id: _sent(claim, at) for claim in claimed}
        rows = [
            {
                "op_id": claim.lease.row_id,
                "token": claim.lease.token,
                "version": claim.payment.version,
                "moves": after[claim.lease.row_id].payment.version != claim.payment.version,
            }
            for claim in claimed
        ]
        sent = await self.executor.fetch(sql.MARK_SENT, mapping.encoded(rows), at)
        return [after[row["id"]] for row in sent]

    async def store(self, records: Sequence[OperationRecord], *, at: datetime) -> None:
        """See ``OperationRepository.store``."""
        for wave in waves(records):
            await self._store(wave, at)

    async def _store(self, records: Sequence[OperationRecord], at: datetime) -> None:
        events = [event for record in records for event in record.events]
        try:
            rows = await self.executor.fetch(
                sql.STORE,
                mapping.encoded([_outcome(record) for record in records]),
                mapping.encoded(
                    [
                        event_row(event, record.operation.id)
                        for record in records
                        for event in record.events
                    ]
                ),
                mapping.encoded(list(delivery_rows(events))),
                at,
                mapping.encoded([_added(each, new) for each in records for new in each.added]),
                mapping.encoded(
                    [_call(each.operation, each.call) for each in records if each.call is not None]
                ),
                mapping.encoded(
                    [row for e in records for row in decision_rows(e.operation, e.decision)]
                ),
                mapping.encoded(_moves(records)),
            )
        except REFUSED as error:
            raise RowRefusedError(str(error)) from error
        if len(rows) != len(records):
            raise StaleWriteError

    async def keep_calls(self, calls: Sequence[tuple[Operation, RecordedCall]]) -> None:
        """See ``OperationRepository.keep_calls``."""
        rows = [_call(operation, call) for operation, call in calls]
        try:
            await self.executor.fetch(sql.KEEP_CALLS, mapping.encoded(rows))
        except REFUSED as error:
            log.warning("%d call(s) cannot be kept on the timeline: %s", len(rows), error)


def waves(records: Sequence[OperationRecord]) -> Sequence[Sequence[OperationRecord]]:
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


def _moves(records: Sequence[OperationRecord]) -> Sequence[dict[str, Any]]:
    """One row a payment: from the version its first record read to what its last one says."""
    moves: dict[str, dict[str, Any]] = {}
    for record in records:
        before, after = record.claimed.payment, record.payment.after
        if after.version == before.version:
            continue
        old_version = moves[after.id]["old_version"] if after.id in moves else before.version
        moves[after.id] = {"old_version": old_version, **_payment(after)}
    return list(moves.values())


def _call(operation: Operation, call: RecordedCall) -> dict[str, Any]:
    return {
        "op_id": operation.id,
        "payment_id": operation.payment_id,
        "name": call.name,
        "started_at": call.started_at,
        "took_ms": call.took_ms,
        "given": call.given,
        "answer": call.answer,
    }


def _lease(row: asyncpg.Record) -> Lease:
    token = row["lease_token"] or NO_TOKEN
    return Lease(row["id"], mapping.uuid(token), row["claims"])


def _claimed(row: asyncpg.Record) -> ClaimedOperation:
    refund = mapping.refund(row, "r_") if row["r_id"] is not None else None
    charge = ChargeRef(row["c_id"], row["c_reference"]) if row["c_id"] is not None else None
    payment = mapping.payment(row, "p_")
    return ClaimedOperation(_lease(row), mapping.operation(row), payment, refund, charge)


def _sent(claim: ClaimedOperation, at: datetime) -> ClaimedOperation:
    return replace(claim, operation=claim.operation.mark_sent(), payment=_processing(claim, at))


def _processing(claim: ClaimedOperation, at: datetime) -> Payment:
    # What follows a charge has moved its payment already, or leaves its status alone.
    if claim.operation.kind is not OperationKind.CHARGE:
        return claim.payment
    return claim.payment.process(at=at).after


def _outcome(record: OperationRecord) -> dict[str, Any]:
    return {
        "payment_id": record.operation.payment_id,
        "moves": record.payment.after.version != record.claimed.payment.version,
        "note": record.note,
        "refund_id": record.refund.id if record.refund else None,
        "refund_status": record.refund.status if record.refund else None,
        "processed_at": record.refund.processed_at if record.refund else None,
        **_operation(record.operation),
    }


def _payment(after: Payment) -> dict[str, Any]:
    decline = after.decline
    return {
        "payment_id": after.id,
        "version": after.version,
        "status": after.status,
        "captured": after.captured,
        "amount_authorized": after.amount_authorized.minor,
        "amount_captured": after.amount_captured.minor,
        "amount_refunded": after.amount_refunded.minor,
        "last_seq": after.last_seq,
        "decline_code": decline.code if decline else None,
        "error_code": mapping.ERROR_CODE if decline else None,
        "error_description": decline.description if decline else None,
        "next_action": _next_action(after),
        "hold_ended_at": after.hold_ended_at,
        "moved_at": after.updated_at,
    }


def _next_action(payment: Payment) -> dict[str, Any] | None:
    action = payment.next_action
    if action is None:
        return None
    return {"type": action.type, "expires_at": action.expires_at, "data": dict(action.data)}


def _added(record: OperationRecord, operation: Operation) -> dict[str, Any]:
    return {
        "by": record.operation.id,
        "id": operation.id,
        "payment_id": operation.payment_id,
        "merchant_id": operation.merchant_id,
        "kind": operation.kind,
        "amount": operation.amount.minor,
        "currency": operation.amount.currency,
        "processor": operation.processor,
        "due_at": operation.due_at,
        "state": operation.processor_state,
    }


def _operation(operation: Operation) -> dict[str, Any]:
    state = operation.state
    ended = {"succeeded": "done", "failed": "done", "needs_review": "dead"}
    return {
        "op_id": operation.id,
        "state": state,
        "lease_state": ended.get(state, "ready"),
        "run_at": operation.due_at,
        "queries": operation.queries,
        "sends": operation.sends,
        "expires_at": operation.expires_at,
        "reference": operation.reference,
        "processor_state": operation.processor_state,
        "sealed": operation.sealed,
    }
