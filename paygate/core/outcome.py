"""Outcomes: a closed union of a processor's results, with reasons and next actions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal

from .money import Money


class DeclineCode(StrEnum):
    """Why a processor declined. Closed: a plugin maps its processor's codes to these."""

    DECLINED = "declined"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    EXPIRED_INSTRUMENT = "expired_instrument"
    INVALID_INSTRUMENT = "invalid_instrument"
    BLOCKED_INSTRUMENT = "blocked_instrument"
    LIMIT_EXCEEDED = "limit_exceeded"
    AUTHENTICATION_FAILED = "authentication_failed"
    SUSPECTED_FRAUD = "suspected_fraud"
    PAYER_REJECTED = "payer_rejected"
    PAYER_TIMED_OUT = "payer_timed_out"
    ISSUER_UNAVAILABLE = "issuer_unavailable"
    PROCESSING_ERROR = "processing_error"


RetryAdvice = Literal["never", "same_instrument", "other_instrument", "other_processor", "later"]
ActionKind = Literal["redirect", "three_ds", "upi_intent", "qr", "upi_collect", "otp", "wait"]


@dataclass(frozen=True, slots=True)
class Approved:
    """The processor approved the operation.

    Args:
        reference: The processor's id of the operation.
        amount: The approved amount. Less than the requested amount is a partial approval: it
            is held for a manual order; otherwise the payment fails and the part is refunded.
        operation_id: The operation it belongs to, if the processor names it; an outcome of
            another operation is refused.
    """

    reference: str
    amount: Money
    operation_id: str | None = None


@dataclass(frozen=True, slots=True)
class Declined:
    """The processor declined the operation: an outcome, not an error.

    Args:
        code: The reason.
        retry: What a retry would need.
        processor_code: The processor's own code.
        shopper_message_key: The key of the message for the shopper.
    """

    code: DeclineCode
    retry: RetryAdvice = "other_instrument"
    processor_code: str | None = None
    shopper_message_key: str | None = None


@dataclass(frozen=True, slots=True)
class ActionRequired:
    """The shopper has to act before there is a final outcome.

    Args:
        action: The kind of action.
        expires_at: When the processor stops waiting, in UTC.
        data: What the shopper's page needs to show the action (an address, a QR text).
        resolve_after: When to query the processor, unless a callback arrives before.
        state: Opaque to paygate; stored, and passed to the next call.
    """

    action: ActionKind
    expires_at: datetime
    data: Mapping[str, str] = field(default_factory=dict)
    resolve_after: timedelta = timedelta(seconds=5)
    state: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """The processor accepted the operation; the outcome follows by query or callback.

    No task waits for it: the operation's due time changes.

    Args:
        resolve_after: The delay before the next query.
        expires_at: When the processor stops waiting, in UTC.
        state: Opaque to paygate; stored, and passed to the next call.
    """

    resolve_after: timedelta
    expires_at: datetime | None = None
    state: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """It is not known whether the operation happened. Query it; never charge again.

    Args:
        reason: For the timeline; without secrets.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Released:
    """The processor released held money because the hold expired.

    It only comes with a callback about a charge that was approved before.

    Args:
        reason: For the timeline.
    """

    reason: str


Outcome = Approved | Declined | ActionRequired | Pending | Unknown | Released


@dataclass(frozen=True, slots=True)
class NextAction:
    """What the shopper has to do before there is a final outcome.

    Args:
        type: The kind of action.
        expires_at: When it expires, in UTC.
        data: What the shopper's page needs to show it.
    """

    type: ActionKind
    expires_at: datetime
    data: Mapping[str, str]

    @classmethod
    def of(cls, outcome: ActionRequired) -> NextAction:
        """Return the action that a processor requires."""
        return cls(outcome.action, outcome.expires_at, dict(outcome.data))


@dataclass(frozen=True, slots=True)
class Decline:
    """Why a payment failed: a code and a message."""

    code: str
    description: str


EXPIRED_HOLD = Decline(DeclineCode.PROCESSING_ERROR, "The hold has expired")
"""The decline of a payment whose hold expired before the approval arrived."""
PARTLY_APPROVED = Decline("partly_approved", "Only a part of the amount was approved")
"""The decline of a payment that was approved for a part. The part is refunded."""
