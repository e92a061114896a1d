"""``paygate x least_cost quote``: show the fees of a payment."""

from dataclasses import dataclass

from pydantic import BaseModel, Field

from paygate import CommandContext, Money

from .fees import FeeTable


class QuoteOptions(BaseModel):
    """Options of the command."""

    amount: int = Field(..., ge=1, description="In minor units.")
    method: str = Field("card", description="The payment method.")
    currency: str = Field("INR", pattern=r"^[A-Z]{3}$", description="Such as INR.")


@dataclass(frozen=True)
class Quote:
    """Shows the fees of a payment, the cheapest first."""

    table: FeeTable

    async def run(self, options: QuoteOptions, context: CommandContext) -> int:
        """Print a line for each processor with a known fee; return 1 if there is none."""
        amount = Money(options.amount, options.currency)
        lines = []
        for processor in self.table.processors:
            fee = self.table.find(processor, options.method, options.currency)
            if fee is not None:
                lines.append((fee.of(amount), processor, str(fee)))
        for cost, processor, fee_text in sorted(lines):
            context.say(f"{cost:>8} {options.currency}  {processor}  ({fee_text})")
        if not lines:
            context.say("no fee is known; set PAYGATE_LEAST_COST_FEES")
        return 0 if lines else 1
