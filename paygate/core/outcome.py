"""A processor's answer: a closed union of outcomes, with reasons and next actions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal

from .money import Money


class DeclineCode(StrEnum):
    """Why a processor said no. Closed: a plugin maps its own words to these."""

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
    """A definite yes.

    Args:
        reference: What the processor calls it.
        amount: What was approved. Less than asked is a partial approval: it is held for a
            manual order; for any other the payment fails and the part is refunded.
        operation_id: What it answers, if the processor says so; another is refused.
    """

    reference: str
    amount: Money
    operation_id: str | None = None


@dataclass(frozen=True, slots=True)
class Declined:
    """A definite no: an answer, not an error.

    Args:
        code: Why, in our words.
        retry: What could help.
        processor_code: Why, in the processor's words.
        shopper_message_key: Which sentence to show to the shopper.
    """

    code: DeclineCode
    retry: RetryAdvice = "other_instrument"
    processor_code: str | None = None
    shopper_message_key: str | None = None


@dataclass(frozen=True, slots=True)
class ActionRequired:
    """The shopper has to act before there is an answer.

    Args:
        action: What kind of act.
        expires_at: When the processor gives up waiting, in UTC.
        data: What the shopper's page needs to show it (an address, a QR text).
        resolve_after: When to ask the processor, if nobody calls back before.
        state: Opaque to us, kept and handed back with the next call.
    """

    action: ActionKind
    expires_at: datetime
    data: Mapping[str, str] = field(default_factory=dict)
    resolve_after: timedelta = timedelta(seconds=5)
    state: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """Accepted; the answer comes later, by query or callback.

    Nothing waits in memory for it: the operation's due time moves.

    Args:
        resolve_after: When to ask, counted from now.
        expires_at: When the processor gives up, in UTC.
        state: Opaque to us, kept and handed back with the next call.
    """

    resolve_after: timedelta
    expires_at: datetime | None = None
    state: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may have happened or not. Resolved by asking, never by charging again.

    Args:
        reason: What we saw, for the time line; no secrets.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Released:
    """Held money that the processor let go by itself, because the hold has expired.

    Only a callback says it, of a charge that was approved before.

    Args:
        reason: For the time line.
    """

    reason: str


Outcome = Approved | Declined | ActionRequired | Pending | Unknown | Released
Undecided = ActionRequired | Pending | Unknown


@dataclass(frozen=True, slots=True)
class NextAction:
    """What the shopper has to do before there is an answer.

    Args:
        type: What kind of act.
        expires_at: Until when, in UTC.
        data: What the shopper's page needs to show it.
    """

    type: ActionKind
    expires_at: datetime
    data: Mapping[str, str]

    @classmethod
    def of(cls, outcome: ActionRequired) -> NextAction:
        """The action that a processor requires."""
        return cls(outcome.action, outcome.expires_at, dict(outcome.data))


@dataclass(frozen=True, slots=True)
class Decline:
    """Why a payment failed, in our words and in a sentence."""

    code: str
    description: str


EXPIRED_HOLD = Decline(DeclineCode.PROCESSING_ERROR, "The hold has expired")
"""Of a payment whose hold had ended before we were told that there was one."""
PARTLY_APPROVED = Decline("partly_approved", "Only a part of the amount was approved")
"""Why a payment failed of whose amount the processor took a part. The part is refunded."""
