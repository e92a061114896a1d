"""The shopper takes back what they were asked to do."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..domain.errors import NoActionError, NotFoundError, UnsupportedError
from ..domain.ids import IdKind
from ..domain.operation import Operation, OperationKind
from ..domain.outcome import DeclineCode, Declined
from ..domain.payment import Payment
from ..ports.records import ClaimedOperation
from .conclude_operation import conclude_operation
from .conflicts import run_again_on_conflict
from .deps import Deps
from .events import notify_deliveries
from .registry import GuardedByHost

NOTE = "cancelled by the shopper"


@dataclass(frozen=True, slots=True)
class CancelAction:
    """Which payment they will not go on with."""

    payment_id: str


@run_again_on_conflict
async def cancel_action(command: CancelAction, deps: Deps) -> Payment:
    """End a payment that waits for its shopper, as one that they have rejected.

    The processor cannot be told. Where it approves all the same, that is a late success:
    the payment succeeds after all, or the money goes back if the order is paid otherwise.

    Raises:
        NotFoundError: No such payment.
        NoActionError: It does not wait for its shopper.
        UnsupportedError: An approval that comes after all would be lost.
    """
    charge = await deps.storage.operations.find_charge(command.payment_id)
    if charge is None:
        raise NotFoundError("Payment")
    async with deps.storage.transaction() as storage:
        bound = replace(deps, storage=storage)
        (claimed,) = await storage.operations.lock([charge.operation.id])
        processor = _require_cancellable(claimed, deps)
        owner = claimed.payment.merchant_id
        to = (await storage.merchants.destinations([owner]))[owner]
        answer = Declined(DeclineCode.PAYER_REJECTED, retry="same_instrument")
        record = conclude_operation(claimed, answer, to, bound)
        confirm = _confirmation(claimed, deps) if processor.capabilities.query else ()
        record = replace(record, note=NOTE, added=confirm)
        await storage.operations.store([record], at=deps.clock.now())
    notify_deliveries(record.events, deps)
    return record.payment.after


def _confirmation(claimed: ClaimedOperation, deps: Deps) -> tuple[Operation, ...]:
    """A query that is due when the shopper cannot approve any more: did they, after all?

    The processor was not told, and its callback may be lost.
    """
    charge, action, now = claimed.operation, claimed.payment.next_action, deps.clock.now()
    confirm = Operation(
        id=deps.ids.new(IdKind.OPERATION, of=f"{charge.id}:{OperationKind.CONFIRM}"),
        payment_id=charge.payment_id,
        merchant_id=charge.merchant_id,
        kind=OperationKind.CONFIRM,
        amount=charge.amount,
        processor=charge.processor,
        state="reserved",
        due_at=max(now, action.expires_at if action is not None else now),
        created_at=now,
        processor_state=charge.processor_state,
    )
    return (confirm,)


def _require_cancellable(claimed: ClaimedOperation, deps: Deps) -> GuardedByHost:
    payment = claimed.payment
    processor = deps.registry.processors.get(claimed.operation.processor)
    if claimed.operation.is_ended or payment.next_action is None:
        raise NoActionError
    takes_late = processor is not None and processor.capabilities.late_success
    # A hold that comes late, for an order that was paid otherwise, is not let go by itself.
    if processor is None or not takes_late or payment.capture_mode == "manual":
        raise UnsupportedError("This payment cannot be cancelled while it waits for its shopper")
    return processor
