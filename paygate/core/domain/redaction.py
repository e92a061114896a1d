"""Keeps card numbers and secrets out of whatever is written down for people."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate

MASK = "[redacted]"

CARD_DIGITS_MIN = 13
CARD_DIGITS_MAX = 19

# At least 13 digits, with the spaces and dashes people type between them, and
# whatever digits stand beside them. The fraction of a number is not a card.
_DIGIT_RUN = re.compile(r"(?<!\d)(?<!\d\.)\d(?:[ -]?\d){12,}", re.ASCII)
_UUID = re.compile(
    r"((?<![\da-f])[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}(?![\da-f]))",
    re.ASCII | re.IGNORECASE,
)
_GROUP = re.compile(r"\d+", re.ASCII)
# A doubled digit counts by its digit sum: 8 is 16 is 7.
_DOUBLED = str.maketrans("0123456789", "0246813579")
_SECRET_NAMES = re.compile(
    r"secret|password|authorization|cvv|cvc|card_?number|\bpan\b|api[-_]?key|signature|token|sealed",
    re.IGNORECASE,
)


def passes_luhn(digits: str) -> bool:
    """Whether a run of ASCII digits ends in the right check digit.

    Source: ISO/IEC 7812-1, annex B.
    """
    doubled = digits[-2::-2].translate(_DOUBLED)
    return sum(map(int, digits[-1::-2] + doubled)) % 10 == 0


def names_a_secret(name: str) -> bool:
    """Whether a field of that name is never to be written down."""
    return _SECRET_NAMES.search(name) is not None


def redact(text: str) -> str:
    """The text with every run of digits that could be a card number masked."""
    # UUIDs, every second part, are left alone: now and then one holds such a run.
    parts = _UUID.split(text)
    parts[::2] = [_DIGIT_RUN.sub(_mask_cards, part) for part in parts[::2]]
    return "".join(parts)


def _mask_cards(found: re.Match[str]) -> str:
    run, parts, read_to = found.group(), list[str](), 0
    for start, end in _cards(run):
        if start >= read_to:
            parts += [run[read_to:start], MASK]
        read_to = max(read_to, end)
    return "".join([*parts, run[read_to:]])


def _cards(run: str) -> Iterator[tuple[int, int]]:
    """Where the run could hold a card number, by start.

    A card begins and ends with a group: what stands beside it, an expiry or a
    count, must not hide it, and a longer number does not hold one by chance.
    """
    groups = [group.span() for group in _GROUP.finditer(run)]
    digits = "".join(run[start:end] for start, end in groups)
    ends = list(accumulate(end - start for start, end in groups))
    sums = _luhn_sums(digits)
    for first, (start, _) in enumerate(groups):
        begins = ends[first - 1] if first else 0
        # The first group with which it is long enough.
        shortest = bisect_left(ends, begins + CARD_DIGITS_MIN, first)
        for last in range(shortest, len(groups)):
            ends_at = ends[last]
            if ends_at - begins > CARD_DIGITS_MAX:
                break
            total = sums[ends_at % 2]
            if (total[ends_at] - total[begins]) % 10 == 0:
                yield start, groups[last][1]


def _luhn_sums(digits: str) -> tuple[list[int], list[int]]:
    """Luhn sums of every beginning, with the even and with the odd places doubled.

    The difference of two is the sum of what lies between, so that every part of a long run
    is judged in constant time.
    """
    doubled = digits.translate(_DOUBLED)
    even = [int((doubled if place % 2 == 0 else digits)[place]) for place in range(len(digits))]
    odd = [int((digits if place % 2 == 0 else doubled)[place]) for place in range(len(digits))]
    return list(accumulate(even, initial=0)), list(accumulate(odd, initial=0))
