"""Money in whole minor units, and the currencies of ISO 4217."""

from __future__ import annotations

from dataclasses import dataclass
from functools import total_ordering

from .limits import AMOUNT_MINOR_MIN

CURRENCIES_PUBLISHED = "2026-01-01"
"""Date of the list. Source: SIX Financial Information, the maintenance agency of ISO 4217,
"List One: Current Currency & Funds Code List", as packaged by the Python package iso4217
1.16.20260101. Precious metals, units of account and test codes have no minor unit and are left
out."""
_BY_EXPONENT = {
    0: ("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF").split(),
    2: (
        """
        AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD
        CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS
        GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD
        LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB
        PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP
        SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW
        ZWG
        """
    ).split(),
    3: ("BHD IQD JOD KWD LYD OMR TND").split(),
    4: ("CLF UYW").split(),
}
EXPONENTS = {code: digits for digits, codes in _BY_EXPONENT.items() for code in codes}
"""Currency code of an order → number of decimals of its major unit."""
WITHDRAWN = {"ANG": 2, "BGN": 2}
"""Currencies of earlier versions: stored amounts are still read, shown and refunded."""
KNOWN_EXPONENTS = EXPONENTS | WITHDRAWN
"""The same for every currency that may be stored."""


def amount_minor_min(currency: str) -> int:
    """Return the smallest amount of an order, in minor units: 100, or 1 without decimals."""
    return AMOUNT_MINOR_MIN if EXPONENTS[currency] else 1


def unusual_exponents() -> str:
    """Return all currencies that do not have two decimals, as ``JPY=0 KWD=3``, for pages."""
    return " ".join(
        f"{code}={digits}" for code, digits in sorted(KNOWN_EXPONENTS.items()) if digits != 2
    )


@total_ordering
@dataclass(frozen=True, slots=True)
class Money:
    """An amount of money.

    Args:
        minor: Whole minor units (paise, cents, yen); never negative.
        currency: An ISO 4217 code, upper case.
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        # bool is an int in Python; `True` as an amount is a bug.
        assert type(self.minor) is int, f"minor units are whole: {self.minor!r}"
        assert self.minor >= 0, f"negative money: {self.minor}"
        assert self.currency in KNOWN_EXPONENTS, f"unknown currency: {self.currency!r}"

    @classmethod
    def zero(cls, currency: str) -> Money:
        """Return zero in a currency."""
        return cls(0, currency)

    def __add__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(self.minor - other.minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._same_currency(other)
        return self.minor < other.minor

    def __bool__(self) -> bool:
        return self.minor != 0

    def __str__(self) -> str:
        """Format the amount for people, for example ``499.00 INR``."""
        exponent = KNOWN_EXPONENTS[self.currency]
        if exponent == 0:
            return f"{self.minor} {self.currency}"
        major, minor = divmod(self.minor, 10**exponent)
        return f"{major}.{minor:0{exponent}d} {self.currency}"

    def _same_currency(self, other: Money) -> None:
        assert self.currency == other.currency, f"{self.currency} is not {other.currency}"
