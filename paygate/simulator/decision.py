"""What a simulated processor makes of an operation: the ending, and when it is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, cast, get_args

from ..core.outcome import DeclineCode, Declined, RetryAdvice
from .settings import SimulatorSettings


@dataclass(frozen=True, slots=True)
class Decision:
    """How an operation ends.

    Args:
        due_at: When the ending is known, in UTC.
        decline: Why not; None when the charge is approved.
    """

    due_at: datetime
    decline: Declined | None

    @property
    def is_approved(self) -> bool:
        """Whether the payer is charged."""
        return self.decline is None

    def as_json(self) -> dict[str, Any]:
        """The decision as plain JSON; ``read_decision`` turns it back."""
        return {
            "due_at": self.due_at.isoformat(),
            "approved": self.is_approved,
            "decline": None if self.decline is None else asdict(self.decline),
        }


def decide(
    settings: SimulatorSettings, rng: Random, *, now: datetime, decline: Declined | None = None
) -> Decision:
    """Decide how an operation that arrives now will end.

    Args:
        settings: How to decide.
        rng: Fresh from the operation's seed. Two numbers are drawn from it, the
            delay's first, so that the same operation always ends the same way.
        now: In UTC.
        decline: An ending that is certain whatever the settings say.
    """
    if settings.test_mode:
        delay_ms: float = settings.test_processing_delay_ms
        succeeds = settings.test_payment_success
    else:
        delay_ms = rng.uniform(settings.processing_delay_min_ms, settings.processing_delay_max_ms)
        succeeds = rng.random() < settings.success_rate
    if decline is None and not succeeds:
        decline = Declined(DeclineCode.DECLINED)
    return Decision(now + timedelta(milliseconds=delay_ms), decline)


def decide_refund(
    settings: SimulatorSettings, rng: Random, *, now: datetime, decline: Declined | None = None
) -> Decision:
    """Decide how a refund that arrives now will end: given back, unless told otherwise."""
    delay_ms = rng.uniform(settings.refund_delay_min_ms, settings.refund_delay_max_ms)
    return Decision(now + timedelta(milliseconds=delay_ms), decline)


def read_decision(stored: Mapping[str, Any] | None) -> Decision | None:
    """The decision that ``Decision.as_json`` wrote; None for anything else."""
    match stored:
        case {"due_at": str(due_at), "approved": bool(approved), "decline": decline}:
            pass
        case _:
            return None
    try:
        decision = Decision(datetime.fromisoformat(due_at), _read_decline(decline))
    except ValueError:
        return None
    is_sound = decision.due_at.tzinfo is not None and decision.is_approved == approved
    return decision if is_sound else None


def _read_decline(stored: object) -> Declined | None:
    match stored:
        case None:
            return None
        case {
            "code": str(code),
            "retry": str(retry),
            "processor_code": str() | None as processor_code,
            "shopper_message_key": str() | None as key,
        } if retry in get_args(RetryAdvice):
            advice = cast("RetryAdvice", retry)
            return Declined(DeclineCode(code), advice, processor_code, key)
    raise ValueError("not a decline")
