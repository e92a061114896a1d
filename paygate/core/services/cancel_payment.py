"""A merchant lets go of held money."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..domain.merchant import Merchant
from ..domain.operation import OperationKind
from ..domain.payment import Payment
from .conflicts import run_again_on_conflict
from .deps import Deps
from .follow_up import follow_up, lock_payment, require_capable


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
