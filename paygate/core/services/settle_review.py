"""A person says what became of an operation that no machine could find out about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from ..domain.errors import NotFoundError, NotInReviewError, UnsupportedError
from ..domain.operation import OperationKind
from ..domain.outcome import Approved, DeclineCode, Declined, Outcome
from ..domain.payment import Payment
from ..domain.redaction import redact
from ..ports.callbacks import Update
from ..ports.records import ClaimedOperation
from .apply_update import apply_in_transaction, keep_conflict
from .conclude_operation import conclude_operation
from .conflicts import run_again_on_conflict
from .deps import Deps
from .events import notify_deliveries
from .idempotent import DeferredNotifications


@dataclass(frozen=True, slots=True)
class SettleReview:
    """What the person said.

    Args:
        operation_id: Which operation; it must need review.
        verdict: What happened at the processor.
        reason: How they know; kept on the time line.
    """

    operation_id: str
    verdict: Literal["approved", "declined"]
    reason: str


@run_again_on_conflict
async def settle_review(command: SettleReview, deps: Deps) -> Payment:
    """Settle any merchant's operation, through the one path that every answer takes.

    Only an operator may ask for it: a merchant must not declare its own money received.

    Raises:
        NotFoundError: No such operation.
        NotInReviewError: It is decided, or machines are still at it.
    """
    notifications = DeferredNotifications()
    async with deps.storage.transaction() as storage:
        bound = replace(deps, storage=storage, notifier=notifications)
        claimed = await _locked(command, bound)
        operation = claimed.operation
        outcome: Outcome = Declined(DeclineCode.PROCESSING_ERROR)
        if command.verdict == "approved":
            outcome = Approved(f"settled_{operation.id}", operation.amount)
        endpoints = await storage.merchants.destinations([operation.merchant_id])
        record = conclude_operation(claimed, outcome, endpoints[operation.merchant_id], bound)
        note = redact(f"settled by a person as {command.verdict}: {command.reason}")
        await storage.operations.store([replace(record, note=note)], at=deps.clock.now())
        notify_deliveries(record.events, bound)
        after = record.payment.after
        if operation.kind is OperationKind.CONFIRM and isinstance(outcome, Approved):
            after = await _tell_charge(claimed, outcome, bound)
    notifications.send_all(deps)
    return after


async def _locked(command: SettleReview, deps: Deps) -> ClaimedOperation:
    """The operation under review; with it its charge, which a confirmation is about."""
    found = await deps.storage.operations.find(command.operation_id)
    if found is None:
        raise NotFoundError("Operation")
    charge = [found.charge.operation_id] if found.charge is not None else []
    locked = await deps.storage.operations.lock([command.operation_id, *charge])
    claimed = next(each for each in locked if each.operation.id == command.operation_id)
    if claimed.operation.state != "needs_review":
        raise NotInReviewError
    return claimed


async def _tell_charge(claimed: ClaimedOperation, approved: Approved, deps: Deps) -> Payment:
    """Take what a confirmation found as an answer to the charge that it is about."""
    processor = deps.registry.processors.get(claimed.operation.processor)
    if processor is None or claimed.charge is None:
        raise UnsupportedError(f"Processor {claimed.operation.processor} is not installed")
    update = Update(claimed.charge.operation_id, approved)
    await keep_conflict(await apply_in_transaction(update, processor, deps), processor, deps)
    after = await deps.storage.payments.get(claimed.payment.id)
    assert after is not None, "a payment is never deleted"
    return after
