"""The payer's instrument, and card networks by number range."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Instrument:
    """A payer's card or address, as its payment method prepared it.

    Args:
        method: The payment method's code.
        flow: The flow of the method, such as ``collect``.
        display: What may be stored in clear and shown: ``vpa``, ``network``, ``last4``.
        secret: What the processor needs and must not be stored for long. It is sealed
            while the operation is in progress and erased when the operation is decided.
            It never contains a card's CVV, because it is written to disk.
        scenario: The scenario that a test instrument selects for simulators.
    """

    method: str
    flow: str
    display: Mapping[str, str] = field(default_factory=dict)
    secret: Mapping[str, str] | None = field(default=None, repr=False)
    scenario: str | None = None


CARD_NETWORKS_PUBLISHED = "2026-11-26"
"""Date on which the list was last compared with its sources.

Sources: the numbering of ISO/IEC 7812 and what the networks publish of their ranges (Mastercard's
2-series, Discover's and its partners', JCB's, UnionPay's, NPCI's for RuPay), compared with
the npm package credit-card-type 10.3.0. Three choices:

- 60, 65 and 81 to 89 are RuPay. Discover and UnionPay have numbers there too, and RuPay
  uses Discover's network abroad; only 644 to 649 belong to Discover alone.
- 353 and 356 are JCB numbers that RuPay shares: RuPay carries them in India.
- Maestro has 50, 56 to 58, 63 and 67 except RuPay's 508; its other ranges are mixed.

Networks that share first digits with another network (Elo, Verve, Troy, Mir, Hiper) are not
recognized.
"""
UNKNOWN = "unknown"
"""The code for a number that is in no range."""


@dataclass(frozen=True, slots=True)
class CardNetwork:
    """A card network.

    Args:
        code: The name in the API, such as ``mastercard``; 20 characters at most.
        title: The name for people.
        ranges: The first and the last prefix of its numbers, of equal length each. Ranges of
            different networks do not overlap.
        groups: How its numbers are printed, in groups of so many digits.
        code_digits: Length of its security code: three digits on the back of the card, or
            four on the front.
    """

    code: str
    title: str
    ranges: tuple[tuple[str, str], ...]
    groups: tuple[int, ...] = (4, 4, 4, 4, 3)
    code_digits: int = 3


def _ranges(listed: str) -> tuple[tuple[str, str], ...]:
    """Parse ``51-55 2221-2720`` into pairs of first and last."""
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
"""Every network that is recognized."""


def card_network(digits: str) -> str:
    """Return the code of the network of a card number, or ``unknown``.

    Args:
        digits: The number, ASCII digits only; its first digits are enough.
    """
    for network in CARD_NETWORKS:
        for first, last in network.ranges:
            begin = digits[: len(first)]
            if len(begin) == len(first) and first <= begin <= last:
                return network.code
    return UNKNOWN
