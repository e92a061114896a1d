"""Rules for card numbers, expiry dates and security codes.

The error messages contain no values: they are shown, logged and stored.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from paygate import (
    CARD_NETWORKS,
    CARD_NETWORKS_PUBLISHED,
    InvalidInstrumentError,
    passes_luhn,
)

NUMBER_DIGITS_MIN = 13
NUMBER_DIGITS_MAX = 19

CODE_DIGITS = (3, 4)
"""Lengths of a security code for all networks: an American Express card has a code of four digits
on the front and one of three digits on the back."""

_SEPARATORS = str.maketrans("", "", " -")
# ASCII only: str.isdigit() also accepts superscripts and digits of other scripts.
_NUMBER = re.compile(rf"[0-9]{{{NUMBER_DIGITS_MIN},{NUMBER_DIGITS_MAX}}}")
_CODE = re.compile(r"[0-9]+")
_MONTH = re.compile(r"0?[1-9]|1[0-2]")
_YEAR = re.compile(r"(?:[0-9]{2})?[0-9]{2}")

# No card is issued for longer; a later year is a typing error.
YEARS_AHEAD_MAX = 50

LAST_ZONE_HOURS = -12
LAST_ZONE = timezone(timedelta(hours=LAST_ZONE_HOURS))
"""The time zone in which a month ends last."""


@dataclass(frozen=True, slots=True)
class Expiry:
    """The last month in which a card is valid."""

    year: int = field(repr=False)
    month: int = field(repr=False)


def checked_number(given: str) -> str:
    """Return the digits of a card number without spaces and dashes.

    Raises:
        InvalidInstrumentError: It is not a card number (``invalid_card``).

    Source: ISO/IEC 7812-1, annex B.
    """
    digits = given.translate(_SEPARATORS)
    if not _NUMBER.fullmatch(digits) or not passes_luhn(digits):
        raise _invalid("card.number")
    return digits


def check_cvv(given: str) -> None:
    """Check the format of a security code; its value cannot be checked.

    Raises:
        InvalidInstrumentError: It is not three or four digits (``invalid_card``).
    """
    if len(given) not in CODE_DIGITS or not _CODE.fullmatch(given):
        raise _invalid("card.cvv")


def checked_expiry(month: str, year: str, *, now: datetime) -> Expiry:
    """Return the expiry of a card that is still valid.

    Args:
        month: 1 to 12, with or without a leading zero.
        year: Four digits, or two for a year of this century.
        now: In UTC. A card is valid until its month has ended in the last time zone, twelve
            hours behind UTC.

    Raises:
        InvalidInstrumentError: Past, more than 50 years ahead, or not a date
            (``expired_card``).
    """
    month, year = month.strip(" "), year.strip(" ")
    if not _MONTH.fullmatch(month) or not _YEAR.fullmatch(year):
        raise _expired()
    expiry = Expiry(int(year) + (2000 if len(year) == 2 else 0), int(month))
    there = now.astimezone(LAST_ZONE)
    is_past = (expiry.year, expiry.month) < (there.year, there.month)
    if is_past or expiry.year > now.year + YEARS_AHEAD_MAX:
        raise _expired()
    return expiry


def published_rules() -> Mapping[str, Any]:
    """Return these rules as JSON, for ``x-card`` of the method's schema.

    Pages and other clients check cards with them. `docs/reference/checkout.md` explains each.
    """
    return {
        "published": CARD_NETWORKS_PUBLISHED,
        "number": {
            "digits_min": NUMBER_DIGITS_MIN,
            "digits_max": NUMBER_DIGITS_MAX,
            "check_digit": "luhn",
        },
        "expiry": {"utc_offset_hours": LAST_ZONE_HOURS, "years_ahead_max": YEARS_AHEAD_MAX},
        "security_code": {"digits": list(CODE_DIGITS)},
        "networks": [
            {
                "name": network.code,
                "title": network.title,
                "ranges": [list(ends) for ends in network.ranges],
                "groups": list(network.groups),
                "security_code": {"digits": list(CODE_DIGITS), "usual": network.code_digits},
            }
            for network in CARD_NETWORKS
        ],
    }


def _invalid(field: str) -> InvalidInstrumentError:
    return InvalidInstrumentError("Card validation failed", field=field, code="invalid_card")


def _expired() -> InvalidInstrumentError:
    return InvalidInstrumentError(
        "Card expiry date invalid", field="card.expiry_month", code="expired_card"
    )
