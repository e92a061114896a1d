"""The part of a card or address that may be stored and shown; card networks by number range."""

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


CARD_NETWORKS_PUBLISHED = "2026-11-26"
"""Date of the list: when it was last compared with its sources.

Sources: the numbering of ISO/IEC 7812 and what the networks publish of their ranges (Mastercard's
2-series, Discover's and its partners', JCB's, UnionPay's, NPCI's for RuPay), compared with
the npm package credit-card-type 10.3.0. Three choices:

- 60, 65 and 81 to 89 are RuPay, as they always were here. Discover and UnionPay have numbers there
  too, and RuPay's run on Discover's network abroad; only 644 to 649 are Discover's alone.
- 353 and 356 are JCB numbers that RuPay shares: RuPay carries them in India.
- Maestro has 50, 56 to 58, 63 and 67 but for RuPay's 508: its other ranges are mixed.

A network whose cards are taken for another's by their first digits (Elo, Verve, Troy, Mir, Hiper)
is not told apart.
"""
UNKNOWN = "unknown"
"""The network of a number that lies in no range."""


@dataclass(frozen=True, slots=True)
class CardNetwork:
    """A card network.

    Args:
        code: What the API says, such as ``mastercard``; 20 characters at most.
        title: What people read.
        ranges: The first and the last beginning of its numbers, of equal length each. No two
            ranges of all networks overlap.
        groups: How its numbers are printed, in groups of so many digits.
        code_digits: How many digits its security code usually has: three stand on the back of
            the card, four on the front.
    """

    code: str
    title: str
    ranges: tuple[tuple[str, str], ...]
    groups: tuple[int, ...] = (4, 4, 4, 4, 3)
    code_digits: int = 3


def _ranges(listed: str) -> tuple[tuple[str, str], ...]:
    """``51-55 2221-2720`` → pairs of first and last."""
    parts = [one.partition("-") for one in listed.split()]
    return tuple((first, last or first) for first, _, last in parts)


CARD_NETWORKS: tuple[CardNetwork, ...] = (
    CardNetwork("visa", "Visa", _ranges("4")),
    CardNetwork("mastercard", "Mastercard", _ranges("51-55 2221-2720")),
    CardNetwork("amex", "Amex", _ranges("34 37"), (4, 6, 5), code_digits=4),
    CardNetwork("rupay", "RuPay", _ranges("60 65 81-89 508 353 356")),
    CardNetwork("discover", "Discover", _ranges("644-649")),
    CardNetwork("diners", "Diners Club", _ranges("300-305 3095 36 38-39"), (4, 6, 4)),
    CardNetwork("jcb", "JCB", _ranges("3528-3529 354-355 357-358")),
    CardNetwork("unionpay", "UnionPay", _ranges("62")),
    CardNetwork("maestro", "Maestro", _ranges("500-507 509 56-58 63 67")),
)
"""Every network that is told apart."""


def card_network(digits: str) -> str:
    """Return the code of the network whose range a card number lies in, or ``unknown``.

    Args:
        digits: The number, ASCII digits only; its beginning is enough.
    """
    for network in CARD_NETWORKS:
        for first, last in network.ranges:
            begin = digits[: len(first)]
            if len(begin) == len(first) and first <= begin <= last:
                return network.code
    return UNKNOWN
