"""Record outcomes of operations: in time, late or unrequested."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from ..deps import DeferredNotifications, Deps, run_again_on_conflict
from ..errors import ConflictError, NotSentError, PluginError
from ..event import Change
from ..ids import IdKind
from ..limits import PENDING_PAUSE_MIN
from ..outcome import (
    EXPIRED_HOLD,
    PARTLY_APPROVED,
    ActionRequired,
    Approved,
    Declined,
    Outcome,
    Pending,
    Released,
    Unknown,
)
from ..plugin_api.processor import Update
from ..plugin_api.retry_policy import PolicyTarget, Tries
from ..redaction import redact, redact_text
from ..registry import GuardedByHost
from ..webhooks.emit import notify_deliveries, payment_events, refund_events
from ..webhooks.model import Endpoint, StoredEvent
from .follow_up import follow_up
from .model import Payment, Refund
from .operation import Operation, OperationKind
from .recorded_call import CallOutcome
from .store import CallbackEffect, CallbackResult, ClaimedOperation, OperationRecord

OVERDUE = "still pending after its deadline"


def conclude_operation(
    claimed: ClaimedOperation,
    outcome: CallOutcome,
    to: Sequence[Endpoint],
    deps: Deps,
    *,
    answered_at: datetime | None = None,
    is_fresh: bool = False,
) -> OperationRecord:
    """Return the operation and its payment after an outcome, ready to be stored.

    Args:
        claimed: Both as they were read under their locks.
        outcome: The processor's outcome.
        to: The merchant's endpoints.
        deps: The app.
        answered_at: When the processor answered; None if it was not asked.
        is_fresh: Whether the operation was sent for this outcome, and not queried.

    Raises:
        InvalidTransitionError: The operation or the payment does not allow the outcome.
    """
    if isinstance(outcome, NotSentError):
        if claimed.operation.kind is OperationKind.CONFIRM:
            # The processor never received the charge: there is no money.
            return _ended(claimed, "the processor does not know the charge", deps)
        return _send_again(claimed, outcome, deps, is_fresh=is_fresh)
    now = deps.clock.now()
    if isinstance(outcome, Pending | ActionRequired) and claimed.operation.is_overdue(at=now):
        outcome = Unknown(OVERDUE)
    wait = _wait(claimed, "query", deps) if isinstance(outcome, Unknown) else None
    operation = claimed.operation.settle(outcome, at=now, wait=wait, answered_at=answered_at)
    if claimed.refund is not None:
        return _conclude_refund(
            claimed, claimed.refund, operation, outcome=outcome, to=to, deps=deps
        )
    change = _changed(claimed, operation, outcome, at=now)
    events = payment_events(change, to, deps, operation.request_id)
    return OperationRecord(claimed, operation, change, events, note=_note(outcome))


def _changed(
    claimed: ClaimedOperation, operation: Operation, outcome: Outcome, *, at: datetime
) -> Change[Payment]:
    """Return the payment after an outcome; captures and voids need a final one."""
    payment, is_done = claimed.payment, isinstance(outcome, Approved)
    if operation.kind is OperationKind.CHARGE:
        return payment.apply(outcome, at=at)
    if operation.kind in {OperationKind.WAKE, OperationKind.CONFIRM}:
        return Change(payment)
    if not isinstance(outcome, Approved | Declined):
        return Change(payment)
    if operation.kind is OperationKind.VOID:
        return payment.complete_void(is_released=is_done, at=at)
    return payment.complete_capture(
        operation.amount, is_captured=is_done, is_final=operation.is_final, at=at
    )


def _conclude_refund(
    claimed: ClaimedOperation,
    refund: Refund,
    operation: Operation,
    *,
    outcome: Outcome,
    to: Sequence[Endpoint],
    deps: Deps,
) -> OperationRecord:
    now = deps.clock.now()
    after = refund.settle(outcome, at=now)
    change: Change[Payment] = Change(claimed.payment)
    if after.status != refund.status:
        is_refunded = after.status == "processed"
        change = claimed.payment.complete_refund(refund.amount, is_refunded=is_refunded, at=now)
    events = refund_events(change, after, to, deps, operation.request_id)
    return OperationRecord(claimed, operation, change, events, refund=after, note=_note(outcome))


def _send_again(
    claimed: ClaimedOperation, outcome: NotSentError, deps: Deps, *, is_fresh: bool
) -> OperationRecord:
    now, note = deps.clock.now(), redact_text(f"not sent: {outcome.reason}")
    wait = _wait(claimed, "operation", deps)
    if wait is not None:
        unchanged: Change[Payment] = Change(claimed.payment)
        reserved = claimed.operation.not_sent(at=now, wait=wait, is_certain=is_fresh)
        return OperationRecord(claimed, reserved, unchanged, (), note=note)
    # Sending has failed for so long that a person has to decide.
    unknown = Unknown(note)
    operation = claimed.operation.settle(unknown, at=now, wait=None)
    is_charge = operation.kind is OperationKind.CHARGE
    change = claimed.payment.apply(unknown, at=now) if is_charge else Change(claimed.payment)
    return OperationRecord(claimed, operation, change, (), note=note)


def _ended(claimed: ClaimedOperation, note: str, deps: Deps) -> OperationRecord:
    nothing = Released(note)
    operation = claimed.operation.settle(nothing, at=deps.clock.now(), wait=None)
    return OperationRecord(claimed, operation, Change(claimed.payment), (), note=note)


def _wait(claimed: ClaimedOperation, target: PolicyTarget, deps: Deps) -> timedelta | None:
    operation = claimed.operation
    done = operation.sends if target == "operation" else operation.queries
    rng = Random(f"{deps.policy.seed}:{operation.id}:{done}")
    attempts = Tries(count=done + 1)
    return deps.registry.policies[target].next_delay(attempts, now=deps.clock.now(), rng=rng)


def _note(outcome: Outcome) -> str:
    match outcome:
        case Approved(reference=reference):
            return redact_text(f"approved as {reference}")
        case Declined(code=code, processor_code=own_code):
            return redact_text(f"declined: {code}" + (f" ({own_code})" if own_code else ""))
        case Unknown(reason=reason):
            return redact_text(f"unknown: {reason}")
        case Released(reason=reason):
            return redact_text(reason)
        case _:
            wait = max(outcome.resolve_after, PENDING_PAUSE_MIN)
            return f"pending, next query in {wait.total_seconds():g} s"


OTHER_REASON = "Another payment of the order was in progress or successful when this money arrived"
LATE_REASON = "The payment had failed before this money arrived"
PART_REASON = "Only a part of the amount was approved"


async def record_late_success(
    claimed: ClaimedOperation, approved: Approved, processor: GuardedByHost, deps: Deps
) -> tuple[CallbackEffect, str]:
    """Accept an approval of a failed charge, or refund its money.

    It is accepted if the order is not paid yet and the processor declares late approvals;
    otherwise the money is refunded. Call it with the charge and its payment locked. It
    locks the order, so that no other payment of the order begins between the check and
    the write.
    """
    payment = claimed.payment
    if payment.status != "failed":
        at = f" at {payment.processor}" if claimed.was_handed_over else ""
        return "conflict", f"approved late while the payment is {payment.status}{at}"
    if payment.capture_mode == "manual" and payment.decline == EXPIRED_HOLD:
        return "no_effect", "approved before its hold ended, which was recorded first"
    await deps.storage.orders.lock(payment.order_id)
    endpoints = await deps.storage.merchants.destinations([payment.merchant_id])
    to = endpoints[payment.merchant_id]
    is_paid_otherwise = await deps.storage.payments.has_live(payment.order_id)
    is_whole = payment.capture_mode == "manual" or approved.amount == payment.amount
    if processor.capabilities.late_success and not is_paid_otherwise and is_whole:
        of, now = claimed.operation.processor, deps.clock.now()
        change = payment.revive(approved.amount, processor=of, at=now)
        await _store_late(claimed, approved, change, payment_events(change, to, deps), deps)
        return "applied", "late success of a declined payment"
    if payment.capture_mode == "manual":
        return "conflict", "held late: the money is not captured, release the hold"
    reason = OTHER_REASON if is_paid_otherwise else LATE_REASON if is_whole else PART_REASON
    await _refund_late_money(claimed, approved, reason, to, deps)
    return "applied", "late success of a failed payment: the money is refunded"


async def _store_late(
    claimed: ClaimedOperation,
    approved: Approved,
    change: Change[Payment],
    events: tuple[StoredEvent, ...],
    deps: Deps,
) -> None:
    now = deps.clock.now()
    operation = claimed.operation.revive(approved, at=now)
    note = f"approved late as {approved.reference}"
    record = OperationRecord(claimed, operation, change, events, note=note)
    await deps.storage.operations.store([record], at=now)
    notify_deliveries(events, deps)


async def refund_partial_approval(
    record: OperationRecord, to: Sequence[Endpoint], deps: Deps
) -> None:
    """Refund the partial amount of a charge that failed because of a partial approval.

    Call it after the charge is stored, in the same transaction. Other records are
    ignored.
    """
    payment, operation = record.payment.after, record.operation
    is_part = payment.status == "failed" and payment.decline == PARTLY_APPROVED
    if operation.kind is OperationKind.CHARGE and is_part and payment.amount_refundable:
        await _refund_all(payment, operation.id, PART_REASON, to, deps)


async def record_late_refund(
    claimed: ClaimedOperation, approved: Approved, deps: Deps
) -> tuple[CallbackEffect, str]:
    """Apply an approval of a failed refund: its money is not refundable again."""
    refund, payment, now = claimed.refund, claimed.payment, deps.clock.now()
    assert refund is not None, "a refund's operation has a refund"
    if refund.amount > payment.amount_refundable:
        return "conflict", "the refund succeeded late, and its money was refunded again"
    change = payment.record_late_refund(refund.amount, at=now)
    given = replace(refund, status="processed", processed_at=now)
    to = (await deps.storage.merchants.destinations([payment.merchant_id]))[payment.merchant_id]
    operation = claimed.operation.revive(approved, at=now)
    events = refund_events(change, given, to, deps, operation.request_id)
    note = f"approved late as {approved.reference}"
    record = OperationRecord(claimed, operation, change, events, refund=given, note=note)
    await deps.storage.operations.store([record], at=now)
    notify_deliveries(events, deps)
    return "applied", "late success of a declined refund"


async def _refund_late_money(
    claimed: ClaimedOperation, approved: Approved, reason: str, to: Sequence[Endpoint], deps: Deps
) -> None:
    now, payment = deps.clock.now(), claimed.payment
    of = claimed.operation.processor
    change = payment.record_late_money(approved.amount, processor=of, at=now)
    await _store_late(claimed, approved, change, (), deps)
    await _refund_all(change.after, claimed.operation.id, reason, to, deps)


async def _refund_all(
    payment: Payment, charge_id: str, reason: str, to: Sequence[Endpoint], deps: Deps
) -> None:
    now, amount = deps.clock.now(), payment.amount_refundable
    change = payment.reserve_refund(amount, at=now)
    refund = Refund(
        id=deps.ids.new(IdKind.REFUND, of=charge_id),
        payment_id=payment.id,
        merchant_id=payment.merchant_id,
        amount=amount,
        reason=reason,
        status="pending",
        created_at=now,
    )
    operation = follow_up(change.after, OperationKind.REFUND, amount, deps, refund_id=refund.id)
    events = refund_events(change, refund, to, deps)
    await deps.storage.refunds.open(refund, change, replace(operation, due_at=now), events)
    deps.notifier.notify("refunds", operation.id)
    notify_deliveries(events, deps)


log = logging.getLogger(__name__)
REASON_CHARS_MAX = 1000


@run_again_on_conflict
async def apply_update(
    update: Update, processor: GuardedByHost, deps: Deps, *, answered_at: datetime | None = None
) -> CallbackResult:
    """Apply an update in its own transaction.

    Args:
        update: The update.
        processor: The processor that sent it.
        deps: The app.
        answered_at: When the processor answered with it; None if it sent it by itself.

    Returns:
        The effect.
    """
    notifications = DeferredNotifications()
    async with deps.storage.transaction() as storage:
        bound = replace(deps, storage=storage, notifier=notifications)
        note = await apply_in_transaction(update, processor, bound, answered_at=answered_at)
        await store_conflict(note, processor, bound)
    notifications.send_all(deps)
    return note


async def store_conflict(note: CallbackResult, processor: GuardedByHost, deps: Deps) -> None:
    """Store a conflict for operators: no callback shows it."""
    if note.effect != "conflict":
        return
    assert note.payment_id is not None, "a conflict is about a payment"
    assert note.operation_id is not None, "a conflict is about an operation"
    await deps.storage.attention.add_conflict(
        at=deps.clock.now(),
        processor=processor.info.id,
        payment_id=note.payment_id,
        operation_id=note.operation_id,
        reason=(note.reason or "")[:REASON_CHARS_MAX],
    )


async def apply_in_transaction(
    update: Update, processor: GuardedByHost, deps: Deps, *, answered_at: datetime | None = None
) -> CallbackResult:
    """Apply an update in the transaction that ``deps.storage`` is bound to."""
    locked = await deps.storage.operations.lock([update.operation_id])
    claimed = locked[0] if locked else None
    if claimed is None or claimed.operation.processor != processor.info.id:
        return CallbackResult("quarantined", f"unknown operation {update.operation_id}")
    names = {"operation_id": claimed.operation.id, "payment_id": claimed.payment.id}
    try:
        outcome = processor.checked(update, claimed.operation.amount, claimed.operation.kind)
    except PluginError as error:
        return CallbackResult("quarantined", redact(error.reason), **names)
    try:
        effect, reason = await _settle(claimed, outcome, processor, deps, answered_at=answered_at)
    except ConflictError as error:
        # Nothing was written yet: outcomes are computed before the writes.
        effect, reason = "conflict", str(error)
    if effect == "conflict":
        log.warning(
            "conflict: operation %s of payment %s: %s",
            claimed.operation.id,
            claimed.payment.id,
            reason,
        )
    return CallbackResult(effect, redact(reason), **names)


async def _settle(
    claimed: ClaimedOperation,
    outcome: Outcome,
    processor: GuardedByHost,
    deps: Deps,
    *,
    answered_at: datetime | None,
) -> tuple[CallbackEffect, str]:
    operation = claimed.operation
    is_definite = isinstance(outcome, Approved | Declined | Released)
    if isinstance(outcome, Unknown):
        return "no_effect", f"no outcome of the {operation.kind}: {outcome.reason}"
    if operation.is_unsent:
        return "quarantined", f"the {operation.kind} was not sent to the processor yet"
    if isinstance(outcome, Released) and not _is_undecided_charge(claimed):
        return await _release(claimed, outcome, deps)
    if operation.is_ended and operation.state != "needs_review":
        return await _conclude_again(claimed, outcome, processor, deps)
    if operation.state == "needs_review" and not is_definite:
        return "no_effect", f"the {operation.kind} is in review, and this outcome is not final"
    await _store(claimed, outcome, deps, answered_at=answered_at)
    return "applied", ""


def _is_undecided_charge(claimed: ClaimedOperation) -> bool:
    is_charge = claimed.operation.kind is OperationKind.CHARGE
    return is_charge and claimed.payment.status in {"processing", "unknown"}


async def _store(
    claimed: ClaimedOperation, outcome: Outcome, deps: Deps, *, answered_at: datetime | None
) -> None:
    operation = claimed.operation
    endpoints = await deps.storage.merchants.destinations([operation.merchant_id])
    to = endpoints[operation.merchant_id]
    record = conclude_operation(claimed, outcome, to, deps, answered_at=answered_at)
    await deps.storage.operations.store([record], at=deps.clock.now())
    await refund_partial_approval(record, to, deps)
    notify_deliveries(record.events, deps)


async def _conclude_again(
    claimed: ClaimedOperation, outcome: Outcome, processor: GuardedByHost, deps: Deps
) -> tuple[CallbackEffect, str]:
    """Handle an outcome of a decided operation: a repetition, not final, or the opposite."""
    operation, stored = claimed.operation, claimed.payment.amount_authorized
    result = {Approved: "succeeded", Declined: "failed"}.get(type(outcome))
    if isinstance(outcome, Approved) and operation.kind is OperationKind.CHARGE:
        if operation.state == "failed":
            return await record_late_success(claimed, outcome, processor, deps)
        if outcome.amount != stored:
            now = f"now {outcome.amount} is approved"
            return "conflict", f"the charge succeeded with {stored}, and {now}"
    if result is None or result == operation.state:
        return "no_effect", f"the {operation.kind} is already {operation.state}"
    if isinstance(outcome, Approved) and operation.kind is OperationKind.REFUND:
        return await record_late_refund(claimed, outcome, deps)
    return "conflict", f"the {operation.kind} is {operation.state}, but now it {result}"


async def _release(
    claimed: ClaimedOperation, released: Released, deps: Deps
) -> tuple[CallbackEffect, str]:
    """End the hold of an approved charge, unless it was captured or voided."""
    operation, payment = claimed.operation, claimed.payment
    is_held = payment.status in {"authorized", "capturing", "voiding"}
    if operation.kind is not OperationKind.CHARGE or not is_held or claimed.was_handed_over:
        return "no_effect", f"nothing is held: the payment is {payment.status}"
    now = deps.clock.now()
    change = payment.release_hold(at=now)
    endpoints = await deps.storage.merchants.destinations([payment.merchant_id])
    events = payment_events(change, endpoints[payment.merchant_id], deps)
    record = OperationRecord(claimed, operation, change, events, note=redact(released.reason))
    await deps.storage.operations.store([record], at=now)
    notify_deliveries(events, deps)
    return "applied", released.reason
