"""Capture, refund, void and cancel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from ..accounts.model import Merchant
from ..deps import Deps, run_again_on_conflict
from ..errors import NotFoundError, UnsupportedError
from ..ids import REQUEST_ID, IdKind
from ..money import Money
from ..plugin_api.processor import Capabilities, Grade
from ..webhooks.emit import notify_deliveries, refund_events
from ..webhooks.model import Endpoint
from .model import Payment, Refund
from .operation import Operation, OperationKind

ACTION_NAMES = {"capture": "capture", "void": "release held money", "refund": "refund"}


async def lock_payment(payment_id: str, merchant: Merchant, deps: Deps) -> Payment:
    """Return the merchant's payment, locked until the transaction ends.

    Concurrent requests run one after the other, each on the state after the one before.

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
    """Return the capabilities of the payment's processor, if it has this one.

    Raises:
        UnsupportedError: The processor does not support it; nothing is sent.
    """
    processor = deps.registry.processors.get(payment.processor)
    if processor is None or getattr(processor.capabilities, capability) in {"none", False}:
        raise UnsupportedError(f"Processor {payment.processor} cannot {ACTION_NAMES[capability]}")
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
    """Create an operation of the payment's processor, due now."""
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
        request_id=REQUEST_ID.get(),
    )


@dataclass(frozen=True, slots=True)
class CapturePayment:
    """A capture request.

    Args:
        merchant: The merchant that sends it.
        payment_id: The payment.
        amount_minor: The amount; None for all of it.
        is_final: Whether to release the rest of the hold.
    """

    merchant: Merchant
    payment_id: str
    amount_minor: int | None
    is_final: bool = True


@run_again_on_conflict
async def capture_payment(command: CapturePayment, deps: Deps) -> Payment:
    """Capture held money, or confirm a payment that was captured at once.

    Held money is captured by the processor: the payment is ``capturing`` until the
    outcome is stored.

    Raises:
        NotFoundError: No such payment, or another merchant's.
        NotCapturableError: It has not succeeded, is captured, or has another amount.
        CaptureExceedsAuthorizationError: Less than that is held.
        UnsupportedError: The processor does not support such a capture.
    """
    async with deps.storage.transaction() as storage:
        bound = replace(deps, storage=storage)
        payment = await lock_payment(command.payment_id, command.merchant, bound)
        if payment.capture_mode == "automatic" or payment.captured:
            return await _confirm(command, payment, bound)
        after, operation_id = await _capture(command, payment, bound)
    deps.notifier.notify("payments", operation_id)
    return after


async def _confirm(command: CapturePayment, payment: Payment, deps: Deps) -> Payment:
    asked = command.amount_minor
    amount = None if asked is None else Money(asked, payment.amount.currency)
    change = payment.capture(amount, at=deps.clock.now())
    await deps.storage.payments.update(change)
    return change.after


async def _capture(command: CapturePayment, payment: Payment, deps: Deps) -> tuple[Payment, str]:
    asked = command.amount_minor
    amount = payment.amount_held if asked is None else Money(asked, payment.amount.currency)
    change = payment.request_capture(amount, at=deps.clock.now())
    _require_partial_captures(payment, amount, is_final=command.is_final, deps=deps)
    operation = follow_up(
        change.after, OperationKind.CAPTURE, amount, deps, is_final=command.is_final
    )
    await deps.storage.payments.add_operation(change, operation)
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
    """A refund request.

    Args:
        merchant: The merchant that sends it.
        payment_id: The payment.
        amount_minor: The amount, in minor units of the payment's currency.
        reason: A reason for people.
        notes: The merchant's own data; None without any.
    """

    merchant: Merchant
    payment_id: str
    amount_minor: int
    reason: str | None
    notes: Mapping[str, Any] | None = None


@run_again_on_conflict
async def create_refund(command: CreateRefund, deps: Deps) -> Refund:
    """Reserve the money and store the refund with its operation.

    Raises:
        NotFoundError: No such payment, or another merchant's.
        UnsupportedError: The processor does not support refunds, or not such refunds.
        NotRefundableError: The payment has not succeeded.
        RefundExceedsCaptureError: Less than that is left.
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
        notes=command.notes,
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
    """A cancel request of the merchant."""

    merchant: Merchant
    payment_id: str


@run_again_on_conflict
async def cancel_payment(command: CancelPayment, deps: Deps) -> Payment:
    """Begin to void the payment; it is ``voiding`` until the outcome is stored.

    Raises:
        NotFoundError: No such payment, or another merchant's.
        NotCancellableError: The payment holds no money.
        UnsupportedError: The processor does not support voids.
    """
    async with deps.storage.transaction() as storage:
        bound = replace(deps, storage=storage)
        payment = await lock_payment(command.payment_id, command.merchant, bound)
        change = payment.request_void(at=deps.clock.now())
        require_capable(payment, "void", deps)
        operation = follow_up(change.after, OperationKind.VOID, payment.amount_held, deps)
        await storage.payments.add_operation(change, operation)
    deps.notifier.notify("payments", operation.id)
    return change.after
