"""How an operation of a simulated processor ends, and when."""

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
        due_at: When the result is known, in UTC.
        decline: The decline; None if the charge is approved.
    """

    due_at: datetime
    decline: Declined | None

    @property
    def is_approved(self) -> bool:
        """Check whether the payer is charged."""
        return self.decline is None

    def as_json(self) -> dict[str, Any]:
        """Return the decision as plain JSON for ``read_decision``."""
        return {
            "due_at": self.due_at.isoformat(),
            "approved": self.is_approved,
            "decline": None if self.decline is None else asdict(self.decline),
        }


def decide(
    settings: SimulatorSettings, rng: Random, *, now: datetime, decline: Declined | None = None
) -> Decision:
    """Decide how an operation that arrives now ends.

    Args:
        settings: How to decide.
        rng: Seeded by the operation. Two numbers are drawn, the delay's first, so that the
            same operation always ends the same way.
        now: In UTC.
        decline: A certain result, whatever the settings are.
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
    """Decide how a refund that arrives now ends: approved, unless the settings say otherwise."""
    delay_ms = rng.uniform(settings.refund_delay_min_ms, settings.refund_delay_max_ms)
    return Decision(now + timedelta(milliseconds=delay_ms), decline)


def read_decision(stored: Mapping[str, Any] | None) -> Decision | None:
    """Parse the result of ``Decision.as_json``; return None for anything else."""
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
