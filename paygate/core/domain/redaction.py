"""Keeps card numbers and secrets out of whatever is written down for people."""

from __future__ import annotations

import re

MASK = "[redacted]"

# 13 to 19 digits, with the spaces and dashes people type between them. The
# look-arounds keep it from finding a card inside a longer number.
_DIGIT_RUN = re.compile(r"(?<![\d.])\d(?:[ -]?\d){12,18}(?!\d)", re.ASCII)
_SECRET_NAMES = re.compile(
    r"secret|password|authorization|cvv|cvc|card_?number|\bpan\b|api[-_]?key|signature|token|sealed",
    re.IGNORECASE,
)


def passes_luhn(digits: str) -> bool:
    """Whether a run of ASCII digits ends in the right check digit.

    Source: ISO/IEC 7812-1, annex B.
    """
    total = 0
    for position, char in enumerate(reversed(digits)):
        digit = ord(char) - 48
        if position % 2:
            digit = digit * 2 - 9 if digit > 4 else digit * 2
        total += digit
    return total % 10 == 0


def names_a_secret(name: str) -> bool:
    """Whether a field of that name is never to be written down."""
    return _SECRET_NAMES.search(name) is not None


def redact(text: str) -> str:
    """The text with every run of digits that could be a card number masked."""
    return _DIGIT_RUN.sub(_mask_if_card, text)


def _mask_if_card(found: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", found.group(), flags=re.ASCII)
    return MASK if digits.isascii() and passes_luhn(digits) else found.group()
