"""The input of a wallet payment."""

import re

from pydantic import BaseModel

from paygate import Instrument, InvalidInstrumentError, MethodContext, MethodInfo

_WALLET_ID = re.compile(r"W-[0-9]{4,12}", re.ASCII)


class WalletInput(BaseModel):
    """The wallet's fields of a payment request."""

    wallet_id: str


class WalletMethod:
    """The wallet payment method."""

    info = MethodInfo(
        code="wallet",
        label="Acme wallet",
        flows=frozenset({"balance"}),
        input_model=WalletInput,
        invalid_code="invalid_wallet",
        version="0.1.0",
    )

    def prepare(self, details: BaseModel, context: MethodContext) -> Instrument:
        """Check the wallet's number; all of it may be shown."""
        assert isinstance(details, WalletInput)
        if not _WALLET_ID.fullmatch(details.wallet_id):
            raise InvalidInstrumentError(
                "wallet_id must look like W-1234", field="wallet_id", code="invalid_wallet"
            )
        return Instrument("wallet", "balance", display={"wallet_id": details.wallet_id})
