"""A processor had the money after all, and says so when the payment was long declined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..domain.change import Change
from ..domain.endpoint import Endpoint
from ..domain.ids import IdKind
from ..domain.operation import OperationKind
from ..domain.outcome import Approved
from ..domain.payment import Payment
from ..domain.refund import Refund
from ..ports.records import CallbackEffect, ClaimedOperation, OperationRecord, StoredEvent
from .deps import Deps
from .events import payment_events, refund_events, ring_deliveries
from .follow_up import follow_up
from .registry import GuardedByHost

REASON = "The order was paid by another payment before this money arrived"


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
    await deps.storage.orders.lock(payment.order_id)
    endpoints = await deps.storage.merchants.destinations([payment.merchant_id])
    to = endpoints[payment.merchant_id]
    is_paid_otherwise = await deps.storage.payments.has_live(payment.order_id)
    if processor.capabilities.late_success and not is_paid_otherwise:
        change = payment.revive(approved.amount, at=deps.clock.now())
        await _store(claimed, approved, change, payment_events(change, to, deps), deps)
        return "applied", "late success: the payment was declined before"
    if payment.capture_mode == "manual":
        return "conflict", "held late: the money is not taken, and the hold has to be let go"
    await _give_back(claimed, approved, to, deps)
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
    ring_deliveries(events, deps)


async def _give_back(
    claimed: ClaimedOperation, approved: Approved, to: Sequence[Endpoint], deps: Deps
) -> None:
    now, payment = deps.clock.now(), claimed.payment
    kept = payment.keep_late_money(approved.amount, at=now)
    await _store(claimed, approved, kept, (), deps)
    change = kept.after.reserve_refund(approved.amount, at=now, is_late_money=True)
    refund = Refund(
        id=deps.ids.new(IdKind.REFUND, of=claimed.operation.id),
        payment_id=payment.id,
        merchant_id=payment.merchant_id,
        amount=approved.amount,
        reason=REASON,
        status="pending",
        created_at=now,
    )
    operation = follow_up(
        change.after, OperationKind.REFUND, approved.amount, deps, refund_id=refund.id
    )
    events = refund_events(change, refund, to, deps)
    await deps.storage.refunds.open(refund, change, replace(operation, due_at=now), events)
    deps.bell.ring("refunds", operation.id)
    ring_deliveries(events, deps)
