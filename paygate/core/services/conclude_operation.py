"""What a processor's answer makes of an operation, its payment and its refund."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from ..domain.change import Change
from ..domain.endpoint import Endpoint
from ..domain.errors import NotSentError
from ..domain.operation import Operation, OperationKind
from ..domain.outcome import (
    ActionRequired,
    Approved,
    Declined,
    Outcome,
    Pending,
    Released,
    Unknown,
)
from ..domain.payment import Payment
from ..domain.redacted_json import redact_text
from ..domain.refund import Refund
from ..ports.records import ClaimedOperation, OperationRecord
from ..ports.retry import PolicyTarget, Tries
from .deps import Deps
from .events import payment_events, refund_events
from .recorded_call import Answer

OVERDUE = "still pending after the time in which it should have been decided"


def conclude_operation(
    claimed: ClaimedOperation, answer: Answer, to: Sequence[Endpoint], deps: Deps
) -> OperationRecord:
    """Decide what the answer makes of the operation and its payment, ready to be stored.

    Args:
        claimed: Both as they are, read after they were locked.
        answer: What the processor said.
        to: Where the merchant's events go.
        deps: The app.

    Raises:
        InvalidTransitionError: The operation or the payment cannot take that answer.
    """
    if isinstance(answer, NotSentError):
        if claimed.operation.kind is OperationKind.CONFIRM:
            # The processor never saw the charge: there is no money.
            return _ended(claimed, "the processor does not know the charge", deps)
        return _send_again(claimed, answer, deps)
    now = deps.clock.now()
    if isinstance(answer, Pending | ActionRequired) and claimed.operation.is_overdue(at=now):
        answer = Unknown(OVERDUE)
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
    if operation.kind in {OperationKind.WAKE, OperationKind.CONFIRM}:
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


def _ended(claimed: ClaimedOperation, note: str, deps: Deps) -> OperationRecord:
    nothing = Released(note)
    operation = claimed.operation.settle(nothing, at=deps.clock.now(), wait=None)
    return OperationRecord(claimed, operation, Change(claimed.payment), (), note=note)


def _wait(claimed: ClaimedOperation, target: PolicyTarget, deps: Deps) -> timedelta | None:
    operation = claimed.operation
    done = operation.sends if target == "operation" else operation.queries
    rng = Random(f"{deps.seed}:{operation.id}:{done}")
    tries = Tries(count=done + 1)
    return deps.registry.policies[target].next_delay(tries, now=deps.clock.now(), rng=rng)


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
