"""Money: whole minor units and a currency, never a float."""

from __future__ import annotations

from dataclasses import dataclass
from functools import total_ordering

# ISO 4217: the currencies that do not divide by a hundred.
_NO_MINOR_UNIT = frozenset(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split()
)
_THOUSANDTHS = frozenset("BHD IQD JOD KWD LYD OMR TND".split())
_HUNDREDTHS = frozenset(
    """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN
    BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS
    GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR
    LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD
    PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN
    SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW
    """.split()
)
EXPONENTS = (
    dict.fromkeys(_NO_MINOR_UNIT, 0)
    | dict.fromkeys(_HUNDREDTHS, 2)
    | dict.fromkeys(_THOUSANDTHS, 3)
)
"""Currency code → how many decimals its major unit has. Source: ISO 4217."""


@total_ordering
@dataclass(frozen=True, slots=True)
class Money:
    """A sum of money.

    Args:
        minor: Whole minor units (paise, cents, yen); negative sums do not exist here.
        currency: An ISO 4217 code, upper case.
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        # bool is an int in Python; True rupees are a bug that must not be stored.
        assert type(self.minor) is int, f"minor units are whole: {self.minor!r}"
        assert self.minor >= 0, f"negative money: {self.minor}"
        assert self.currency in EXPONENTS, f"unknown currency: {self.currency!r}"

    @classmethod
    def zero(cls, currency: str) -> Money:
        """Nothing, in that currency."""
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
        """The sum as a person writes it, for example ``499.00 INR``."""
        exponent = EXPONENTS[self.currency]
        if exponent == 0:
            return f"{self.minor} {self.currency}"
        major, minor = divmod(self.minor, 10**exponent)
        return f"{major}.{minor:0{exponent}d} {self.currency}"

    def _same_currency(self, other: Money) -> None:
        assert self.currency == other.currency, f"{self.currency} meets {other.currency}"
