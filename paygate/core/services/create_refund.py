"""A merchant gives money back."""

from __future__ import annotations

from dataclasses import dataclass

from ..domain.endpoint import Endpoint
from ..domain.errors import NotFoundError, UnsupportedError
from ..domain.ids import IdKind
from ..domain.merchant import Merchant
from ..domain.money import Money
from ..domain.operation import Operation, OperationKind
from ..domain.payment import Payment
from ..domain.refund import Refund
from .deps import Deps
from .events import refund_events, ring_deliveries


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


async def create_refund(command: CreateRefund, deps: Deps) -> Refund:
    """Set the money aside and store what is to be asked of the processor.

    The payment is locked while it is decided: of refunds that arrive at once each
    sees what the one before it left.

    Raises:
        NotFoundError: No such payment, or another merchant's.
        UnsupportedError: The payment's processor gives nothing back.
        NotRefundableError: The payment has not succeeded.
        RefundExceedsCaptureError: So much is not left.
    """
    async with deps.storage.transaction() as storage:
        payment = await storage.payments.lock(command.payment_id)
        if payment is None or payment.merchant_id != command.merchant.id:
            raise NotFoundError("Payment")
        _require_capable(payment, deps)
        now = deps.clock.now()
        amount = Money(command.amount_minor, payment.amount.currency)
        change = payment.reserve_refund(amount, at=now)
        refund = Refund(
            id=deps.ids.new(IdKind.REFUND),
            payment_id=payment.id,
            merchant_id=payment.merchant_id,
            amount=amount,
            reason=command.reason,
            status="pending",
            created_at=now,
        )
        operation = _operation(refund, payment, deps)
        events = refund_events(change, refund, Endpoint.of(command.merchant), deps)
        await storage.refunds.open(refund, change, operation, events)

    deps.bell.ring("operations", operation.id)
    ring_deliveries(events, deps)
    return refund


def _require_capable(payment: Payment, deps: Deps) -> None:
    processor = deps.registry.processors.get(payment.processor)
    if processor is None or processor.capabilities.refund == "none":
        raise UnsupportedError(f"Processor {payment.processor} does not refund")


def _operation(refund: Refund, payment: Payment, deps: Deps) -> Operation:
    return Operation(
        id=deps.ids.new(IdKind.OPERATION),
        payment_id=payment.id,
        merchant_id=payment.merchant_id,
        kind=OperationKind.REFUND,
        amount=refund.amount,
        processor=payment.processor,
        state="reserved",
        due_at=refund.created_at,
        created_at=refund.created_at,
        refund_id=refund.id,
    )
