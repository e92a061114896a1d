"""Operations: what is asked of processors."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import asyncpg

from ....core.errors import RowRefusedError, StaleWriteError
from ....core.ids import IdKind, is_id
from ....core.limits import CLAIMS_MAX
from ....core.payments.model import Payment
from ....core.payments.operation import Operation, OperationKind
from ....core.payments.store import (
    ChargeRef,
    ClaimedOperation,
    InReview,
    Locked,
    OperationRecord,
    RecordedCall,
)
from ....core.queue.lease import FailedClaim, Lease, rest_after
from .. import mapping
from ..database import REFUSED, Executor
from ..statements import operations as sql
from ..statements.leases import OPERATIONS
from .leasing import CLAIMED_IN_VAIN, Leasing, lease_set
from .operation_rows import added_row, call_row, outcome_row, payment_rows, waves
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
        # Asked again at each claim: a test exchanges processors while a worker runs.
        self._processors = processors

    def only(
        self, kinds: Collection[OperationKind], processors: Collection[str]
    ) -> PostgresOperations:
        """See ``OperationRepository.only``."""
        return PostgresOperations(self.executor, kinds, processors)

    @property
    def processors(self) -> list[str] | None:
        """Whose operations it claims; None for all."""
        return None if self._processors is None else list(self._processors)

    async def hand_back_unheld(self, worker_id: str, held: Sequence[Lease]) -> None:
        """See ``Leasable.hand_back_unheld``. Only of these kinds."""
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
                mapping.encoded([outcome_row(record) for record in records]),
                mapping.encoded(
                    [
                        event_row(event, record.operation.id)
                        for record in records
                        for event in record.events
                    ]
                ),
                mapping.encoded(list(delivery_rows(events))),
                at,
                mapping.encoded([added_row(each, new) for each in records for new in each.added]),
                mapping.encoded(
                    [
                        call_row(each.operation, each.call)
                        for each in records
                        if each.call is not None
                    ]
                ),
                mapping.encoded(
                    [row for e in records for row in decision_rows(e.operation, e.decision)]
                ),
                mapping.encoded(payment_rows(records)),
            )
        except REFUSED as error:
            raise RowRefusedError(str(error)) from error
        if len(rows) != len(records):
            raise StaleWriteError

    async def keep_calls(self, calls: Sequence[tuple[Operation, RecordedCall]]) -> None:
        """See ``OperationRepository.keep_calls``."""
        rows = [call_row(operation, call) for operation, call in calls]
        try:
            await self.executor.fetch(sql.KEEP_CALLS, mapping.encoded(rows))
        except REFUSED as error:
            log.warning("%d call(s) cannot be kept on the timeline: %s", len(rows), error)


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
