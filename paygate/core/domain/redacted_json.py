"""Keeps the same out of JSON values that are written down for people, and keeps them small."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from itertools import islice
from typing import Any

from .redaction import MASK, names_a_secret, redact

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
