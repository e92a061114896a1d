"""Money: whole minor units and a currency, never a float."""

from __future__ import annotations

from dataclasses import dataclass
from functools import total_ordering

from .currencies import EXPONENTS, KNOWN_EXPONENTS

__all__ = ["EXPONENTS", "Money"]


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
        assert self.currency in KNOWN_EXPONENTS, f"unknown currency: {self.currency!r}"

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
        exponent = KNOWN_EXPONENTS[self.currency]
        if exponent == 0:
            return f"{self.minor} {self.currency}"
        major, minor = divmod(self.minor, 10**exponent)
        return f"{major}.{minor:0{exponent}d} {self.currency}"

    def _same_currency(self, other: Money) -> None:
        assert self.currency == other.currency, f"{self.currency} meets {other.currency}"
