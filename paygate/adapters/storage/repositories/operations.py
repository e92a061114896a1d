"""Operations: what is asked of processors."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from ....core.domain.lease import Lease, rest_after
from ....core.domain.operation import Operation, OperationKind
from ....core.domain.payment import Payment
from ....core.ports.records import ChargeRef, ClaimedOperation, FailedClaim, OperationRecord, Stored
from .. import mapping
from ..database import Executor
from ..statements import operations as sql
from ..statements.leases import OPERATIONS
from .leasing import Leasing, store_set
from .payments import delivery_rows, event_row

log = logging.getLogger(__name__)

KINDS = [kind.value for kind in OperationKind]


class PostgresOperations(Leasing):
    """See ``OperationRepository``."""

    def __init__(self, executor: Executor) -> None:
        super().__init__(executor, OPERATIONS, sql.RELEASE)

    async def claim(
        self, *, worker_id: str, token: UUID, limit: int, now: datetime
    ) -> Sequence[ClaimedOperation]:
        """See ``OperationRepository.claim``."""
        rows = await self.executor.fetch(sql.CLAIM, token, worker_id, limit, now, KINDS)
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
        )
        return frozenset(row["id"] for row in rows)


def _lease(row: asyncpg.Record) -> Lease:
    return Lease(row["id"], mapping.uuid(row["lease_token"]), row["claims"])


def _claimed(row: asyncpg.Record) -> ClaimedOperation:
    refund = mapping.refund(row, "r_") if row["r_id"] is not None else None
    charge = ChargeRef(row["c_id"], row["c_reference"]) if row["c_id"] is not None else None
    payment = mapping.payment(row, "p_")
    return ClaimedOperation(_lease(row), mapping.operation(row), payment, refund, charge)


def _sent(claim: ClaimedOperation, at: datetime) -> ClaimedOperation:
    return replace(claim, operation=claim.operation.mark_sent(), payment=_processing(claim, at))


def _processing(claim: ClaimedOperation, at: datetime) -> Payment:
    # A refund leaves its payment's status alone.
    return claim.payment if claim.refund else claim.payment.process(at=at).after


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
        "amount_captured": after.amount_captured.minor,
        "last_seq": after.last_seq,
        "decline_code": decline.code if decline else None,
        "error_code": mapping.ERROR_CODE if decline else None,
        "error_description": decline.description if decline else None,
        "note": record.note,
        "moved_at": after.updated_at,
        "amount_refunded": after.amount_refunded.minor,
        "refund_id": record.refund.id if record.refund else None,
        "refund_status": record.refund.status if record.refund else None,
        "processed_at": record.refund.processed_at if record.refund else None,
        **_operation(record.operation),
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
