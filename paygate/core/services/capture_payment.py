"""A merchant confirms that the money of a payment is taken."""

from __future__ import annotations

from dataclasses import dataclass

from ..domain.errors import NotFoundError
from ..domain.merchant import Merchant
from ..domain.money import Money
from ..domain.payment import Payment
from .deps import Deps


@dataclass(frozen=True, slots=True)
class CapturePayment:
    """What the merchant said.

    Args:
        merchant: Who asks.
        payment_id: Which payment.
        amount_minor: What it is believed to be; None to trust us.
    """

    merchant: Merchant
    payment_id: str
    amount_minor: int | None


async def capture_payment(command: CapturePayment, deps: Deps) -> Payment:
    """Mark the payment captured, once.

    Raises:
        NotFoundError: No such payment, or another merchant's.
        NotCapturableError: It has not succeeded, was captured, or is another amount.
    """
    async with deps.storage.transaction() as storage:
        payment = await storage.payments.lock(command.payment_id)
        if payment is None or payment.merchant_id != command.merchant.id:
            raise NotFoundError("Payment")
        asked = command.amount_minor
        amount = None if asked is None else Money(asked, payment.amount.currency)
        change = payment.capture(amount, at=deps.clock.now())
        await storage.payments.update(change)
    return change.after
