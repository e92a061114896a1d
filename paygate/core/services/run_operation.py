"""Claim, ask, record: what is asked of processors, in sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random

from ..domain.change import Change
from ..domain.endpoint import Endpoint
from ..domain.errors import InfrastructureError, NotSentError
from ..domain.lease import Lease
from ..domain.limits import PLUGIN_CALL
from ..domain.operation import Operation, OperationKind
from ..domain.outcome import Approved, Declined, Outcome, Unknown
from ..domain.payment import Payment
from ..domain.redaction import redact
from ..domain.refund import Refund
from ..ports.plugins import AuthorizeRequest, CallContext, FollowUp
from ..ports.records import ClaimedOperation, OperationRecord, Stored
from ..ports.retry import PolicyTarget, Tries
from .deps import Deps
from .dispatch import Settled, conclude_each
from .events import payment_events, refund_events, ring_deliveries
from .registry import GuardedByHost

Answer = Outcome | NotSentError


@dataclass(frozen=True, slots=True)
class ToAsk:
    """An operation this worker holds.

    Args:
        claimed: As it is stored now.
        is_fresh: Marked sent in this very claim: the processor is to be told. Any
            other was told before, or may have been, and is asked about.
    """

    claimed: ClaimedOperation
    is_fresh: bool

    @property
    def lease(self) -> Lease:
        """The right to work on it."""
        return self.claimed.lease


@dataclass(frozen=True, slots=True)
class OperationWork:
    """See ``dispatch.Work``."""

    deps: Deps
    worker_id: str

    async def claim(self, limit: int) -> Sequence[ToAsk]:
        """Lease due operations, and commit which of them are about to be sent."""
        deps = self.deps
        now, token = deps.clock.now(), deps.ids.uuid()
        claimed = await deps.storage.operations.claim(
            worker_id=self.worker_id, token=token, limit=limit, now=now
        )
        reserved = [claim for claim in claimed if claim.operation.state == "reserved"]
        sent = await deps.storage.operations.mark_sent(reserved, at=now) if reserved else []
        asked_before = [claim for claim in claimed if claim.operation.state != "reserved"]
        return [ToAsk(claim, is_fresh=True) for claim in sent] + [
            ToAsk(claim, is_fresh=False) for claim in asked_before
        ]

    async def perform(self, claim: ToAsk) -> Answer:
        """Ask the processor. No transaction is open and no row is locked meanwhile."""
        processor = self.deps.registry.processors.get(claim.claimed.operation.processor)
        if processor is None:
            # Its plugin was taken away. It may come back; nothing was decided.
            return Unknown(f"processor {claim.claimed.operation.processor} is not installed")
        context = call_context(claim.claimed, self.deps)
        try:
            return await _ask(processor, claim, context, self.deps)
        except NotSentError as error:
            return error

    async def record(self, settled: Sequence[Settled[ToAsk, Answer]]) -> Stored:
        """Store what the processors answered, tell about it, and ring for the telling."""
        deps = self.deps
        owners = [each.claim.claimed.payment.merchant_id for each in settled]
        endpoints = await deps.storage.merchants.endpoints(owners)

        def conclude(each: Settled[ToAsk, Answer]) -> OperationRecord:
            claimed = each.claim.claimed
            endpoint = endpoints.get(claimed.payment.merchant_id)
            return conclude_operation(claimed, each.answer, endpoint, deps)

        records, refused = conclude_each(settled, conclude)
        stored = await deps.storage.operations.record(records, at=deps.clock.now())
        for record in records:
            if record.operation.id in stored.won:
                ring_deliveries(record.events, deps)
        return Stored(stored.won, {**stored.refused, **refused})


async def _ask(processor: GuardedByHost, claim: ToAsk, context: CallContext, deps: Deps) -> Outcome:
    kind = claim.claimed.operation.kind
    if not claim.is_fresh:
        return await processor.query(kind, _follow_up(claim.claimed), context)
    match kind:
        case OperationKind.CHARGE:
            return await processor.authorize(_request(claim.claimed, deps), context)
        case OperationKind.REFUND:
            return await processor.refund(_on_top_of_charge(claim.claimed), context)


def conclude_operation(
    claimed: ClaimedOperation, answer: Answer, endpoint: Endpoint | None, deps: Deps
) -> OperationRecord:
    """What the answer makes of the operation and its payment, ready to be stored."""
    if isinstance(answer, NotSentError):
        return _send_again(claimed, answer, deps)
    now = deps.clock.now()
    wait = _wait(claimed, "query", deps) if isinstance(answer, Unknown) else None
    operation = claimed.operation.settle(answer, at=now, wait=wait)
    if claimed.refund is not None:
        return _conclude_refund(
            claimed, claimed.refund, operation, answer=answer, endpoint=endpoint, deps=deps
        )
    change = claimed.payment.apply(answer, at=now)
    events = payment_events(change, endpoint, deps)
    return OperationRecord(claimed, operation, change, events, note=_note(answer))


def _conclude_refund(
    claimed: ClaimedOperation,
    refund: Refund,
    operation: Operation,
    *,
    answer: Outcome,
    endpoint: Endpoint | None,
    deps: Deps,
) -> OperationRecord:
    now = deps.clock.now()
    after = refund.settle(answer, at=now)
    change: Change[Payment] = Change(claimed.payment)
    if after.status != refund.status:
        is_given = after.status == "processed"
        change = claimed.payment.settle_refund(refund.amount, is_given=is_given, at=now)
    events = refund_events(change, after, endpoint, deps)
    return OperationRecord(claimed, operation, change, events, refund=after, note=_note(answer))


def _send_again(claimed: ClaimedOperation, answer: NotSentError, deps: Deps) -> OperationRecord:
    now, note = deps.clock.now(), redact(f"not sent: {answer.reason}")
    wait = _wait(claimed, "operation", deps)
    if wait is not None:
        unchanged: Change[Payment] = Change(claimed.payment)
        return OperationRecord(
            claimed, claimed.operation.not_sent(at=now, wait=wait), unchanged, (), note=note
        )
    # It could not be sent for so long that a person has to look.
    lost = Unknown(note)
    operation = claimed.operation.settle(lost, at=now, wait=None)
    is_charge = claimed.refund is None
    change = claimed.payment.apply(lost, at=now) if is_charge else Change(claimed.payment)
    return OperationRecord(claimed, operation, change, (), note=note)


def _wait(claimed: ClaimedOperation, target: PolicyTarget, deps: Deps) -> timedelta | None:
    operation = claimed.operation
    rng = Random(f"{deps.seed}:{operation.id}:{operation.queries}")
    tries = Tries(count=operation.queries + 1)
    return deps.registry.policies[target].next_delay(tries, now=deps.clock.now(), rng=rng)


def call_context(claimed: ClaimedOperation, deps: Deps) -> CallContext:
    """What the processor is handed with the call."""
    operation = claimed.operation
    return CallContext(
        merchant_id=operation.merchant_id,
        operation_id=operation.id,
        deadline=PLUGIN_CALL,
        clock=deps.clock,
        rng=Random(f"{deps.seed}:{operation.id}"),
        http=deps.http,
        logger=deps.logger,
        state=operation.processor_state,
    )


def _request(claimed: ClaimedOperation, deps: Deps) -> AuthorizeRequest:
    operation, instrument = claimed.operation, claimed.payment.instrument
    if operation.sealed is not None:
        try:
            secret = deps.vault.open(operation.sealed, context=operation.id)
        except InfrastructureError as error:
            raise NotSentError(str(error)) from error
        instrument = replace(instrument, secret=secret)
    return AuthorizeRequest(operation.payment_id, operation.amount, instrument)


def _follow_up(claimed: ClaimedOperation) -> FollowUp:
    operation = claimed.operation
    return FollowUp(
        payment_id=operation.payment_id,
        operation_id=operation.id,
        amount=operation.amount,
        instrument=claimed.payment.instrument,
        asked_at=operation.created_at,
        reference=operation.reference,
    )


def _on_top_of_charge(claimed: ClaimedOperation) -> FollowUp:
    """What a refund asks for: it names the charge, and ``context`` the refund itself."""
    follow_up = _follow_up(claimed)
    if claimed.charge is None:
        return follow_up
    charge = claimed.charge
    return replace(follow_up, operation_id=charge.operation_id, reference=charge.reference)


def _note(answer: Outcome) -> str:
    match answer:
        case Approved(reference=reference):
            return redact(f"approved as {reference}")
        case Declined(code=code, processor_code=theirs):
            return redact(f"declined: {code}" + (f" ({theirs})" if theirs else ""))
        case Unknown(reason=reason):
            return redact(f"unknown: {reason}")
        case _:
            return f"pending, to be asked again in {answer.resolve_after.total_seconds():g} s"
