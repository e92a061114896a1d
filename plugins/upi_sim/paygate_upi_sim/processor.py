"""The processor ``upi_sim``: a UPI network that moves no money."""

from paygate import (
    AuthorizeRequest,
    CallContext,
    Capabilities,
    DeclineCode,
    Declined,
    FollowUp,
    OperationKind,
    Outcome,
    PluginInfo,
    Simulator,
)

from .settings import UpiSimSettings

TEST_ADDRESSES = {
    "failure@upi": Declined(DeclineCode.DECLINED),
    "rejected@upi": Declined(DeclineCode.PAYER_REJECTED, retry="same_instrument"),
    "timeout@upi": Declined(DeclineCode.PAYER_TIMED_OUT, retry="same_instrument"),
    "insufficient@upi": Declined(DeclineCode.INSUFFICIENT_FUNDS),
}
"""Addresses that are declined whatever the settings say."""

NO_REFUNDS = {"norefund@upi": Declined(DeclineCode.BLOCKED_INSTRUMENT, retry="never")}
"""Addresses that pay, and take no money back."""


class UpiSim:
    """Simulates a UPI network.

    Args:
        settings: How it behaves.
    """

    def __init__(self, settings: UpiSimSettings) -> None:
        self._simulator = Simulator("upi_sim", settings)

    @property
    def info(self) -> PluginInfo:
        """See ``Processor.info``."""
        return PluginInfo(id="upi_sim", version="0.1.0")

    @property
    def capabilities(self) -> Capabilities:
        """See ``Processor.capabilities``."""
        return Capabilities(
            methods={"upi": frozenset({"collect"})},
            refund="multiple",
            query=True,
            idempotent_operations=True,
        )

    async def authorize(self, request: AuthorizeRequest, context: CallContext) -> Outcome:
        """See ``Processor.authorize``."""
        # Banks do not tell capitals apart in an address.
        address = request.instrument.display.get("vpa", "").lower()
        decline = TEST_ADDRESSES.get(address)
        return await self._simulator.authorize(request, context, decline=decline)

    async def query(self, kind: OperationKind, request: FollowUp, context: CallContext) -> Outcome:
        """See ``CanQuery.query``."""
        return await self._simulator.query(kind, request, context)

    async def refund(self, request: FollowUp, context: CallContext) -> Outcome:
        """See ``CanRefund.refund``."""
        return await self._simulator.refund(
            request,
            context,
            decline=NO_REFUNDS.get(request.instrument.display.get("vpa", "").lower()),
        )
