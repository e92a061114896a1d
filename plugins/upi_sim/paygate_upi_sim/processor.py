"""The processor ``upi_sim``: a UPI network that moves no money."""

from collections.abc import Mapping, Sequence

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
    RawCallback,
    Scenario,
    SimulatedOperation,
    Simulator,
    Timeline,
    Update,
    Verified,
)

from .link import qr_svg, upi_link
from .settings import UpiSimSettings

CURRENCIES = frozenset({"INR"})
"""UPI supports only rupees."""

NOT_RUPEES = Declined(DeclineCode.DECLINED, retry="other_instrument")

TEST_ADDRESSES = {
    "failure@upi": Declined(DeclineCode.DECLINED),
    "rejected@upi": Declined(DeclineCode.PAYER_REJECTED, retry="same_instrument"),
    "timeout@upi": Declined(DeclineCode.PAYER_TIMED_OUT, retry="same_instrument"),
    "insufficient@upi": Declined(DeclineCode.INSUFFICIENT_FUNDS),
}
"""Addresses that are always declined."""

NO_REFUNDS = {"norefund@upi": Declined(DeclineCode.BLOCKED_INSTRUMENT, retry="never")}
"""Addresses whose payments succeed and whose refunds are declined."""
EXPIRES_AFTER_S = 300


def action_data(action: str, operation: SimulatedOperation) -> Mapping[str, str]:
    """Return what the checkout page shows of an action: the link and its QR code."""
    if action not in {"upi_intent", "qr"}:
        return {}
    link = upi_link(
        amount=operation.amount, reference=operation.operation_id, expires_at=operation.expires_at
    )
    return {"upi_uri": link, "qr_svg": qr_svg(link)}


class UpiSim:
    """Simulates a UPI network.

    Args:
        settings: Its settings.
        scenarios: The scenarios that it simulates, by name.
    """

    def __init__(
        self, settings: UpiSimSettings, scenarios: Mapping[str, Scenario] | None = None
    ) -> None:
        self._simulator = Simulator("upi_sim", settings, scenarios or {})

    @property
    def info(self) -> PluginInfo:
        return PluginInfo(id="upi_sim", version="0.1.0")

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            methods={"upi": frozenset({"collect", "intent", "qr"})},
            currencies=CURRENCIES,
            capture="partial",
            void=True,
            refund="multiple",
            query=True,
            callbacks=True,
            late_success=True,
            idempotent_operations=True,
            simulated=True,
        )

    async def authorize(self, request: AuthorizeRequest, context: CallContext) -> Outcome:
        # UPI addresses are case-insensitive.
        address = request.instrument.display.get("vpa", "").lower()
        is_rupees = request.amount.currency in CURRENCIES
        return await self._simulator.authorize(
            request,
            context,
            decline=TEST_ADDRESSES.get(address) if is_rupees else NOT_RUPEES,
            timeline=self._timeline(request),
            action_data=action_data,
        )

    async def query(self, kind: OperationKind, request: FollowUp, context: CallContext) -> Outcome:
        timeline = self._timeline(request) if kind is OperationKind.CHARGE else None
        return await self._simulator.query(
            kind, request, context, timeline=timeline, action_data=action_data
        )

    def _timeline(self, request: AuthorizeRequest | FollowUp) -> Timeline | None:
        """Return the timeline of an intent or QR payment without a scenario."""
        if request.instrument.flow == "collect" or request.amount.currency not in CURRENCIES:
            return None
        call = "action:qr" if request.instrument.flow == "qr" else "action:upi_intent"
        settings = self._simulator.settings
        if not settings.test_mode:
            return Timeline(call=call, then=((EXPIRES_AFTER_S, "declined:payer_timed_out"),))
        ending = "approved" if settings.test_payment_success else "declined"
        return Timeline(call=call, then=((settings.test_processing_delay_ms / 1000, ending),))

    async def capture(self, request: FollowUp, context: CallContext) -> Outcome:
        return await self._simulator.settle_hold(OperationKind.CAPTURE, request, context)

    async def void(self, request: FollowUp, context: CallContext) -> Outcome:
        return await self._simulator.settle_hold(OperationKind.VOID, request, context)

    async def refund(self, request: FollowUp, context: CallContext) -> Outcome:
        return await self._simulator.refund(
            request,
            context,
            decline=NO_REFUNDS.get(request.instrument.display.get("vpa", "").lower()),
        )

    async def wake(self, request: FollowUp, context: CallContext) -> None:  # noqa: ARG002 - the state is sufficient
        await self._simulator.wake(context)

    def payer_decides(self, request: FollowUp, decision: str) -> RawCallback:
        return self._simulator.payer_decides(request, decision)

    def split(self, callback: RawCallback) -> Sequence[RawCallback]:
        return self._simulator.split(callback)

    def verify(self, callback: RawCallback) -> Verified:
        return self._simulator.verify(callback)

    def translate(self, verified: Verified) -> Sequence[Update]:
        return self._simulator.translate(verified)

    def acknowledge(self, *, accepted: bool) -> tuple[int, bytes]:
        return self._simulator.acknowledge(accepted=accepted)
