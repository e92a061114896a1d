"""Mask card numbers and secrets in texts and JSON that are stored or shown to people."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping
from itertools import accumulate, islice
from typing import Any

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


TEXT_CHARS_MAX = 200
READ_CHARS_MAX = 2 * TEXT_CHARS_MAX
ITEMS_MAX = 50
DEPTH_MAX = 8
NUMBER_MAX = 2**63
SECRET_CHARS_MIN = 4
"""What is shorter stands in every other text by chance."""

# "cvv 737", "CVC: 737", '{"cvv": "737"}': what redact() cannot see, for three digits
# are not a card.
_NAMED_CODE = re.compile(
    r"(?<![a-z])((?:cvv|cvc)2?|security[ _-]?code|otp|pin)"
    r"([^a-z\d]{1,6}|\W+(?:is|was)\W+)\d{3,8}(?!\d)",
    re.IGNORECASE,
)
_NAMED_SECRET = re.compile(
    # Only from the start of a word: from every character of it, each try would read the rest.
    r"(?<![\w-])([\w-]*(?:secret|password|token|signature|authorization|api[ _-]?key))"
    r"(\W{0,2}[:=]\W{0,3})(?:(?:bearer|basic)\s+)?[^\s\"',;)}\]]+",
    re.IGNORECASE,
)


def redact_json(value: object, *, secrets: Collection[str] = (), depth: int = 1) -> Any:
    """The value as plain JSON, without cards, codes and secrets, and never large.

    Args:
        value: What would be JSON; of anything else only the type's name is left.
        secrets: Texts known to be secret, masked wherever they stand.
        depth: How deep it stands in a larger value.
    """
    match value:
        case bool() | int() | float():
            return _redact_number(value)
        case str():
            return redact_text(value, secrets=secrets)
        case Mapping() | list() | tuple() if depth > DEPTH_MAX:
            return "…"
        case Mapping():
            return {
                redact_text(str(name), secrets=secrets): MASK
                if names_a_secret(str(name))
                else redact_json(inner, secrets=secrets, depth=depth + 1)
                for name, inner in islice(value.items(), ITEMS_MAX)
            }
        case list() | tuple():
            inside = islice(value, ITEMS_MAX)
            return [redact_json(inner, secrets=secrets, depth=depth + 1) for inner in inside]
        case _:
            return None if value is None else type(value).__name__


def _redact_number(value: float) -> float | str:
    # What no bigint holds, and what is no number to JSON, a reader could not take either.
    if not abs(value) < NUMBER_MAX:
        return "…"
    return value if redact(str(value)) == str(value) else MASK


def redact_text(text: str, *, secrets: Collection[str] = ()) -> str:
    """The text without cards, named codes and secrets, cut to ``TEXT_CHARS_MAX``."""
    # Neither a NUL nor half a surrogate pair can be stored.
    text = text.replace("\0", "").encode(errors="replace").decode()
    # Before the cut: half of a known secret would not be recognised.
    text = _beginning(mask_secrets(text, secrets))
    text = mask_named(text)
    return text if len(text) <= TEXT_CHARS_MAX else text[: TEXT_CHARS_MAX - 1] + "…"


def _beginning(text: str) -> str:
    """As much of a text as is looked at, so that a long one costs no more than a short one."""
    if len(text) <= READ_CHARS_MAX:
        return text
    # Half a card number or code would not be recognised: digits at the cut are left out.
    return text[:READ_CHARS_MAX].rstrip("0123456789 -") + "…"


def mask_named(text: str) -> str:
    """The text without cards, and without codes and secrets that are named as such."""
    text = _NAMED_CODE.sub(rf"\1\2{MASK}", redact(text))
    return _NAMED_SECRET.sub(rf"\1\2{MASK}", text)


def mask_secrets(text: str, secrets: Collection[str]) -> str:
    """The text with those secrets masked, wherever they stand.

    Also the beginning of one with which the text ends: it may have been cut there.
    """
    # The longest first: one may be a part of another.
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= SECRET_CHARS_MIN:
            text = _without_cut(text.replace(secret, MASK), secret)
    return text


def _without_cut(text: str, secret: str) -> str:
    for length in range(min(len(secret), len(text)), SECRET_CHARS_MIN - 1, -1):
        if text.endswith(secret[:length]):
            return text[:-length] + MASK
    return text
