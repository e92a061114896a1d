"""Mask card numbers and secrets in texts and JSON that are stored or shown to people."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from itertools import accumulate, islice
from typing import Any

MASK = "[redacted]"
CARD_DIGITS_MIN = 13
CARD_DIGITS_MAX = 19

# At least 13 digits, with spaces and dashes between them, and all adjacent digits.
# The fraction of a number is not a card.
_DIGIT_RUN = re.compile(r"(?<!\d)(?<!\d\.)\d(?:[ -]?\d){12,}", re.ASCII)
_UUID = re.compile(
    r"((?<![\da-f])[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}(?![\da-f]))",
    re.ASCII | re.IGNORECASE,
)
_GROUP = re.compile(r"\d+", re.ASCII)

# A doubled digit counts as its digit sum: 8 doubled is 16, which counts as 7.
_DOUBLED = str.maketrans("0123456789", "0246813579")
_SECRET_NAMES = re.compile(
    r"secret|password|authorization|cvv|cvc|card_?number|\bpan\b|api[-_]?key|signature|token|sealed",
    re.IGNORECASE,
)


def passes_luhn(digits: str) -> bool:
    """Check the Luhn digit at the end of a run of ASCII digits.

    Source: ISO/IEC 7812-1, annex B.
    """
    doubled = digits[-2::-2].translate(_DOUBLED)
    return sum(map(int, digits[-1::-2] + doubled)) % 10 == 0


@lru_cache(maxsize=1024)
def names_a_secret(name: str) -> bool:
    """Check whether the value of a field of that name must never be stored or logged."""
    return _SECRET_NAMES.search(name) is not None


def redact(text: str) -> str:
    """Mask every run of digits that could be a card number."""
    # Every second part is a UUID, and kept: some UUIDs contain such a run.
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
    """Yield the spans that could be card numbers, by start.

    A card begins and ends at the border of a group of digits. So an expiry or a count
    beside it does not hide it, and a longer number does not contain one by chance.
    """
    groups = [group.span() for group in _GROUP.finditer(run)]
    digits = "".join(run[start:end] for start, end in groups)
    ends = list(accumulate(end - start for start, end in groups))
    sums = _luhn_sums(digits)
    for first, (start, _) in enumerate(groups):
        begins = ends[first - 1] if first else 0
        # The first group at which the span is long enough.
        shortest = bisect_left(ends, begins + CARD_DIGITS_MIN, first)
        for last in range(shortest, len(groups)):
            ends_at = ends[last]
            if ends_at - begins > CARD_DIGITS_MAX:
                break
            total = sums[ends_at % 2]
            if (total[ends_at] - total[begins]) % 10 == 0:
                yield start, groups[last][1]


def _luhn_sums(digits: str) -> tuple[list[int], list[int]]:
    """Return Luhn sums of every prefix, with even and with odd positions doubled.

    The difference of two sums is the sum of the span between them, so that every span is
    checked in constant time.
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
STATE_SECRET_CHARS_MIN = 8
_CARD_MIN = 10 ** (CARD_DIGITS_MIN - 1)
SECRET_CHARS_MIN = 4
"""Shorter secrets occur in other texts by chance, and are not masked."""

# "cvv 737", "CVC: 737", '{"cvv": "737"}': redact() does not find these, because three
# digits are not a card number.
_NAMED_CODE = re.compile(
    r"(?<![a-z])((?:cvv|cvc)2?|security[ _-]?code|otp|pin)"
    r"([^a-z\d]{1,6}|\W+(?:is|was)\W+)(\d{3,8})(?!\d)",
    re.IGNORECASE,
)
_NAMED_SECRET = re.compile(
    # Only from the start of a word; matching from every character would be quadratic.
    r"(?<![\w-])([\w-]*(?:secret|password|token|signature|authorization|api[ _-]?key))"
    r"(\W{0,2}[:=]\W{0,3})(?:(?:bearer|basic)\s+)?[^\s\"',;)}\]]+",
    re.IGNORECASE,
)


def redact_json(value: object, *, secrets: Collection[str] = (), depth: int = 1) -> Any:
    """Return the value as plain JSON of bounded size, without cards, codes and secrets.

    Args:
        value: A JSON value; anything else is replaced with the name of its type.
        secrets: Texts known to be secret, masked wherever they occur.
        depth: Its depth in a larger value.
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
                _redact_name(str(name), secrets): MASK
                if names_a_secret(str(name))
                else redact_json(inner, secrets=secrets, depth=depth + 1)
                for name, inner in islice(value.items(), ITEMS_MAX)
            }
        case list() | tuple():
            inside = islice(value, ITEMS_MAX)
            return [redact_json(inner, secrets=secrets, depth=depth + 1) for inner in inside]
        case _:
            return None if value is None else type(value).__name__


def _redact_name(name: str, secrets: Collection[str]) -> str:
    return redact_text(name, secrets=secrets) if secrets else _redact_usual_name(name)


@lru_cache(maxsize=1024)
def _redact_usual_name(name: str) -> str:
    # Few names are used again and again.
    return redact_text(name)


def _redact_number(value: float) -> float | str:
    # Larger than a bigint, or not a JSON number: some readers could not parse it.
    if not abs(value) < NUMBER_MAX:
        return "…"
    if isinstance(value, int) and abs(value) < _CARD_MIN:
        return value
    return value if redact(str(value)) == str(value) else MASK


# Ids, names and codes without anything to mask: fewer digits than a card has, no name of a
# code, and no colon, equals sign or space before a value. Most stored texts are like this.
_HARMLESS = re.compile(
    r"\A(?!.*(?:cvv|cvc|security|otp|pin))(?:[a-z_@.-]*+[0-9]){0,12}+[a-z_@.-]*+",
    re.ASCII | re.IGNORECASE,
)


def redact_text(text: str, *, secrets: Collection[str] = ()) -> str:
    """Mask cards, named codes and secrets, and cut the text to ``TEXT_CHARS_MAX``."""
    if not secrets and len(text) <= TEXT_CHARS_MAX and _HARMLESS.fullmatch(text):
        return text
    # PostgreSQL stores neither a NUL nor half a surrogate pair.
    text = text.replace("\0", "").encode(errors="replace").decode()
    # Before the text is cut: a part of a secret would not be recognized.
    text = _beginning(mask_secrets(text, secrets))
    text = mask_named(text)
    return text if len(text) <= TEXT_CHARS_MAX else text[: TEXT_CHARS_MAX - 1] + "…"


def _beginning(text: str) -> str:
    """Return the start of a text, so that a long text costs no more than a short one."""
    if len(text) <= READ_CHARS_MAX:
        return text
    # A part of a card number or code would not be recognized: drop digits at the cut.
    return text[:READ_CHARS_MAX].rstrip("0123456789 -") + "…"


def mask_named(text: str) -> str:
    """Mask cards, and codes and secrets that a name introduces."""
    text = _NAMED_CODE.sub(rf"\1\2{MASK}", redact(text))
    return _NAMED_SECRET.sub(rf"\1\2{MASK}", text)


def mask_state(value: Any, secrets: Collection[str], *, name: str = "") -> Any:
    """Mask secrets in JSON that its plugin reads again, and change nothing else in it.

    Args:
        value: The JSON value.
        secrets: Texts known to be secret. A short one is masked only behind its name, as a
            year or a reference may contain it by chance.
        name: The name of the field that holds the value.
    """
    match value:
        case str() if value in secrets and names_a_secret(name):
            return MASK
        case str():
            for secret in sorted(secrets, key=len, reverse=True):
                if len(secret) >= STATE_SECRET_CHARS_MIN:
                    value = value.replace(secret, MASK)
            return _NAMED_CODE.sub(
                lambda found: f"{found[1]}{found[2]}{MASK}" if found[3] in secrets else found[0],
                value,
            )
        case Mapping():
            return {
                mask_state(key, secrets): mask_state(inner, secrets, name=str(key))
                for key, inner in value.items()
            }
        case list() | tuple():
            return [mask_state(inner, secrets, name=name) for inner in value]
        case _:
            return value


def mask_secrets(text: str, secrets: Collection[str]) -> str:
    """Mask the secrets wherever they occur.

    A prefix of a secret at the end of the text is masked too: the text may have been cut.
    """
    # The longest first: one secret may be part of another.
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= SECRET_CHARS_MIN:
            text = _without_cut(text.replace(secret, MASK), secret)
    return text


def _without_cut(text: str, secret: str) -> str:
    for length in range(min(len(secret), len(text)), SECRET_CHARS_MIN - 1, -1):
        if text.endswith(secret[:length]):
            return text[:-length] + MASK
    return text
