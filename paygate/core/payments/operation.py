"""The operation: one request to a processor."""

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
    # From "reserved" straight to a result: the payment was blocked before it was sent, or
    # the processor had denied a request that it received, and calls back.
    "reserved": frozenset({"sent", "pending", "succeeded", "failed", "needs_review"}),
    "sent": frozenset({"reserved", "pending", "unknown", "succeeded", "failed", "needs_review"}),
    "pending": frozenset({"reserved", "pending", "unknown", "succeeded", "failed", "needs_review"}),
    "unknown": frozenset({"reserved", "pending", "unknown", "succeeded", "failed", "needs_review"}),
    # A person decides in a manual review.
    "needs_review": frozenset({"succeeded", "failed"}),
    "succeeded": frozenset(),
    "failed": frozenset(),
}
ERASED = "erased"
"""Replaces a sealed secret of an instrument that was erased."""
ENDED: frozenset[OperationState] = frozenset({"succeeded", "failed", "needs_review"})


class OperationKind(StrEnum):
    """The kinds of operations."""

    CHARGE = "charge"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"
    WAKE = "wake"
    """Requested by the processor: a call at a later time."""
    CONFIRM = "confirm"
    """A query about a charge that ended without an outcome of the processor: is there money?"""


@dataclass(frozen=True, slots=True)
class Operation:
    """One request to a processor, and its state.

    Its id is committed before the request is sent, and is the processor's idempotency
    key: every repetition has the same id.

    Args:
        state: ``reserved`` not sent · ``sent`` sent, no outcome stored ·
            ``pending`` accepted, outcome later · ``unknown`` may have happened.
        due_at: When a worker processes it next, in UTC.
        queries: Number of queries since it was sent, or since the last response.
        sends: Number of attempts to send it that did not reach the processor.
        expires_at: The processor's deadline, in UTC; None if it named none.
        reference: The processor's id of it.
        processor_state: The processor's own state, passed to each call.
        sealed: The instrument's secret, encrypted; None without one, and after the outcome.
            ``ERASED`` if it was erased before that.
        refund_id: The refund of a refund operation; None for other kinds.
        is_final: Whether a capture releases the rest of the hold.
        fallbacks: Processors that a charge may go to instead, the best first; see ``failover``.
            Empty from the moment at which its own processor may have received it.
        request_id: The id of the request for a capture, void or refund; None for others.
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
    fallbacks: tuple[str, ...] = ()
    request_id: str | None = None

    @property
    def is_ended(self) -> bool:
        """Whether no worker needs to process it again."""
        return self.state in ENDED

    @property
    def is_erased(self) -> bool:
        """Whether its secret was erased: it can be queried, and not sent."""
        return self.sealed == ERASED

    @property
    def is_unsent(self) -> bool:
        """Whether it was never sent to the processor."""
        return self.state == "reserved" and not self.sends

    def mark_sent(self) -> Operation:
        """Mark the operation as about to be sent."""
        return self._move("sent", queries=0)

    def settle(
        self,
        outcome: Outcome,
        *,
        at: datetime,
        wait: timedelta | None,
        answered_at: datetime | None = None,
    ) -> Operation:
        """Apply an outcome.

        Args:
            outcome: The outcome.
            at: Now, in UTC.
            wait: For ``Unknown``: the delay before the next query; None when the query
                policy gives up and a person has to decide.
            answered_at: When the processor answered, in UTC. A pending outcome names a delay
                from then on, also if the clock was moved since. None: it was not asked.
        """
        match outcome:
            case Approved(reference=reference):
                return self._end("succeeded", at=at, reference=reference)
            case Declined() | Released():
                return self._end("failed", at=at)
            case Pending() | ActionRequired():
                return self._await(outcome, at=at if answered_at is None else min(at, answered_at))
            case Unknown():
                return self._mark_unknown(at=at, wait=wait)

    def is_overdue(self, *, at: datetime) -> bool:
        """Check whether the deadline has passed, so that "pending" counts as unknown."""
        latest = self.created_at + PENDING_MAX if self.expires_at is None else self.expires_at
        return at > latest + PENDING_GRACE

    def _await(self, outcome: Pending | ActionRequired, *, at: datetime) -> Operation:
        state = outcome.state if outcome.state is not None else self.processor_state
        # The delay grows with the age, so that a processor that always asks to be queried
        # at once costs a bounded number of calls.
        pause = max(outcome.resolve_after, PENDING_PAUSE_MIN, (at - self.created_at) // 100)
        expires_at = outcome.expires_at or self.expires_at
        return self._move(
            "pending",
            due_at=at + pause,
            processor_state=state,
            expires_at=expires_at,
            queries=0,
            fallbacks=(),
        )

    def revive(self, approved: Approved, *, at: datetime) -> Operation:
        """Apply an approval that came after the decline; see ``Payment.revive``.

        Raises:
            InvalidTransitionError: The operation has not failed.
        """
        if self.state != "failed":
            raise InvalidTransitionError(thing="operation", status=self.state, action="revive")
        return replace(self, state="succeeded", reference=approved.reference, due_at=at)

    def not_sent(self, *, at: datetime, wait: timedelta, is_certain: bool) -> Operation:
        """Reserve it again with the same id: the processor has not received it.

        Args:
            at: Now, in UTC.
            wait: The delay before it is sent again.
            is_certain: Whether no request was sent at all. A processor that says that it does
                not know the operation may still receive a request that is on its way.
        """
        fallbacks = self.fallbacks if is_certain else ()
        return self._move("reserved", due_at=at + wait, sends=self.sends + 1, fallbacks=fallbacks)

    def hand_over(self, *, at: datetime) -> Operation:
        """End a charge that was certainly never sent: another processor takes it over."""
        return self._end("failed", at=at)

    def _mark_unknown(self, *, at: datetime, wait: timedelta | None) -> Operation:
        if wait is None:
            return self._end("needs_review", at=at)
        queries = self.queries + 1
        return self._move("unknown", due_at=at + wait, queries=queries, fallbacks=())

    def _end(self, state: OperationState, *, at: datetime, **changes: Any) -> Operation:
        # The card is no longer needed. An operation in review may be queried again, and must
        # not be sent without its card.
        has_secret = state == "needs_review" and self.sealed is not None
        sealed = ERASED if has_secret else None
        return self._move(state, due_at=at, sealed=sealed, fallbacks=(), **changes)

    def _move(self, state: OperationState, **changes: Any) -> Operation:
        if state not in OPERATION_TRANSITIONS[self.state]:
            raise InvalidTransitionError(thing="operation", status=self.state, action=state)
        return replace(self, state=state, **changes)
