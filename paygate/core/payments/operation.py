"""The operation: one thing asked of a processor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from ..errors import InvalidTransitionError
from ..limits import PENDING_GRACE, PENDING_MAX, PENDING_PAUSE_MIN
from ..money import Money
from ..outcome import ActionRequired, Approved, Declined, Outcome, Pending, Released, Unknown

OperationState = Literal[
    "reserved", "sent", "pending", "unknown", "succeeded", "failed", "needs_review"
]
OPERATION_TRANSITIONS: dict[OperationState, frozenset[OperationState]] = {
    # From "reserved" straight to a result: the payment was stopped before anyone was asked, or
    # the processor did see a request that it had denied, and calls back.
    "reserved": frozenset({"sent", "pending", "succeeded", "failed", "needs_review"}),
    "sent": frozenset({"reserved", "pending", "unknown", "succeeded", "failed", "needs_review"}),
    "pending": frozenset({"reserved", "pending", "unknown", "succeeded", "failed", "needs_review"}),
    "unknown": frozenset({"reserved", "pending", "unknown", "succeeded", "failed", "needs_review"}),
    # A person settles what no machine could.
    "needs_review": frozenset({"succeeded", "failed"}),
    "succeeded": frozenset(),
    "failed": frozenset(),
}
ERASED = "erased"
"""Stands for an instrument's secret part that is no longer stored."""
ENDED: frozenset[OperationState] = frozenset({"succeeded", "failed", "needs_review"})


class OperationKind(StrEnum):
    """What can be asked."""

    CHARGE = "charge"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"
    WAKE = "wake"
    """Not asked of the processor but by it: a call it wanted later."""
    CONFIRM = "confirm"
    """A query about a charge that ended here without the processor's word: is there money?"""


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing asked of a processor, and how far that got.

    Its id is minted and committed before the processor hears of it, and is the
    processor's idempotency key for ever: asking again is asking the same thing.

    Args:
        state: ``reserved`` nobody was asked · ``sent`` asked, no answer stored ·
            ``pending`` accepted, answer later · ``unknown`` may have happened.
        due_at: When a worker is to look at it, in UTC.
        queries: How often the processor was asked about it since it was sent, or since it
            last answered.
        sends: How often it was to be sent and did not reach the processor.
        expires_at: When the processor is to have decided, in UTC; None if it gave no time.
        reference: What the processor calls it.
        processor_state: The processor's own notes, handed back with each call.
        sealed: The instrument's secret part, encrypted; None where there is none, and once it
            is decided. ``ERASED`` where it was erased before that.
        refund_id: The refund it carries out; None for any other kind.
        is_final: Of a capture: whether the rest of the hold is let go with it.
    """

    id: str
    payment_id: str
    merchant_id: UUID
    kind: OperationKind
    amount: Money
    processor: str
    state: OperationState
    due_at: datetime
    created_at: datetime
    queries: int = 0
    sends: int = 0
    expires_at: datetime | None = None
    reference: str | None = None
    processor_state: Mapping[str, Any] | None = None
    sealed: str | None = None
    refund_id: str | None = None
    is_final: bool = True

    @property
    def is_ended(self) -> bool:
        """Whether no worker need look at it again."""
        return self.state in ENDED

    @property
    def is_erased(self) -> bool:
        """Whether it had a secret part that is gone: it can be asked about, and not sent."""
        return self.sealed == ERASED

    @property
    def is_unsent(self) -> bool:
        """Whether the processor was never told of it."""
        return self.state == "reserved" and not self.sends

    def mark_sent(self) -> Operation:
        """Say that the processor is about to be asked, before it is."""
        return replace(self._move("sent"), queries=0)

    def settle(self, outcome: Outcome, *, at: datetime, wait: timedelta | None) -> Operation:
        """Take a processor's answer.

        Args:
            outcome: The answer.
            at: Now, in UTC.
            wait: For ``Unknown``: how long until the next query; None when the
                query policy has given up and a person has to look.
        """
        match outcome:
            case Approved(reference=reference):
                return replace(self._end("succeeded", at=at), reference=reference)
            case Declined() | Released():
                return self._end("failed", at=at)
            case Pending() | ActionRequired():
                return self._await(outcome, at=at)
            case Unknown():
                return self._mark_unknown(at=at, wait=wait)

    def is_overdue(self, *, at: datetime) -> bool:
        """Whether "pending" is no answer any more: the processor should have decided by now."""
        latest = self.created_at + PENDING_MAX if self.expires_at is None else self.expires_at
        return at > latest + PENDING_GRACE

    def _await(self, outcome: Pending | ActionRequired, *, at: datetime) -> Operation:
        moved = self._move("pending")
        state = outcome.state if outcome.state is not None else self.processor_state
        # The older it is, the less often it is asked about: a processor that always says
        # "ask again at once" costs a bounded number of calls.
        pause = max(outcome.resolve_after, PENDING_PAUSE_MIN, (at - self.created_at) // 100)
        expires_at = outcome.expires_at or self.expires_at
        return replace(
            moved, due_at=at + pause, processor_state=state, expires_at=expires_at, queries=0
        )

    def revive(self, approved: Approved, *, at: datetime) -> Operation:
        """Take a success that came after the decline; see ``Payment.revive``.

        Raises:
            InvalidTransitionError: It was not declined.
        """
        if self.state != "failed":
            raise InvalidTransitionError(thing="operation", status=self.state, action="revive")
        return replace(self, state="succeeded", reference=approved.reference, due_at=at)

    def not_sent(self, *, at: datetime, wait: timedelta) -> Operation:
        """Take the processor's word that it never saw this: send it again, same id."""
        return replace(self._move("reserved"), due_at=at + wait, sends=self.sends + 1)

    def _mark_unknown(self, *, at: datetime, wait: timedelta | None) -> Operation:
        if wait is None:
            return self._end("needs_review", at=at)
        return replace(self._move("unknown"), due_at=at + wait, queries=self.queries + 1)

    def _end(self, state: OperationState, *, at: datetime) -> Operation:
        # Neither needs the card any more. One under review may be asked about again, and must
        # not be sent without it.
        is_kept = state == "needs_review" and self.sealed is not None
        sealed = ERASED if is_kept else None
        return replace(self._move(state), due_at=at, sealed=sealed)

    def _move(self, state: OperationState) -> Operation:
        if state not in OPERATION_TRANSITIONS[self.state]:
            raise InvalidTransitionError(thing="operation", status=self.state, action=state)
        return replace(self, state=state)
