"""What captures, voids and refunds have in common: each follows a payment's charge."""

from __future__ import annotations

from typing import Literal

from ..domain.errors import NotFoundError, UnsupportedError
from ..domain.ids import IdKind
from ..domain.merchant import Merchant
from ..domain.money import Money
from ..domain.operation import Operation, OperationKind
from ..domain.payment import Payment
from ..ports.processor import Capabilities
from .deps import Deps

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
