"""``paygate x least_cost quote``: the fees of one payment, before it is made."""

from dataclasses import dataclass

from pydantic import BaseModel, Field

from paygate import CommandContext, Money

from .fees import FeeTable


class QuoteOptions(BaseModel):
    """Options of the verb."""

    amount: int = Field(..., ge=1, description="In minor units.")
    method: str = Field("card", description="The payment method.")
    currency: str = Field("INR", pattern=r"^[A-Z]{3}$", description="Such as INR.")


@dataclass(frozen=True)
class Quote:
    """Says what a payment costs with whom, the cheapest first."""

    table: FeeTable

    async def run(self, options: QuoteOptions, context: CommandContext) -> int:
        """One line for each processor whose fee is known; 1 where none is."""
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
