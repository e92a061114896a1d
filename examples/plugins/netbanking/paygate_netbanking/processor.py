"""The processor of the banks: redirects the shopper and gets the result."""

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
        description="The page that shoppers are redirected to.",
    )
    secret: SecretStr = Field(
        SecretStr("simulated"), description="Secret of the bank's signatures."
    )


class NetbankingSim:
    """Charges bank accounts after their holders have agreed on the bank's page.

    There are three ways to get the result: the shopper returns with a signed status, the shopper
    returns without one, or the shopper does not return and the host queries.
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
        """Redirect the shopper to the bank."""
        now = context.clock.now()
        bank = request.instrument.display["bank"]
        return self._redirect(context.operation_id, bank, context.asked_at or now, now)

    async def complete_action(
        self, request: FollowUp, params: Mapping[str, str], context: CallContext
    ) -> Outcome:
        """Handle the shopper's return. Only a signed status counts."""
        secret = self._settings.secret.get_secret_value()
        status = signed_status(secret, request.operation_id, params)
        return self._outcome(status, request, context)

    async def query(self, kind: OperationKind, request: FollowUp, context: CallContext) -> Outcome:
        """Query the bank: the shopper may have paid and closed the window."""
        if kind is not OperationKind.CHARGE:
            return Approved(_reference(request.operation_id), request.amount)
        return self._outcome(None, request, context)

    async def refund(self, request: FollowUp, context: CallContext) -> Outcome:
        """Refund to the account."""
        return Approved(_reference(context.operation_id), request.amount)

    def _outcome(self, status: str | None, request: FollowUp, context: CallContext) -> Outcome:
        """Convert a status to an outcome; without a status query the bank."""
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
        # Never later than the expiry, so that no one waits for an expired action.
        wait = min(SHOPPER_TAKES, max(expires_at - now, SHOPPER_TAKES / 20))
        return ActionRequired("redirect", expires_at, {"url": url}, resolve_after=wait)


def _reference(operation_id: str) -> str:
    return f"nb-{operation_id}"
