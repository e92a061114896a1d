"""A merchant gives money back."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..domain.endpoint import Endpoint
from ..domain.errors import UnsupportedError
from ..domain.ids import IdKind
from ..domain.merchant import Merchant
from ..domain.money import Money
from ..domain.operation import OperationKind
from ..domain.payment import Payment
from ..domain.refund import Refund
from ..ports.processor import Grade
from .conflicts import run_again_on_conflict
from .deps import Deps
from .events import notify_deliveries, refund_events
from .follow_up import follow_up, lock_payment, require_capable


@dataclass(frozen=True, slots=True)
class CreateRefund:
    """What the merchant said.

    Args:
        merchant: Who gives.
        payment_id: Of which payment.
        amount_minor: How much, in minor units of the payment's currency.
        reason: For people.
    """

    merchant: Merchant
    payment_id: str
    amount_minor: int
    reason: str | None


@run_again_on_conflict
async def create_refund(command: CreateRefund, deps: Deps) -> Refund:
    """Set the money aside and store what is to be asked of the processor.

    Raises:
        NotFoundError: No such payment, or another merchant's.
        UnsupportedError: The payment's processor gives nothing back, or not so finely.
        NotRefundableError: The payment has not succeeded.
        RefundExceedsCaptureError: So much is not left.
    """
    async with deps.storage.transaction() as storage:
        bound = replace(deps, storage=storage)
        payment = await lock_payment(command.payment_id, command.merchant, bound)
        now = deps.clock.now()
        amount = Money(command.amount_minor, payment.amount.currency)
        grade = require_capable(payment, "refund", deps).refund
        change = payment.reserve_refund(amount, at=now)
        _require_as_fine(payment, amount, grade)
        refund = _refund(command, change.after, amount, deps)
        operation = follow_up(change.after, OperationKind.REFUND, amount, deps, refund_id=refund.id)
        events = refund_events(change, refund, Endpoint.all_of(command.merchant), deps)
        await storage.refunds.open(refund, change, operation, events)

    deps.notifier.notify("refunds", operation.id)
    notify_deliveries(events, deps)
    return refund


def _refund(command: CreateRefund, payment: Payment, amount: Money, deps: Deps) -> Refund:
    return Refund(
        id=deps.ids.new(IdKind.REFUND),
        payment_id=payment.id,
        merchant_id=payment.merchant_id,
        amount=amount,
        reason=command.reason,
        status="pending",
        created_at=payment.updated_at,
    )


def _require_as_fine(payment: Payment, amount: Money, grade: Grade) -> None:
    if grade == "full" and amount != payment.amount_captured:
        raise UnsupportedError(
            f"Processor {payment.processor} refunds only the whole amount", field="amount"
        )
    if grade == "partial" and payment.amount_refunded:
        raise UnsupportedError(f"Processor {payment.processor} refunds a payment only once")
