"""A merchant takes the money of a payment."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..domain.errors import UnsupportedError
from ..domain.merchant import Merchant
from ..domain.money import Money
from ..domain.operation import OperationKind
from ..domain.payment import Payment
from .conflicts import run_again_on_conflict
from .deps import Deps
from .follow_up import follow_up, lock_payment, require_capable


@dataclass(frozen=True, slots=True)
class CapturePayment:
    """What the merchant said.

    Args:
        merchant: Who asks.
        payment_id: Which payment.
        amount_minor: How much; None for all of it.
        is_final: Whether the rest of the hold is let go.
    """

    merchant: Merchant
    payment_id: str
    amount_minor: int | None
    is_final: bool = True


@run_again_on_conflict
async def capture_payment(command: CapturePayment, deps: Deps) -> Payment:
    """Take held money; or, where it was taken at once, confirm that.

    Taking held money is asked of the processor: the payment is ``capturing`` until
    it has answered.

    Raises:
        NotFoundError: No such payment, or another merchant's.
        NotCapturableError: It has not succeeded, was captured, or is another amount.
        CaptureExceedsAuthorizationError: So much is not held.
        UnsupportedError: The processor does not capture as finely as that.
    """
    async with deps.storage.transaction() as storage:
        bound = replace(deps, storage=storage)
        payment = await lock_payment(command.payment_id, command.merchant, bound)
        if payment.capture_mode == "automatic" or payment.captured:
            return await _confirm(command, payment, bound)
        after, operation_id = await _take(command, payment, bound)
    deps.notifier.notify("payments", operation_id)
    return after


async def _confirm(command: CapturePayment, payment: Payment, deps: Deps) -> Payment:
    asked = command.amount_minor
    amount = None if asked is None else Money(asked, payment.amount.currency)
    change = payment.capture(amount, at=deps.clock.now())
    await deps.storage.payments.update(change)
    return change.after


async def _take(command: CapturePayment, payment: Payment, deps: Deps) -> tuple[Payment, str]:
    asked = command.amount_minor
    amount = payment.amount_held if asked is None else Money(asked, payment.amount.currency)
    change = payment.request_capture(amount, at=deps.clock.now())
    _require_as_fine(payment, amount, is_final=command.is_final, deps=deps)
    operation = follow_up(
        change.after, OperationKind.CAPTURE, amount, deps, is_final=command.is_final
    )
    await deps.storage.payments.ask(change, operation)
    return change.after, operation.id


def _require_as_fine(payment: Payment, amount: Money, *, is_final: bool, deps: Deps) -> None:
    grade = require_capable(payment, "capture", deps).capture
    if grade == "full" and amount != payment.amount_authorized:
        raise UnsupportedError(
            f"Processor {payment.processor} captures only the whole amount", field="amount"
        )
    leaves_some = not is_final and amount < payment.amount_held
    if grade == "partial" and leaves_some:
        raise UnsupportedError(
            f"Processor {payment.processor} captures a payment only once", field="final"
        )
