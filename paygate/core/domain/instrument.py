"""What of a payer's card or address may be kept and shown, and what is sealed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Instrument:
    """A payer's particular card or address, as its method prepared it.

    Args:
        method: The payment method's code.
        flow: How the method is carried out this time.
        display: What may be stored in clear and shown: ``vpa``, ``network``, ``last4``.
        secret: What the processor needs and we must not keep. It is sealed while
            the operation is under way and erased when that is decided. A card's
            CVV is never part of it: whatever is here is written to a disk.
        scenario: What the instrument itself asks a simulator to play; test instruments do.
    """

    method: str
    flow: str
    display: Mapping[str, str] = field(default_factory=dict)
    secret: Mapping[str, str] | None = field(default=None, repr=False)
    scenario: str | None = None
