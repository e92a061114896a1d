"""The processor between us and the banks: sends the shopper there, and hears how it ended."""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

from pydantic import BaseModel, Field, SecretStr

from paygate import (
    ActionRequired,
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

from .bank import LASTS, SHOPPER_TAKES, signed_status, status_at


class NetbankingSettings(BaseModel):
    """Read from ``PAYGATE_NETBANKING_*``."""

    bank_url: str = Field(
        "http://localhost:8000/plugins/netbanking/bank",
        pattern=r"^https?://",
        description="The page that shoppers are sent to.",
    )
    secret: SecretStr = Field(
        SecretStr("simulated"), description="Signs what the bank sends back with a shopper."
    )


class NetbankingSim:
    """Takes money from bank accounts, once their holders have agreed on the bank's pages.

    There are three ways to hear of the end: the shopper comes back with what the bank
    signed, the shopper comes back with nothing, or nobody comes and the host asks.
    """

    info = PluginInfo(id="netbanking_sim", version="0.1.0")
    capabilities = Capabilities(
        methods={"netbanking": frozenset({"redirect"})},
        refund="multiple",
        query=True,
        idempotent_operations=True,
        simulated=True,
    )

    def __init__(self, settings: NetbankingSettings) -> None:
        self._settings = settings

    async def authorize(self, request: AuthorizeRequest, context: CallContext) -> Outcome:
        """Send the shopper to their bank."""
        now = context.clock.now()
        bank = request.instrument.display["bank"]
        return self._redirect(context.operation_id, bank, context.asked_at or now, now)

    async def complete_action(
        self, request: FollowUp, params: Mapping[str, str], context: CallContext
    ) -> Outcome:
        """The shopper is back. What they bring counts only where the bank signed it."""
        secret = self._settings.secret.get_secret_value()
        status = signed_status(secret, request.operation_id, params)
        return self._outcome(status, request, context)

    async def query(self, kind: OperationKind, request: FollowUp, context: CallContext) -> Outcome:
        """Ask the bank: the shopper may have paid and closed the window."""
        if kind is not OperationKind.CHARGE:
            return Approved(_reference(request.operation_id), request.amount)
        return self._outcome(None, request, context)

    async def refund(self, request: FollowUp, context: CallContext) -> Outcome:
        """Give money back to the account."""
        return Approved(_reference(context.operation_id), request.amount)

    def _outcome(self, status: str | None, request: FollowUp, context: CallContext) -> Outcome:
        """What a status means; without one the bank is asked."""
        now, bank = context.clock.now(), request.instrument.display["bank"]
        match status or status_at(bank, request.asked_at, now):
            case "paid":
                return Approved(_reference(request.operation_id), request.amount)
            case "refused":
                return Declined(DeclineCode.INSUFFICIENT_FUNDS, processor_code="NB-51")
        if now >= request.asked_at + LASTS:
            return Declined(DeclineCode.PAYER_TIMED_OUT, retry="same_instrument")
        return self._redirect(request.operation_id, bank, request.asked_at, now)

    def _redirect(
        self, operation_id: str, bank: str, asked_at: datetime, now: datetime
    ) -> ActionRequired:
        url = f"{self._settings.bank_url}?{urlencode({'operation': operation_id, 'bank': bank})}"
        expires_at = asked_at + LASTS
        # Never later than the end, so that nobody waits for what has expired.
        wait = min(SHOPPER_TAKES, max(expires_at - now, SHOPPER_TAKES / 20))
        return ActionRequired("redirect", expires_at, {"url": url}, resolve_after=wait)


def _reference(operation_id: str) -> str:
    return f"nb-{operation_id}"
