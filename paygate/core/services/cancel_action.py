"""The shopper takes back what they were asked to do."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..domain.errors import NoActionError, NotFoundError, UnsupportedError
from ..domain.outcome import DeclineCode, Declined
from ..domain.payment import Payment
from ..ports.records import ClaimedOperation
from .deps import Deps
from .events import ring_deliveries
from .run_operation import conclude_operation

NOTE = "cancelled by the shopper"


@dataclass(frozen=True, slots=True)
class CancelAction:
    """Which payment they will not go on with."""

    payment_id: str


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
        # Locked from reading to writing: of an approval and this, one is first.
        claimed = await storage.operations.take(charge.operation.id, token=deps.ids.uuid())
        assert claimed is not None, "an operation is never deleted"
        _require_cancellable(claimed, deps)
        owner = claimed.payment.merchant_id
        to = (await storage.merchants.destinations([owner]))[owner]
        answer = Declined(DeclineCode.PAYER_REJECTED, retry="same_instrument")
        record = conclude_operation(claimed, answer, to, bound)
        stored = await storage.operations.record([replace(record, note=NOTE)], at=deps.clock.now())
        assert stored.won, "the rows are locked, so nothing can have moved"
    ring_deliveries(record.events, deps)
    return record.payment.after


def _require_cancellable(claimed: ClaimedOperation, deps: Deps) -> None:
    payment = claimed.payment
    if claimed.operation.is_ended or payment.next_action is None:
        raise NoActionError
    processor = deps.registry.processors.get(claimed.operation.processor)
    takes_late = processor is not None and processor.capabilities.late_success
    # What is held late for a manual order is no late success: nobody would know of it.
    if not takes_late or payment.capture_mode == "manual":
        raise UnsupportedError("This payment cannot be cancelled while it waits for its shopper")
