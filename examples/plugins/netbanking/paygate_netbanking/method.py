"""The input of a netbanking payment: the bank."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from paygate import ExtensionContext, Instrument, MethodContext, MethodInfo, RouteCall

BANKS = {
    "acme": "Acme Bank",
    "poor": "Poor & Sons",
    "lost": "Lost Window Bank",
    "left": "Bank of the Left",
}
"""Code → name. A real plugin reads them from its processor."""

BankCode = Literal["acme", "poor", "lost", "left"]


class NetbankingInput(BaseModel):
    """Netbanking's fields of a payment request; the checkout creates its form from them."""

    bank: BankCode = Field(title="Bank", description="Where you have your account.")


class NetbankingMethod:
    """Payment on the pages of the shopper's bank."""

    info = MethodInfo(
        code="netbanking",
        label="Netbanking",
        flows=frozenset({"redirect"}),
        input_model=NetbankingInput,
        invalid_code="invalid_bank",
        version="0.1.0",
    )

    def prepare(self, details: BaseModel, context: MethodContext) -> Instrument:
        """Return the bank; the account is entered on the bank's page."""
        assert isinstance(details, NetbankingInput)
        shown = {"bank": details.bank, "bank_name": BANKS[details.bank]}
        return Instrument("netbanking", "redirect", display=shown)


async def list_banks(_call: RouteCall, _context: ExtensionContext) -> Any:
    """``GET /plugins/netbanking/banks``, for shops with their own form."""
    return {"banks": [{"code": code, "name": name} for code, name in BANKS.items()]}
