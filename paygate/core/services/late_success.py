"""A processor had the money after all, and says so when the payment was long declined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..domain.change import Change
from ..domain.decline import EXPIRED_HOLD, PARTLY_APPROVED
from ..domain.endpoint import Endpoint
from ..domain.ids import IdKind
from ..domain.operation import OperationKind
from ..domain.outcome import Approved
from ..domain.payment import Payment
from ..domain.refund import Refund
from ..ports.records import CallbackEffect, ClaimedOperation, OperationRecord, StoredEvent
from .deps import Deps
from .events import notify_deliveries, payment_events, refund_events
from .follow_up import follow_up
from .registry import GuardedByHost

OTHER_REASON = "Another payment of the order was under way or had succeeded when this money arrived"
LATE_REASON = "The payment had failed before this money arrived"
PART_REASON = "Only a part of the amount was approved"


async def take_late_success(
    claimed: ClaimedOperation, approved: Approved, processor: GuardedByHost, deps: Deps
) -> tuple[CallbackEffect, str]:
    """Accept an approval of a charge that had failed, or give the money back.

    It is accepted where the order is still to be paid and the processor declares that its
    approvals may come late; otherwise the money is refunded. Called with the charge and its
    payment locked; the order is locked here, so that no other payment of it begins between
    looking and writing.
    """
    payment = claimed.payment
    if payment.status != "failed":
        return "conflict", f"approved late, while the payment is {payment.status}"
    if payment.capture_mode == "manual" and payment.decline == EXPIRED_HOLD:
        return "no_effect", "approved before its hold ended, of which we heard first"
    await deps.storage.orders.lock(payment.order_id)
    endpoints = await deps.storage.merchants.destinations([payment.merchant_id])
    to = endpoints[payment.merchant_id]
    is_paid_otherwise = await deps.storage.payments.has_live(payment.order_id)
    is_whole = payment.capture_mode == "manual" or approved.amount == payment.amount
    if processor.capabilities.late_success and not is_paid_otherwise and is_whole:
        change = payment.revive(approved.amount, at=deps.clock.now())
        await _store(claimed, approved, change, payment_events(change, to, deps), deps)
        return "applied", "late success: the payment was declined before"
    if payment.capture_mode == "manual":
        return "conflict", "held late: the money is not taken, and the hold has to be let go"
    reason = OTHER_REASON if is_paid_otherwise else LATE_REASON if is_whole else PART_REASON
    await _give_back(claimed, approved, reason, to, deps)
    return "applied", "late success of a payment that had failed: the money is refunded"


async def _store(
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


async def return_part(record: OperationRecord, to: Sequence[Endpoint], deps: Deps) -> None:
    """Refund what a charge took that failed because only a part was approved.

    Called in the transaction in which the charge is stored, after that. Does nothing about
    any other record.
    """
    payment, operation = record.payment.after, record.operation
    is_part = payment.status == "failed" and payment.decline == PARTLY_APPROVED
    if operation.kind is OperationKind.CHARGE and is_part and payment.amount_kept:
        await _refund_all(payment, operation.id, PART_REASON, to, deps)


async def take_late_refund(
    claimed: ClaimedOperation, approved: Approved, deps: Deps
) -> tuple[CallbackEffect, str]:
    """Take an approval of a refund that had failed: its money is not refundable again."""
    refund, payment, now = claimed.refund, claimed.payment, deps.clock.now()
    assert refund is not None, "a refund's operation has a refund"
    if refund.amount > payment.amount_kept:
        return "conflict", "the refund was given after all, and its money by another one too"
    change = payment.take_late_refund(refund.amount, at=now)
    given = replace(refund, status="processed", processed_at=now)
    to = (await deps.storage.merchants.destinations([payment.merchant_id]))[payment.merchant_id]
    operation = claimed.operation.revive(approved, at=now)
    events = refund_events(change, given, to, deps)
    note = f"approved late as {approved.reference}"
    record = OperationRecord(claimed, operation, change, events, refund=given, note=note)
    await deps.storage.operations.store([record], at=now)
    notify_deliveries(events, deps)
    return "applied", "the refund was declined before"


async def _give_back(
    claimed: ClaimedOperation, approved: Approved, reason: str, to: Sequence[Endpoint], deps: Deps
) -> None:
    now, payment = deps.clock.now(), claimed.payment
    kept = payment.keep_late_money(approved.amount, at=now)
    await _store(claimed, approved, kept, (), deps)
    await _refund_all(kept.after, claimed.operation.id, reason, to, deps)


async def _refund_all(
    payment: Payment, charge_id: str, reason: str, to: Sequence[Endpoint], deps: Deps
) -> None:
    now, amount = deps.clock.now(), payment.amount_kept
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
