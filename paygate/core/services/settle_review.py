"""A person says what became of an operation that no machine could find out about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from ..domain.errors import NotFoundError, NotInReviewError
from ..domain.merchant import Merchant
from ..domain.outcome import Approved, DeclineCode, Declined, Outcome
from ..domain.payment import Payment
from ..domain.redaction import redact
from .conflicts import run_again_on_conflict
from .deps import Deps
from .events import ring_deliveries
from .run_operation import conclude_operation


@dataclass(frozen=True, slots=True)
class SettleReview:
    """What the person said.

    Args:
        merchant: Whose payment.
        operation_id: Which operation; it must need review.
        verdict: What happened at the processor.
        reason: How they know; kept on the time line.
    """

    merchant: Merchant
    operation_id: str
    verdict: Literal["approved", "declined"]
    reason: str


@run_again_on_conflict
async def settle_review(command: SettleReview, deps: Deps) -> Payment:
    """Settle it, through the one path that every answer takes.

    Raises:
        NotFoundError: No such operation, or another merchant's.
        NotInReviewError: It is decided, or machines are still at it.
    """
    async with deps.storage.transaction() as storage:
        bound = replace(deps, storage=storage)
        claimed = await storage.operations.take(command.operation_id, token=deps.ids.uuid())
        if claimed is None or claimed.operation.merchant_id != command.merchant.id:
            raise NotFoundError("Operation")
        operation = claimed.operation
        if operation.state != "needs_review":
            raise NotInReviewError
        outcome: Outcome = Declined(DeclineCode.PROCESSING_ERROR)
        if command.verdict == "approved":
            outcome = Approved(f"settled_{operation.id}", operation.amount)
        endpoints = await storage.merchants.destinations([operation.merchant_id])
        record = conclude_operation(claimed, outcome, endpoints[operation.merchant_id], bound)
        note = redact(f"settled by a person as {command.verdict}: {command.reason}")
        stored = await storage.operations.record([replace(record, note=note)], at=deps.clock.now())
        assert stored.won, "the rows are locked, so nothing can have moved"
    ring_deliveries(record.events, deps)
    return record.payment.after
