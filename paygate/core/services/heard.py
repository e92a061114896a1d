"""What a worker is to ask, and what it heard."""

from __future__ import annotations

from dataclasses import dataclass

from ..domain.lease import Lease
from ..ports.plugins import WakeUp
from ..ports.records import ClaimedOperation, RecordedCall
from .assess_risk import Assessment
from .recorded_call import Answer


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of asking.

    Args:
        answer: The processor's; None where this worker had lost the row.
        wake_ups: When it wants to be woken.
        call: For the records.
        assessment: What risk checks said first.
    """

    answer: Answer | None
    wake_ups: tuple[WakeUp, ...] = ()
    call: RecordedCall | None = None
    assessment: Assessment | None = None

    @property
    def is_blocked(self) -> bool:
        """Whether nobody was asked, and nobody is to be."""
        return self.assessment is not None and self.assessment.declined is not None


@dataclass(frozen=True, slots=True)
class ToAsk:
    """An operation this worker holds.

    Args:
        claimed: As it is stored now.
        is_fresh: Marked sent in this very claim: the processor is to be told. Any
            other was told before, or may have been, and is asked about.
        is_unchecked: Not marked yet: risk checks are to be asked first.
    """

    claimed: ClaimedOperation
    is_fresh: bool
    is_unchecked: bool = False

    @property
    def lease(self) -> Lease:
        """The right to work on it."""
        return self.claimed.lease
