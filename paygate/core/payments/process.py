"""Process operations in batches: claim, call the processor, record."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from ..deps import DeferredNotifications, Deps
from ..errors import InfrastructureError, NotSentError, RowRefusedError, StaleWriteError
from ..ids import IdKind
from ..limits import OPERATIONS_IN_FLIGHT_MAX, QUERY_AT_ONCE_MAX
from ..outcome import ActionRequired, Approved, DeclineCode, Declined, Outcome, Pending, Unknown
from ..plugin_api.plugin import CallContext, WakeUp
from ..plugin_api.processor import Update
from ..queue.lease import Lease
from ..queue.work import Finished, conclude_each
from ..records import NOTHING_WRITTEN, WriteResult
from ..registry import GuardedByHost
from ..webhooks.emit import notify_deliveries
from ..webhooks.model import Endpoint
from .breaker import ProcessorBreakers, ProcessorShares, reason_of_failure
from .call import AUTHORIZE, QUERY, Receive, call_context, pending_call
from .conclude import apply_update, conclude_operation, refund_partial_approval
from .failover import Failover, fail_over, plan_failover
from .model import Order, Payment
from .operation import Operation, OperationKind
from .recorded_call import CallOutcome, record_call
from .risk import Assessment, assess_risk, needs_assessment
from .store import (
    ClaimedOperation,
    Locked,
    OperationRecord,
    OperationRepository,
    RecordedCall,
)


@dataclass(frozen=True, slots=True)
class CallResult:
    """The result of a job.

    Args:
        outcome: The processor's outcome; None if this worker had lost the row.
        wake_ups: Wake-ups that the processor requested.
        calls: The calls, for the timeline.
        assessment: The result of the risk checks before them.
        failover: The charge at the next processor, if this one was certainly not sent.
    """

    outcome: CallOutcome | None
    wake_ups: tuple[WakeUp, ...] = ()
    calls: tuple[RecordedCall, ...] = ()
    assessment: Assessment | None = None
    failover: Failover | None = None

    def then(self, query: CallResult) -> CallResult:
        """Return the result of this call and of a query right after it.

        A query that says less than this call changes nothing: it is repeated anyway.
        """
        outcome = self.outcome
        match query.outcome:
            case Approved() | Declined():
                outcome = query.outcome
            case Pending() | ActionRequired() if isinstance(outcome, Pending):
                # It may leave out the state of the first response.
                state = outcome.state if query.outcome.state is None else query.outcome.state
                outcome = replace(query.outcome, state=state)
        return replace(
            self,
            outcome=outcome,
            wake_ups=self.wake_ups + query.wake_ups,
            calls=self.calls + query.calls,
        )

    @property
    def answered_at(self) -> datetime | None:
        """When the processor answered the last call; None if it was not called."""
        return self.calls[-1].answered_at if self.calls else None

    @property
    def is_blocked(self) -> bool:
        """Whether risk checks blocked the payment, so that no processor was called."""
        return self.assessment is not None and self.assessment.declined is not None


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed operation.

    Args:
        claimed: The operation as it is stored now.
        is_fresh: It was marked sent in this claim: send it. Any other was sent before, or
            may have been: query it.
        is_unchecked: It is not marked sent yet: run the risk checks first.
        failover: It is not sent: its processor's breaker is open, and another one takes it over.
    """

    claimed: ClaimedOperation
    is_fresh: bool
    is_unchecked: bool = False
    failover: Failover | None = None

    @property
    def lease(self) -> Lease:
        """The lease of the operation."""
        return self.claimed.lease


def wake_ups(
    claimed: ClaimedOperation, wanted: Sequence[WakeUp], deps: Deps
) -> tuple[Operation, ...]:
    """Return the operations that wake a processor."""
    now, operation = deps.clock.now(), claimed.operation
    return tuple(
        Operation(
            id=deps.ids.new(IdKind.OPERATION, of=f"{operation.id}:{now.isoformat()}:{ordinal}"),
            payment_id=operation.payment_id,
            merchant_id=operation.merchant_id,
            kind=OperationKind.WAKE,
            amount=operation.amount,
            processor=operation.processor,
            state="reserved",
            due_at=now + each.after,
            created_at=now,
            processor_state=each.state,
        )
        for ordinal, each in enumerate(wanted)
    )


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OperationWork:
    """Processes operations; see ``queue.work.Work``.

    Args:
        deps: The app.
        worker_id: The worker.
        rows: Operations of the kinds to process.
        receive: Receives callbacks that a simulated processor makes during a call.
        shares: How many operations of each processor are in progress.
    """

    deps: Deps
    worker_id: str
    rows: OperationRepository
    receive: Receive
    shares: ProcessorShares = field(
        default_factory=lambda: ProcessorShares(ProcessorBreakers(), OPERATIONS_IN_FLIGHT_MAX)
    )

    async def claim(self, limit: int) -> Sequence[Job]:
        """Lease due operations, and commit which of them are sent now."""
        jobs = await self._claim(limit)
        for job in jobs:
            operation = job.claimed.operation
            self.shares.begin(operation.processor, operation.id)
        return [*jobs, *await self._claim_unsent(limit - len(jobs))]

    async def _claim(self, limit: int) -> Sequence[Job]:
        deps = self.deps
        now, token = deps.clock.now(), deps.ids.uuid()
        claimed = await self.rows.claim(
            worker_id=self.worker_id,
            token=token,
            limit=limit,
            now=now,
            rooms=self.shares.rooms(deps.registry.processors),
        )
        deps.reach("after_claim", *_kinds(claimed))
        unsent = [claim for claim in claimed if claim.operation.state == "reserved"]
        unchecked = [claim for claim in unsent if needs_assessment(claim, deps)]
        reserved = [claim for claim in unsent if not needs_assessment(claim, deps)]
        sent = await deps.storage.operations.mark_sent(reserved, at=now) if reserved else []
        deps.reach("after_sent", *_kinds(sent))
        if len(sent) < len(reserved):
            # Locked or changed meanwhile; the next claim takes them.
            marked = {claim.lease.row_id for claim in sent}
            left = [claim.lease for claim in reserved if claim.lease.row_id not in marked]
            await self.rows.release_claims(left)
        already_sent = [claim for claim in claimed if claim.operation.state != "reserved"]
        return [
            *(Job(claim, is_fresh=True) for claim in sent),
            *(Job(claim, is_fresh=True, is_unchecked=True) for claim in unchecked),
            *(Job(claim, is_fresh=False) for claim in already_sent),
        ]

    async def _claim_unsent(self, limit: int) -> Sequence[Job]:
        """Lease charges that wait for an open breaker and that another processor may have."""
        deps, breakers = self.deps, self.shares.breakers
        processors = deps.registry.processors
        shut = {each: reason for each in processors if (reason := breakers.reason_shut(each))}
        usable = [each for each in processors if breakers.state(each) == "closed"]
        if limit <= 0 or not shut or not usable:
            return []
        claimed = await self.rows.claim_unsent(
            worker_id=self.worker_id,
            token=deps.ids.uuid(),
            limit=limit,
            now=deps.clock.now(),
            of=shut,
            to=usable,
        )
        plans = [
            (each, plan_failover(each, shut[each.operation.processor], breakers.state, deps))
            for each in claimed
        ]
        if left := [each.lease for each, plan in plans if plan is None]:
            await self.rows.release_claims(left)
        return [Job(each, is_fresh=True, failover=plan) for each, plan in plans if plan is not None]

    async def perform(self, claim: Job) -> CallResult:
        """Call the processor. No transaction is open and no row is locked meanwhile."""
        operation = claim.claimed.operation
        if claim.failover is not None:
            return CallResult(NotSentError(claim.failover.note), failover=claim.failover)
        try:
            result = await (
                self._check_and_call(claim) if claim.is_unchecked else self._call(claim)
            )
            self._judge(claim, result)
            self._count(claim, result)
        finally:
            self.shares.end(operation.processor, operation.id)
        return replace(result, failover=self._failover(claim, result))

    def _failover(self, claim: Job, result: CallResult) -> Failover | None:
        """Plan a failover if the charge was sent for the first time and did not leave.

        What paygate could not send by itself, such as a card that cannot be decrypted, has no
        call: another processor would not help.
        """
        outcome, calls = result.outcome, result.calls
        if not isinstance(outcome, NotSentError) or not calls or calls[-1].name != AUTHORIZE:
            return None
        return plan_failover(claim.claimed, outcome.reason, self.shares.breakers.state, self.deps)

    def _judge(self, claim: Job, result: CallResult) -> None:
        """Tell the breaker of the processor whether it has answered."""
        operation, breakers = claim.claimed.operation, self.shares.breakers
        processor = self.deps.registry.processors.get(operation.processor)
        # What a simulator plays says nothing about its health.
        is_played = claim.claimed.payment.scenario is not None
        if result.outcome is None or not result.calls or processor is None or is_played:
            return
        reason = reason_of_failure(
            operation.kind,
            result.outcome,
            is_query=result.calls[-1].name == QUERY,
            can_query=processor.capabilities.query,
        )
        if reason is None:
            breakers.succeeded(operation.processor)
        elif reason:
            breakers.failed(operation.processor, operation.id, reason)

    def _count(self, claim: Job, result: CallResult) -> None:
        operation = claim.claimed.operation
        # A processor that is not installed is no value of a label.
        if result.outcome is None or operation.processor not in self.deps.registry.processors:
            return
        self.deps.metrics.result(
            operation.processor,
            operation.kind,
            "Blocked" if result.is_blocked else type(result.outcome).__name__,
            [call.took_ms for call in result.calls],
        )

    def _context(self, claim: Job) -> CallContext:
        return call_context(claim.claimed, self.deps, self.receive)

    async def _check_and_call(self, claim: Job) -> CallResult:
        """Run the risk checks, and call the processor if none of them blocks.

        The operation is marked sent only after the checks. If the worker dies before that, the
        next worker runs the checks again.
        """
        deps = self.deps
        assessment = await assess_risk(claim.claimed, self._context(claim), deps)
        if assessment.declined is not None:
            return CallResult(assessment.declined, assessment=assessment)
        sent = await deps.storage.operations.mark_sent([claim.claimed], at=deps.clock.now())
        if not sent:
            return CallResult(None)
        result = await self._call(Job(sent[0], is_fresh=True))
        return replace(result, assessment=assessment)

    async def _call(self, claim: Job) -> CallResult:
        processor = self.deps.registry.processors.get(claim.claimed.operation.processor)
        if processor is None:
            # Its plugin was removed. It may be installed again; the outcome is open.
            missing = f"processor {claim.claimed.operation.processor} is not installed"
            return CallResult(Unknown(missing))
        if claim.is_fresh and claim.claimed.operation.is_erased:
            return CallResult(_without_secret(processor))
        result = await self._ask(processor, claim)
        pending = result.outcome
        if isinstance(pending, Pending) and self._is_soon(pending, processor):
            await asyncio.sleep(pending.resolve_after.total_seconds())
            result = result.then(await self._ask(processor, self._pending(claim, pending)))
        return result

    async def _ask(self, processor: GuardedByHost, claim: Job) -> CallResult:
        context = self._context(claim)
        try:
            order = await self._order(processor, claim)
            pending = pending_call(
                processor, claim.claimed, context, order, self.deps, is_fresh=claim.is_fresh
            )
        except NotSentError as error:
            return CallResult(error)
        outcome, call = await record_call(pending, self.deps.clock)
        self.deps.reach("after_call", claim.claimed.operation.kind)
        return CallResult(outcome, tuple(context.wake_ups), (call,))

    async def _order(self, processor: GuardedByHost, claim: Job) -> Order | None:
        """Return the order of a charge, if its processor needs it.

        Raises:
            NotSentError: It cannot be read now.
        """
        is_charge = claim.is_fresh and claim.claimed.operation.kind is OperationKind.CHARGE
        if not is_charge or not processor.capabilities.order_details:
            return None
        try:
            return await self.deps.storage.orders.get(claim.claimed.payment.order_id)
        except InfrastructureError as error:
            raise NotSentError(str(error)) from error

    def _is_soon(self, pending: Pending, processor: GuardedByHost) -> bool:
        """Check whether to wait for the outcome now, instead of claiming the operation again."""
        clock = self.deps.test_clock
        is_held = clock is not None and clock.shown.is_held
        is_soon = pending.resolve_after <= QUERY_AT_ONCE_MAX
        return is_soon and processor.capabilities.query and not is_held

    def _pending(self, claim: Job, pending: Pending) -> Job:
        """Return the job that queries an operation after its first response."""
        now, claimed = self.deps.clock.now(), claim.claimed
        operation = claimed.operation.settle(pending, at=now, wait=None)
        return Job(replace(claimed, operation=operation), is_fresh=False)

    async def record(self, finished: Sequence[Finished[Job, CallResult]]) -> WriteResult:
        """Store outcomes and their events, and notify workers of deliveries.

        A final outcome is always stored. It is applied to the rows as they are under their
        locks; if this worker has lost a row, its outcome is applied like a callback.
        """
        with_outcome = [each for each in finished if each.result.outcome is not None]
        if not with_outcome:
            return NOTHING_WRITTEN
        try:
            for each in with_outcome:
                await self._update_charge(each)
            return await self._record_batch(with_outcome)
        except (RowRefusedError, StaleWriteError) as error:
            if len(with_outcome) == 1:
                return await self._not_stored(with_outcome[0], error)
        # One of them cannot be stored: store each by itself, so that the others are stored.
        stored = NOTHING_WRITTEN
        for each in with_outcome:
            stored = stored.merge(await self.record([each]))
        return stored

    async def _not_stored(
        self, alone: Finished[Job, CallResult], error: RowRefusedError | StaleWriteError
    ) -> WriteResult:
        """Give up a result that the database refuses; keep another one for the next batch."""
        row_id = alone.claim.lease.row_id
        if isinstance(error, StaleWriteError):
            log.warning("cannot store the result of %s yet: %s", row_id, error)
            return WriteResult(frozenset(), {}, busy=frozenset({row_id}))
        log.error("the database refused the result of %s", row_id, exc_info=error)
        await self._store_calls([alone])
        return WriteResult(frozenset(), {row_id: str(error)})

    async def _record_batch(self, finished: Sequence[Finished[Job, CallResult]]) -> WriteResult:
        deps = self.deps
        owners = [each.claim.claimed.payment.merchant_id for each in finished]
        endpoints = await deps.storage.merchants.destinations(owners)
        async with deps.storage.transaction() as storage:
            locked = await storage.operations.lock_leased([each.claim.lease for each in finished])
            ours = [each for each in finished if _is_ours(each, locked)]
            records, refused = conclude_each(ours, _Conclusions(locked.ready, endpoints, deps))
            await storage.operations.store(records, at=deps.clock.now())
            notifications = DeferredNotifications()
            bound = replace(deps, storage=storage, notifier=notifications)
            for record in records:
                await refund_partial_approval(
                    record, endpoints[record.payment.after.merchant_id], bound
                )
                for added in record.added:
                    if added.kind is OperationKind.CHARGE:
                        notifications.notify("payments", added.id)
            deps.reach("before_commit", *(each.operation.kind for each in records))
        deps.reach("after_commit", *(each.operation.kind for each in records))
        notifications.send_all(deps)
        for record in records:
            notify_deliveries(record.events, deps)
        stored = WriteResult(frozenset(each.operation.id for each in records), refused, locked.busy)
        await self._store_calls([each for each in ours if each.claim.lease.row_id in refused])
        for each in finished:
            if not _is_ours(each, locked) and each.claim.lease.row_id not in locked.busy:
                stored = stored.merge(await self._record_late(each))
        return stored

    async def _record_late(self, late: Finished[Job, CallResult]) -> WriteResult:
        """Apply an outcome of an operation whose lease was lost."""
        operation, outcome = late.claim.claimed.operation, late.result.outcome
        processor = self.deps.registry.processors.get(operation.processor)
        try:
            if processor and _is_late_update(late):
                assert isinstance(outcome, Approved | Declined | ActionRequired | Pending)
                update, answered_at = Update(operation.id, outcome), late.result.answered_at
                note = await apply_update(update, processor, self.deps, answered_at=answered_at)
                log.info("late outcome of %s: %s %s", operation.id, note.effect, note.reason)
            await self._store_calls([late])
        except InfrastructureError as error:
            log.warning("cannot store the late outcome of %s yet: %s", operation.id, error)
            return WriteResult(frozenset(), {}, busy=frozenset({operation.id}))
        return WriteResult(frozenset({operation.id}), {})

    async def _update_charge(self, each: Finished[Job, CallResult]) -> None:
        """Apply the outcome of a confirmation to its charge."""
        claimed, outcome = each.claim.claimed, each.result.outcome
        processor = self.deps.registry.processors.get(claimed.operation.processor)
        is_found = claimed.operation.kind is OperationKind.CONFIRM and isinstance(outcome, Approved)
        if is_found and claimed.charge is not None and processor is not None:
            assert isinstance(outcome, Approved)
            update = Update(claimed.charge.operation_id, replace(outcome, operation_id=None))
            await apply_update(update, processor, self.deps)

    async def _store_calls(self, finished: Sequence[Finished[Job, CallResult]]) -> None:
        calls = [
            (each.claim.claimed.operation, call) for each in finished for call in each.result.calls
        ]
        if calls:
            await self.deps.storage.operations.store_calls(calls)


@dataclass(slots=True)
class _Conclusions:
    """Concludes outcomes one after the other, each from the state after the one before.

    Several may belong to one payment, such as concurrent refunds.
    """

    ready: Mapping[str, ClaimedOperation]
    endpoints: Mapping[UUID, Sequence[Endpoint]]
    deps: Deps
    payments: dict[str, Payment] = field(default_factory=dict)

    def __call__(self, finished: Finished[Job, CallResult]) -> OperationRecord:
        claimed = self.ready[finished.claim.lease.row_id]
        payment = self.payments.get(claimed.payment.id, claimed.payment)
        to = self.endpoints[payment.merchant_id]
        claimed = replace(claimed, payment=payment)
        record = _concluded(claimed, finished, to, self.deps)
        self.payments[payment.id] = record.payment.after
        return record


def _is_ours(finished: Finished[Job, CallResult], locked: Locked) -> bool:
    """Check whether the lease of the result is still that of the row.

    A callback ends the lease of a call in progress; this worker may have claimed the row again.
    """
    lease = finished.claim.lease
    claimed = locked.ready.get(lease.row_id)
    return claimed is not None and claimed.lease == lease


def _kinds(claimed: Sequence[ClaimedOperation]) -> Sequence[str]:
    return [claim.operation.kind for claim in claimed]


def _is_late_update(late: Finished[Job, CallResult]) -> bool:
    claim, result = late.claim, late.result
    if result.is_blocked:
        return False
    kind, outcome = claim.claimed.operation.kind, result.outcome
    is_definite = isinstance(outcome, Approved | Declined)
    # Only the response to the request itself contains the action of the shopper, and the
    # state that the processor needs with later queries.
    is_first_response = claim.is_fresh and isinstance(outcome, ActionRequired | Pending)
    is_request = kind not in {OperationKind.WAKE, OperationKind.CONFIRM}
    return is_request and (is_definite or is_first_response)


def _concluded(
    claimed: ClaimedOperation,
    finished: Finished[Job, CallResult],
    to: Sequence[Endpoint],
    deps: Deps,
) -> OperationRecord:
    result, record = finished.result, None
    assert result.outcome is not None, "cannot record an operation whose lease was lost"
    if result.failover is not None:
        record = fail_over(claimed, result.failover, deps)
    if record is None:
        record = conclude_operation(
            claimed,
            result.outcome,
            to,
            deps,
            answered_at=result.answered_at,
            is_fresh=finished.claim.is_fresh,
        )
        record = replace(record, added=wake_ups(claimed, result.wake_ups, deps))
    record = replace(record, calls=result.calls)
    if result.assessment is None:
        return record
    decision, note = result.assessment.decision, result.assessment.note
    return replace(record, decisions=(decision, *record.decisions), note=note or record.note)


def _without_secret(processor: GuardedByHost) -> Outcome:
    """Return the outcome of a charge that has to be sent again but whose card is erased.

    A processor with query support has reported that it does not know the charge. Otherwise the
    outcome is unknown.
    """
    if processor.capabilities.query:
        return Declined(DeclineCode.PROCESSING_ERROR, retry="same_instrument")
    return Unknown("its card details are erased, so it cannot be sent again")
