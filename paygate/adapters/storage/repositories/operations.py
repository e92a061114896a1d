"""Operations: what is asked of processors."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from ....core.domain.ids import IdKind, is_id
from ....core.domain.lease import Lease, rest_after
from ....core.domain.operation import Operation, OperationKind
from ....core.domain.payment import Payment
from ....core.ports.records import (
    ChargeRef,
    ClaimedOperation,
    FailedClaim,
    InReview,
    OperationRecord,
    RecordedCall,
    Stored,
)
from .. import mapping
from ..database import Executor
from ..statements import operations as sql
from ..statements.leases import OPERATIONS
from .leasing import Leasing, store_set
from .payments import decision_rows, delivery_rows, event_row

log = logging.getLogger(__name__)

NOBODYS = UUID(int=0)


class PostgresOperations(Leasing):
    """See ``OperationRepository``."""

    def __init__(
        self, executor: Executor, kinds: Collection[OperationKind] = frozenset(OperationKind)
    ) -> None:
        super().__init__(executor, OPERATIONS, sql.RELEASE)
        self.kinds = [kind.value for kind in kinds]

    def only(self, kinds: Collection[OperationKind]) -> PostgresOperations:
        """See ``OperationRepository.only``."""
        return PostgresOperations(self.executor, kinds)

    async def next_due(self, *, now: datetime) -> datetime | None:
        """See ``Leasable.next_due``."""
        found: datetime | None = await self.executor.fetchval(sql.NEXT_DUE, now, self.kinds)
        return found

    async def claim(
        self, *, worker_id: str, token: UUID, limit: int, now: datetime
    ) -> Sequence[ClaimedOperation]:
        """See ``OperationRepository.claim``."""
        rows = await self.executor.fetch(sql.CLAIM, token, worker_id, limit, now, self.kinds)
        claimed, unreadable = [], []
        for row in rows:
            try:
                claimed.append(_claimed(row))
            except (AssertionError, KeyError, TypeError, ValueError) as error:
                # Written by hand or by something else; its neighbours are not to blame.
                log.warning("operation %s cannot be read: %r", row["id"], error)
                lease = _lease(row)
                unreadable.append(FailedClaim(lease, repr(error), rest_after(lease)))
        if unreadable:
            await self.release(unreadable, now=now)
        return claimed

    async def find_charge(self, payment_id: str) -> ClaimedOperation | None:
        """See ``OperationRepository.find_charge``."""
        if not is_id(IdKind.PAYMENT, payment_id):
            return None
        row = await self.executor.fetchrow(sql.CHARGE_OF, payment_id)
        return _claimed(row) if row else None

    async def in_review(self, merchant_id: UUID) -> Sequence[InReview]:
        """See ``OperationRepository.in_review``."""
        rows = await self.executor.fetch(sql.IN_REVIEW, merchant_id)
        return [InReview(**dict(row)) for row in rows]

    async def take(self, operation_id: str, *, token: UUID) -> ClaimedOperation | None:
        """See ``OperationRepository.take``."""
        if not is_id(IdKind.OPERATION, operation_id):
            return None
        row = await self.executor.fetchrow(sql.TAKE, operation_id, token)
        return _claimed(row) if row else None

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

    async def record(self, records: Sequence[OperationRecord], *, at: datetime) -> Stored:
        """See ``OperationRepository.record``."""

        async def store(batch: Sequence[OperationRecord]) -> frozenset[str]:
            return await self._record(batch, at)

        return await store_set(records, store)

    async def _record(self, records: Sequence[OperationRecord], at: datetime) -> frozenset[str]:
        events = [event for record in records for event in record.events]
        rows = await self.executor.fetch(
            sql.RECORD,
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
            mapping.encoded(
                [_wake_up(record, each) for record in records for each in record.wake_ups]
            ),
            mapping.encoded(
                [_call(record, record.call) for record in records if record.call is not None]
            ),
            mapping.encoded(
                [row for each in records for row in decision_rows(each.operation, each.decision)]
            ),
        )
        return frozenset(row["id"] for row in rows)


def _call(record: OperationRecord, call: RecordedCall) -> dict[str, Any]:
    return {
        "op_id": record.operation.id,
        "payment_id": record.operation.payment_id,
        "name": call.name,
        "started_at": call.started_at,
        "took_ms": call.took_ms,
        "given": call.given,
        "answer": call.answer,
    }


def _lease(row: asyncpg.Record) -> Lease:
    # One that was only looked at has no lease to lose.
    token = row["lease_token"] or NOBODYS
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
    before, after = record.claimed.payment, record.payment.after
    decline = after.decline
    return {
        "token": record.claimed.lease.token,
        "payment_id": after.id,
        "moves": after.version != before.version,
        "old_version": before.version,
        "version": after.version,
        "status": after.status,
        "captured": after.captured,
        "amount_authorized": after.amount_authorized.minor,
        "amount_captured": after.amount_captured.minor,
        "last_seq": after.last_seq,
        "decline_code": decline.code if decline else None,
        "error_code": mapping.ERROR_CODE if decline else None,
        "error_description": decline.description if decline else None,
        "note": record.note,
        "moved_at": after.updated_at,
        "next_action": _next_action(after),
        "amount_refunded": after.amount_refunded.minor,
        "refund_id": record.refund.id if record.refund else None,
        "refund_status": record.refund.status if record.refund else None,
        "processed_at": record.refund.processed_at if record.refund else None,
        **_operation(record.operation),
    }


def _next_action(payment: Payment) -> dict[str, Any] | None:
    action = payment.next_action
    if action is None:
        return None
    return {"type": action.type, "expires_at": action.expires_at, "data": dict(action.data)}


def _wake_up(record: OperationRecord, operation: Operation) -> dict[str, Any]:
    return {
        "by": record.operation.id,
        "id": operation.id,
        "payment_id": operation.payment_id,
        "merchant_id": operation.merchant_id,
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
        "reference": operation.reference,
        "processor_state": operation.processor_state,
        "sealed": operation.sealed,
    }
