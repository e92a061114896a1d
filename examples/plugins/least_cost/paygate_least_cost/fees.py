"""What processors charge: a fixed part, and basis points of the sum, in whole minor units."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic import BaseModel, Field, field_validator

from paygate import Money

ANY = "*"
_RULE = re.compile(
    r"(?P<processor>[a-z0-9_]+)/(?P<method>[a-z0-9_]+|\*)/(?P<currency>[A-Z]{3}|\*)"
    r"=(?P<fixed>[0-9]{1,12})(\+(?P<points>[0-9]{1,5}))?"
)


@dataclass(frozen=True, slots=True)
class Fee:
    """What one payment costs.

    Args:
        fixed_minor: In minor units of the payment's currency.
        basis_points: Hundredths of a per cent of the sum.
    """

    fixed_minor: int
    basis_points: int = 0

    def of(self, amount: Money) -> int:
        """In minor units; a part of one counts as a whole one, as on a processor's bill."""
        return self.fixed_minor - (-amount.minor * self.basis_points // 10_000)

    def __str__(self) -> str:
        """As people say it."""
        return f"{self.fixed_minor} + {self.basis_points / 100:.2f} %"


Place = tuple[str, str, str]
"""Processor, method, currency; the last two may be ``*``."""


@dataclass(frozen=True, slots=True)
class FeeTable:
    """Fees by processor, method and currency."""

    fees: Mapping[Place, Fee]

    def find(self, processor: str, method: str, currency: str) -> Fee | None:
        """The most particular one: of the method and the currency, the method, the currency."""
        tries = [(method, currency), (method, ANY), (ANY, currency), (ANY, ANY)]
        found = (self.fees.get((processor, *each)) for each in tries)
        return next((fee for fee in found if fee is not None), None)

    @property
    def processors(self) -> Iterable[str]:
        """Whose fees are known."""
        return sorted({processor for processor, _, _ in self.fees})

    @classmethod
    def read(cls, text: str) -> "FeeTable":
        """From ``card_sim/card/INR=300+190, upi_sim/*/*=0``.

        Raises:
            ValueError: One is no fee, or stands there twice.
        """
        fees: dict[Place, Fee] = {}
        for rule in filter(None, (each.strip() for each in text.split(","))):
            read = _RULE.fullmatch(rule)
            if read is None:
                raise ValueError(f"{rule!r} must look like card_sim/card/INR=300+190")
            place = (read["processor"], read["method"], read["currency"])
            if place in fees:
                raise ValueError(f"{'/'.join(place)} stands there twice")
            fees[place] = Fee(int(read["fixed"]), int(read["points"] or 0))
        return cls(fees)


class FeeSettings(BaseModel):
    """Read from ``PAYGATE_LEAST_COST_*``."""

    fees: str = Field(
        "", description="Such as card_sim/card/INR=300+190, upi_sim/*/*=0: fixed and basis points."
    )

    @field_validator("fees")
    @classmethod
    def _can_be_read(cls, text: str) -> str:
        FeeTable.read(text)
        return text

    @property
    def table(self) -> FeeTable:
        """The fees, to look them up in."""
        return FeeTable.read(self.fees)
