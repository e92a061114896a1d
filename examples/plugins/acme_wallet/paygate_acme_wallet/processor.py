"""Acme, the processor of the wallets."""

from pydantic import BaseModel, Field

from paygate import (
    Approved,
    AuthorizeRequest,
    CallContext,
    Capabilities,
    DeclineCode,
    Declined,
    FollowUp,
    OperationKind,
    Outcome,
    PluginInfo,
)


class AcmeSettings(BaseModel):
    """Read from ``PAYGATE_ACME_WALLET_*``."""

    limit_minor: int = Field(10_000_000, gt=0)


class AcmeProcessor:
    """Charges wallets.

    The same operation always has the same outcome, so it may be repeated and queried at any
    time.
    """

    info = PluginInfo(id="acme", version="0.1.0", requires_api=1)

    def __init__(self, settings: AcmeSettings) -> None:
        self.capabilities = Capabilities(
            methods={"wallet": frozenset({"balance"})},
            amount_minor_max=settings.limit_minor,
            query=True,
            idempotent_operations=True,
            simulated=True,
        )

    async def authorize(self, request: AuthorizeRequest, context: CallContext) -> Outcome:
        """Charge the wallet, or decline."""
        return self._decide(request, context)

    async def query(self, kind: OperationKind, request: FollowUp, context: CallContext) -> Outcome:
        """Return the outcome again."""
        return self._decide(request, context)

    def _decide(self, request: AuthorizeRequest | FollowUp, context: CallContext) -> Outcome:
        if request.instrument.display["wallet_id"] == "W-0000":
            return Declined(DeclineCode.INSUFFICIENT_FUNDS, processor_code="ACME-51")
        return Approved(reference=f"acme-{context.operation_id}", amount=request.amount)
