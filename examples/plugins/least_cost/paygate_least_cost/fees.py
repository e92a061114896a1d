"""Fees of processors: a fixed part and basis points of the amount, in minor units."""

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
    """The fee of one payment.

    Args:
        fixed_minor: In minor units of the payment's currency.
        basis_points: Hundredths of a percent of the amount.
    """

    fixed_minor: int
    basis_points: int = 0

    def of(self, amount: Money) -> int:
        """Return the fee in minor units, rounded up."""
        return self.fixed_minor - (-amount.minor * self.basis_points // 10_000)

    def __str__(self) -> str:
        """Return the fee as text."""
        return f"{self.fixed_minor} + {self.basis_points / 100:.2f} %"


Place = tuple[str, str, str]
"""Processor, method, currency; the last two may be ``*``."""


@dataclass(frozen=True, slots=True)
class FeeTable:
    """Fees by processor, method and currency."""

    fees: Mapping[Place, Fee]

    def find(self, processor: str, method: str, currency: str) -> Fee | None:
        """Return the most specific fee: of method and currency, of the method, of the currency."""
        tries = [(method, currency), (method, ANY), (ANY, currency), (ANY, ANY)]
        found = (self.fees.get((processor, *each)) for each in tries)
        return next((fee for fee in found if fee is not None), None)

    @property
    def processors(self) -> Iterable[str]:
        """The processors with known fees."""
        return sorted({processor for processor, _, _ in self.fees})

    @classmethod
    def read(cls, text: str) -> "FeeTable":
        """Parse ``card_sim/card/INR=300+190, upi_sim/*/*=0``.

        Raises:
            ValueError: A fee is invalid or given twice.
        """
        fees: dict[Place, Fee] = {}
        for rule in filter(None, (each.strip() for each in text.split(","))):
            read = _RULE.fullmatch(rule)
            if read is None:
                raise ValueError(f"{rule!r} must look like card_sim/card/INR=300+190")
            place = (read["processor"], read["method"], read["currency"])
            if place in fees:
                raise ValueError(f"{'/'.join(place)} is given twice")
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
        """The parsed fees."""
        return FeeTable.read(self.fees)
