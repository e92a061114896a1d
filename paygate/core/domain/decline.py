"""Why a payment failed."""

from __future__ import annotations

from dataclasses import dataclass

from .outcome import DeclineCode


@dataclass(frozen=True, slots=True)
class Decline:
    """Why a payment failed, in our words and in a sentence."""

    code: str
    description: str


EXPIRED_HOLD = Decline(DeclineCode.PROCESSING_ERROR, "The hold has expired")
"""Of a payment whose hold had ended before we were told that there was one."""

PARTLY_APPROVED = Decline("partly_approved", "Only a part of the amount was approved")
"""Why a payment failed of whose amount the processor took a part. The part is refunded."""
