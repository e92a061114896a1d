"""Claim, ask, record: what is asked of processors, in sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from ..domain.change import Change
from ..domain.endpoint import Endpoint
from ..domain.errors import InfrastructureError, NotSentError
from ..domain.operation import Operation, OperationKind
from ..domain.outcome import Approved, Declined, Outcome, Released, Unknown
from ..domain.payment import Payment
from ..domain.redacted_json import redact_text
from ..domain.refund import Refund
from ..ports.plugins import CallContext
from ..ports.processor import AuthorizeRequest, FollowUp
from ..ports.records import ClaimedOperation, OperationRecord, Stored
from ..ports.retry import PolicyTarget, Tries
from ..ports.work import OperationRepository
from .assess_risk import assess_risk, is_to_be_assessed
from .call_context import call_context, wake_ups
from .deps import Deps
from .dispatch import Settled, conclude_each
from .events import payment_events, refund_events, ring_deliveries
from .heard import Heard, ToAsk
from .recorded_call import Answer, Question, recorded
from .registry import GuardedByHost
from .stop_payment import stop_payment


@dataclass(frozen=True, slots=True)
class OperationWork:
    """See ``dispatch.Work``.

    Args:
        deps: The app.
        worker_id: Who works.
        rows: The kinds of operations it works on.
    """

    deps: Deps
    worker_id: str
    rows: OperationRepository

    async def claim(self, limit: int) -> Sequence[ToAsk]:
        """Lease due operations, and commit which of them are about to be sent."""
        deps = self.deps
        now, token = deps.clock.now(), deps.ids.uuid()
        claimed = await self.rows.claim(worker_id=self.worker_id, token=token, limit=limit, now=now)
        unsent = [claim for claim in claimed if claim.operation.state == "reserved"]
        unchecked = [claim for claim in unsent if is_to_be_assessed(claim, deps)]
        reserved = [claim for claim in unsent if not is_to_be_assessed(claim, deps)]
        sent = await deps.storage.operations.mark_sent(reserved, at=now) if reserved else []
        asked_before = [claim for claim in claimed if claim.operation.state != "reserved"]
        return [
            *(ToAsk(claim, is_fresh=True) for claim in sent),
            *(ToAsk(claim, is_fresh=True, is_unchecked=True) for claim in unchecked),
            *(ToAsk(claim, is_fresh=False) for claim in asked_before),
        ]

    async def perform(self, claim: ToAsk) -> Heard:
        """Ask the processor. No transaction is open and no row is locked meanwhile."""
        return await (self._check_and_ask(claim) if claim.is_unchecked else self._ask(claim))

    async def _check_and_ask(self, claim: ToAsk) -> Heard:
        """Ask the risk checks, and the processor if none of them minds.

        It is marked sent only now: a worker that dies over a verdict leaves a payment
        that nobody was asked about, and the next one checks it again.
        """
        deps = self.deps
        assessment = await assess_risk(claim.claimed, call_context(claim.claimed, deps), deps)
        if assessment.declined is not None:
            return Heard(assessment.declined, assessment=assessment)
        sent = await deps.storage.operations.mark_sent([claim.claimed], at=deps.clock.now())
        if not sent:
            return Heard(None)
        heard = await self._ask(ToAsk(sent[0], is_fresh=True))
        return replace(heard, assessment=assessment, sent=sent[0])

    async def _ask(self, claim: ToAsk) -> Heard:
        processor = self.deps.registry.processors.get(claim.claimed.operation.processor)
        if processor is None:
            # Its plugin was taken away. It may come back; nothing was decided.
            gone = f"processor {claim.claimed.operation.processor} is not installed"
            return Heard(Unknown(gone))
        context = call_context(claim.claimed, self.deps)
        try:
            question = _question(processor, claim, context, self.deps)
        except NotSentError as error:
            return Heard(error)
        answer, call = await recorded(question, self.deps.clock)
        return Heard(answer, tuple(context.wake_ups), call)

    async def record(self, settled: Sequence[Settled[ToAsk, Heard]]) -> Stored:
        """Store what the processors answered, tell about it, and ring for the telling."""
        deps = self.deps
        owners = [each.claim.claimed.payment.merchant_id for each in settled]
        endpoints = await deps.storage.merchants.destinations(owners)

        def conclude(each: Settled[ToAsk, Heard]) -> OperationRecord:
            to = endpoints[each.claim.claimed.payment.merchant_id]
            return _concluded(each, to, deps)

        asked = [each for each in settled if each.answer.was_asked]
        records, refused = conclude_each(asked, conclude)
        stored = await deps.storage.operations.record(records, at=deps.clock.now())
        for record in records:
            if record.operation.id in stored.won:
                ring_deliveries(record.events, deps)
        stored = Stored(stored.won, {**stored.refused, **refused})
        for each in settled:
            if each.answer.is_blocked:
                one = await self._stop(each, endpoints)
                stored = Stored(stored.won | one.won, {**stored.refused, **one.refused})
        return stored

    async def _stop(
        self, blocked: Settled[ToAsk, Heard], endpoints: Mapping[UUID, Sequence[Endpoint]]
    ) -> Stored:
        def conclude(sent: ClaimedOperation) -> OperationRecord:
            heard = replace(blocked.answer, sent=sent)
            to = endpoints[sent.payment.merchant_id]
            return _concluded(Settled(blocked.claim, heard), to, self.deps)

        return await stop_payment(blocked.claim.claimed, conclude, self.deps)


def _concluded(
    settled: Settled[ToAsk, Heard], to: Sequence[Endpoint], deps: Deps
) -> OperationRecord:
    heard = settled.answer
    claimed = heard.sent or settled.claim.claimed
    assert heard.answer is not None, "what was lost is not concluded"
    record = conclude_operation(claimed, heard.answer, to, deps)
    woken = wake_ups(claimed, heard.wake_ups, deps)
    record = replace(record, wake_ups=woken, call=heard.call)
    if heard.assessment is None:
        return record
    decision, note = heard.assessment.decision, heard.assessment.note
    return replace(record, decision=decision, note=note or record.note)


def _question(processor: GuardedByHost, claim: ToAsk, context: CallContext, deps: Deps) -> Question:
    """The call by which the processor is told of the operation, or asked about it.

    Raises:
        NotSentError: What it needs to be told cannot be read.
    """
    claimed, kind = claim.claimed, claim.claimed.operation.kind
    about = follow_up_of(claimed)
    if kind is OperationKind.WAKE:
        return Question("wake", about, lambda: _wake(processor, about, context))
    if not claim.is_fresh:
        return Question("query", about, lambda: processor.query(kind, about, context))
    if kind is OperationKind.CHARGE:
        request = _request(claimed, deps)
        return Question("authorize", request, lambda: processor.authorize(request, context))
    follow_up = _on_top_of_charge(claimed)
    asks = {
        OperationKind.CAPTURE: processor.capture,
        OperationKind.VOID: processor.void,
        OperationKind.REFUND: processor.refund,
    }
    return Question(kind.value, follow_up, lambda: asks[kind](follow_up, context))


async def _wake(processor: GuardedByHost, about: FollowUp, context: CallContext) -> Outcome:
    await processor.wake(about, context)
    return Approved(reference="woken", amount=about.amount)


def conclude_operation(
    claimed: ClaimedOperation, answer: Answer, to: Sequence[Endpoint], deps: Deps
) -> OperationRecord:
    """What the answer makes of the operation and its payment, ready to be stored."""
    if isinstance(answer, NotSentError):
        return _send_again(claimed, answer, deps)
    now = deps.clock.now()
    wait = _wait(claimed, "query", deps) if isinstance(answer, Unknown) else None
    operation = claimed.operation.settle(answer, at=now, wait=wait)
    if claimed.refund is not None:
        return _conclude_refund(claimed, claimed.refund, operation, answer=answer, to=to, deps=deps)
    change = _changed(claimed, operation, answer, at=now)
    events = payment_events(change, to, deps)
    return OperationRecord(claimed, operation, change, events, note=_note(answer))


def _changed(
    claimed: ClaimedOperation, operation: Operation, answer: Outcome, *, at: datetime
) -> Change[Payment]:
    """What the answer makes of the payment; the hold of one stays until it is definite."""
    payment, is_done = claimed.payment, isinstance(answer, Approved)
    if operation.kind is OperationKind.CHARGE:
        return payment.apply(answer, at=at)
    if operation.kind is OperationKind.WAKE:
        return Change(payment)
    if not isinstance(answer, Approved | Declined):
        return Change(payment)
    if operation.kind is OperationKind.VOID:
        return payment.settle_void(is_released=is_done, at=at)
    return payment.settle_capture(
        operation.amount, is_taken=is_done, is_final=operation.is_final, at=at
    )


def _conclude_refund(
    claimed: ClaimedOperation,
    refund: Refund,
    operation: Operation,
    *,
    answer: Outcome,
    to: Sequence[Endpoint],
    deps: Deps,
) -> OperationRecord:
    now = deps.clock.now()
    after = refund.settle(answer, at=now)
    change: Change[Payment] = Change(claimed.payment)
    if after.status != refund.status:
        is_given = after.status == "processed"
        change = claimed.payment.settle_refund(refund.amount, is_given=is_given, at=now)
    events = refund_events(change, after, to, deps)
    return OperationRecord(claimed, operation, change, events, refund=after, note=_note(answer))


def _send_again(claimed: ClaimedOperation, answer: NotSentError, deps: Deps) -> OperationRecord:
    now, note = deps.clock.now(), redact_text(f"not sent: {answer.reason}")
    wait = _wait(claimed, "operation", deps)
    if wait is not None:
        unchanged: Change[Payment] = Change(claimed.payment)
        return OperationRecord(
            claimed, claimed.operation.not_sent(at=now, wait=wait), unchanged, (), note=note
        )
    # It could not be sent for so long that a person has to look.
    lost = Unknown(note)
    operation = claimed.operation.settle(lost, at=now, wait=None)
    is_charge = operation.kind is OperationKind.CHARGE
    change = claimed.payment.apply(lost, at=now) if is_charge else Change(claimed.payment)
    return OperationRecord(claimed, operation, change, (), note=note)


def _wait(claimed: ClaimedOperation, target: PolicyTarget, deps: Deps) -> timedelta | None:
    operation = claimed.operation
    rng = Random(f"{deps.seed}:{operation.id}:{operation.queries}")
    tries = Tries(count=operation.queries + 1)
    return deps.registry.policies[target].next_delay(tries, now=deps.clock.now(), rng=rng)


def _request(claimed: ClaimedOperation, deps: Deps) -> AuthorizeRequest:
    operation, instrument = claimed.operation, claimed.payment.instrument
    if operation.sealed is not None:
        try:
            secret = deps.vault.open(operation.sealed, context=operation.id)
        except InfrastructureError as error:
            raise NotSentError(str(error)) from error
        instrument = replace(instrument, secret=secret)
    takes = claimed.payment.capture_mode == "automatic"
    return AuthorizeRequest(operation.payment_id, operation.amount, instrument, capture=takes)


def follow_up_of(claimed: ClaimedOperation) -> FollowUp:
    """What a processor is told of an operation it knows."""
    operation = claimed.operation
    return FollowUp(
        payment_id=operation.payment_id,
        operation_id=operation.id,
        amount=operation.amount,
        instrument=claimed.payment.instrument,
        asked_at=operation.created_at,
        reference=operation.reference,
        is_final=operation.is_final,
    )


def _on_top_of_charge(claimed: ClaimedOperation) -> FollowUp:
    """What follows a charge names the charge, and ``context`` the new operation itself."""
    follow_up = follow_up_of(claimed)
    if claimed.charge is None:
        return follow_up
    charge = claimed.charge
    return replace(follow_up, operation_id=charge.operation_id, reference=charge.reference)


def _note(answer: Outcome) -> str:
    match answer:
        case Approved(reference=reference):
            return redact_text(f"approved as {reference}")
        case Declined(code=code, processor_code=theirs):
            return redact_text(f"declined: {code}" + (f" ({theirs})" if theirs else ""))
        case Unknown(reason=reason):
            return redact_text(f"unknown: {reason}")
        case Released(reason=reason):
            return redact_text(reason)
        case _:
            return f"pending, to be asked again in {answer.resolve_after.total_seconds():g} s"
