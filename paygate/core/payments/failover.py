"""Failover: another processor takes over a charge that was certainly never sent.

::

    not sent, or breaker open ──► plan_failover ──► fail_over ──► charge at the next processor
                                  (no transaction)  (under locks, with the record of the first)

The first charge ends as failed, and the next one begins, in one transaction that checks the
lease. The next charge is another operation with an id of its own, so no answer about the first
can be taken for one about the next.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ..deps import Deps
from ..errors import InfrastructureError, UnsupportedError
from ..ids import IdKind
from ..redaction import redact_text
from ..webhooks.model import BreakerState
from .operation import Operation
from .store import ClaimedOperation, Decision, OperationRecord


@dataclass(frozen=True, slots=True)
class Failover:
    """The charge at the next processor, ready to be stored.

    Args:
        charge: The new charge. It has the time of the first one: a card is stored no longer.
        decision: The entry for the timeline.
        note: Why the first charge has ended, for the timeline.
    """

    charge: Operation
    decision: Decision
    note: str


def plan_failover(
    claimed: ClaimedOperation, reason: str, breaker: Callable[[str], BreakerState], deps: Deps
) -> Failover | None:
    """Choose the next processor of a charge that was certainly never sent.

    Args:
        claimed: The charge and its payment.
        reason: Why its processor was not sent anything.
        breaker: Returns the state of a processor's breaker.
        deps: The app.

    Returns:
        None if no other processor may have it, supports it and responds, or if its card cannot be
        read now.
    """
    before = claimed.operation
    able = _able(claimed, deps) if before.fallbacks and not before.is_erased else frozenset()
    problems = {id: _problem(id, able, breaker) for id in before.fallbacks}
    to = next((id for id, problem in problems.items() if problem is None), None)
    if to is None:
        return None
    charge_id = deps.ids.new(IdKind.OPERATION, of=f"{before.id}:{to}")
    try:
        sealed = _sealed_again(before, charge_id, deps)
    except InfrastructureError:
        return None
    now, shown = deps.clock.now(), redact_text(reason)
    left = tuple(id for id in before.fallbacks if id != to)
    charge = Operation(
        id=charge_id,
        payment_id=before.payment_id,
        merchant_id=before.merchant_id,
        kind=before.kind,
        amount=before.amount,
        processor=to,
        state="reserved",
        due_at=now,
        created_at=before.created_at,
        sealed=sealed,
        fallbacks=left,
    )
    skipped = {id: problem for id, problem in problems.items() if problem is not None}
    data = {"from": before.processor, "reason": shown, "skipped": skipped, "left": left}
    decision = Decision("failover", to, decided_at=now, took_ms=0, data=data)
    return Failover(charge, decision, note=f"never sent ({shown}); {to} takes over")


def fail_over(claimed: ClaimedOperation, failover: Failover, deps: Deps) -> OperationRecord | None:
    """Return the end of the first charge and the begin of the next one, ready to be stored.

    Args:
        claimed: The first charge and its payment, as they were read under their locks.
        failover: The next charge.
        deps: The app.

    Returns:
        None if the first charge may no longer be handed over.

    Raises:
        InvalidTransitionError: The payment has an outcome.
    """
    operation, now = claimed.operation, deps.clock.now()
    if failover.charge.processor not in operation.fallbacks or operation.is_erased:
        return None
    return OperationRecord(
        claimed,
        operation.hand_over(at=now),
        claimed.payment.fail_over(failover.charge.processor, at=now),
        events=(),
        note=failover.note,
        added=(replace(failover.charge, due_at=now),),
        decisions=(failover.decision,),
    )


def _able(claimed: ClaimedOperation, deps: Deps) -> frozenset[str]:
    payment = claimed.payment
    try:
        able = deps.registry.able(
            method=payment.instrument.method,
            flow=payment.instrument.flow,
            amount=payment.amount,
            capture_mode=payment.capture_mode,
        )
    except UnsupportedError:
        return frozenset()
    return frozenset(each.info.id for each in able)


def _problem(
    processor: str, able: frozenset[str], breaker: Callable[[str], BreakerState]
) -> str | None:
    if processor not in able:
        return "it does not support the payment"
    state = breaker(processor)
    return None if state == "closed" else f"its breaker is {state.replace('_', ' ')}"


def _sealed_again(before: Operation, charge_id: str, deps: Deps) -> str | None:
    """Return the instrument's secret, sealed for the new charge.

    Raises:
        InfrastructureError: It cannot be opened.
    """
    if before.sealed is None:
        return None
    secret = deps.vault.open(before.sealed, context=before.id)
    return deps.vault.seal(secret, context=charge_id)
