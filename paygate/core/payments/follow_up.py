"""Capture, refund, void and cancel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from ..accounts.model import Merchant
from ..deps import Deps, run_again_on_conflict
from ..errors import NotFoundError, UnsupportedError
from ..ids import IdKind
from ..money import Money
from ..plugin_api.processor import Capabilities, Grade
from ..webhooks.emit import notify_deliveries, refund_events
from ..webhooks.model import Endpoint
from .model import Payment, Refund
from .operation import Operation, OperationKind

WORDS = {"capture": "capture", "void": "let go of held money", "refund": "refund"}


async def lock_payment(payment_id: str, merchant: Merchant, deps: Deps) -> Payment:
    """The merchant's payment, which nobody else changes until the transaction ends.

    Of requests that arrive at once each sees what the one before it left.

    Raises:
        NotFoundError: No such payment, or another merchant's.
    """
    payment = await deps.storage.payments.lock(payment_id)
    if payment is None or payment.merchant_id != merchant.id:
        raise NotFoundError("Payment")
    return payment


def require_capable(
    payment: Payment, capability: Literal["capture", "void", "refund"], deps: Deps
) -> Capabilities:
    """What the payment's processor can do, if it can do this at all.

    Raises:
        UnsupportedError: It cannot; nobody is asked.
    """
    processor = deps.registry.processors.get(payment.processor)
    if processor is None or getattr(processor.capabilities, capability) in {"none", False}:
        raise UnsupportedError(f"Processor {payment.processor} does not {WORDS[capability]}")
    return processor.capabilities


def follow_up(
    payment: Payment,
    kind: OperationKind,
    amount: Money,
    deps: Deps,
    *,
    refund_id: str | None = None,
    is_final: bool = True,
) -> Operation:
    """The operation that asks the payment's processor for it, due now."""
    return Operation(
        id=deps.ids.new(IdKind.OPERATION, of=f"{payment.id}:{kind}:{payment.version}"),
        payment_id=payment.id,
        merchant_id=payment.merchant_id,
        kind=kind,
        amount=amount,
        processor=payment.processor,
        state="reserved",
        due_at=payment.updated_at,
        created_at=payment.updated_at,
        refund_id=refund_id,
        is_final=is_final,
    )


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
    _require_partial_captures(payment, amount, is_final=command.is_final, deps=deps)
    operation = follow_up(
        change.after, OperationKind.CAPTURE, amount, deps, is_final=command.is_final
    )
    await deps.storage.payments.ask(change, operation)
    return change.after, operation.id


def _require_partial_captures(
    payment: Payment, amount: Money, *, is_final: bool, deps: Deps
) -> None:
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
        _require_partial_refunds(payment, amount, grade)
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


def _require_partial_refunds(payment: Payment, amount: Money, grade: Grade) -> None:
    if grade == "full" and amount != payment.amount_captured:
        raise UnsupportedError(
            f"Processor {payment.processor} refunds only the whole amount", field="amount"
        )
    if grade == "partial" and payment.amount_refunded:
        raise UnsupportedError(f"Processor {payment.processor} refunds a payment only once")


@dataclass(frozen=True, slots=True)
class CancelPayment:
    """What the merchant said."""

    merchant: Merchant
    payment_id: str


@run_again_on_conflict
async def cancel_payment(command: CancelPayment, deps: Deps) -> Payment:
    """Be about to void the payment; it is ``voiding`` until the processor has answered.

    Raises:
        NotFoundError: No such payment, or another merchant's.
        NotCancellableError: No money of it is held.
        UnsupportedError: The processor does not void.
    """
    async with deps.storage.transaction() as storage:
        bound = replace(deps, storage=storage)
        payment = await lock_payment(command.payment_id, command.merchant, bound)
        change = payment.request_void(at=deps.clock.now())
        require_capable(payment, "void", deps)
        operation = follow_up(change.after, OperationKind.VOID, payment.amount_held, deps)
        await storage.payments.ask(change, operation)
    deps.notifier.notify("payments", operation.id)
    return change.after
