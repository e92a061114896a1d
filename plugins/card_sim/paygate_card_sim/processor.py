"""The processor ``card_sim``: a simulated card network."""

from collections.abc import Mapping, Sequence

from paygate import (
    AuthorizeRequest,
    CallContext,
    Capabilities,
    DeclineCode,
    Declined,
    FollowUp,
    NotSentError,
    OperationKind,
    Outcome,
    PluginInfo,
    RawCallback,
    Scenario,
    Simulator,
    Update,
    Verified,
)

from .settings import CardSimSettings

TEST_CARDS = {
    "4000000000000002": Declined(DeclineCode.DECLINED),
    "4000000000009995": Declined(DeclineCode.INSUFFICIENT_FUNDS),
    "4000000000000069": Declined(DeclineCode.EXPIRED_INSTRUMENT),
    "4000000000009987": Declined(DeclineCode.BLOCKED_INSTRUMENT),
    "4000000000006975": Declined(DeclineCode.LIMIT_EXCEEDED, retry="later"),
    "4000000000000127": Declined(DeclineCode.AUTHENTICATION_FAILED, retry="same_instrument"),
    "4100000000000019": Declined(DeclineCode.SUSPECTED_FRAUD, retry="never"),
    "4000000000000119": Declined(DeclineCode.PROCESSING_ERROR, retry="later"),
}
"""Numbers that are always declined."""

NO_REFUNDS = {"0341": Declined(DeclineCode.BLOCKED_INSTRUMENT, retry="never")}
"""Last four digits of a card that succeeds but cannot be refunded: 4000000000000341."""


class CardSim:
    """Simulates a card network.

    Args:
        settings: Its settings.
        scenarios: Its scenarios, by name.
    """

    def __init__(
        self, settings: CardSimSettings, scenarios: Mapping[str, Scenario] | None = None
    ) -> None:
        self._simulator = Simulator("card_sim", settings, scenarios or {})

    @property
    def info(self) -> PluginInfo:
        return PluginInfo(id="card_sim", version="0.1.0")

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            methods={"card": frozenset({"frictionless"})},
            capture="multiple",
            void=True,
            refund="multiple",
            query=True,
            callbacks=True,
            late_success=True,
            idempotent_operations=True,
            simulated=True,
        )

    async def authorize(self, request: AuthorizeRequest, context: CallContext) -> Outcome:
        """Charge the card.

        Raises:
            NotSentError: The instrument has no number, or the record file cannot be
                written.
        """
        secret = request.instrument.secret
        if secret is None or "number" not in secret:
            raise NotSentError("the card's number is missing", plugin="card_sim")
        # The decline is stored in the state: later queries do not have the number.
        decline = TEST_CARDS.get(secret["number"])
        return await self._simulator.authorize(request, context, decline=decline)

    async def query(self, kind: OperationKind, request: FollowUp, context: CallContext) -> Outcome:
        return await self._simulator.query(kind, request, context)

    async def capture(self, request: FollowUp, context: CallContext) -> Outcome:
        return await self._simulator.settle_hold(OperationKind.CAPTURE, request, context)

    async def void(self, request: FollowUp, context: CallContext) -> Outcome:
        return await self._simulator.settle_hold(OperationKind.VOID, request, context)

    async def refund(self, request: FollowUp, context: CallContext) -> Outcome:
        return await self._simulator.refund(
            request, context, decline=NO_REFUNDS.get(request.instrument.display.get("last4", ""))
        )

    async def wake(self, request: FollowUp, context: CallContext) -> None:  # noqa: ARG002 - the state is enough
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
