"""The wallet's HTTP API, and its callbacks."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, Field, field_validator

from paygate import (
    Approved,
    AuthorizeRequest,
    BadSignatureError,
    CallContext,
    Capabilities,
    DeclineCode,
    Declined,
    FollowUp,
    HttpError,
    Money,
    NotSentError,
    OperationKind,
    Outcome,
    Pending,
    PluginInfo,
    RawCallback,
    Unknown,
    Update,
    Verified,
)

from . import signatures

ASK_AFTER = timedelta(minutes=2)
"""Callbacks come sooner, unless they are lost."""
READ_BYTES_MAX = 16_384
NOT_SENT = {"refused_address", "invalid_url"}
REASONS = {
    "no_funds": DeclineCode.INSUFFICIENT_FUNDS,
    "blocked": DeclineCode.BLOCKED_INSTRUMENT,
    "limit": DeclineCode.LIMIT_EXCEEDED,
    "closed": DeclineCode.EXPIRED_INSTRUMENT,
}
"""The wallet's words → ours. What it invents later is a plain decline."""


class WalletSettings(BaseModel):
    """Read from ``PAYGATE_SIGNED_WALLET_*``."""

    url: str = Field(
        "https://wallet.example", pattern=r"^https?://", description="Of the wallet's API."
    )
    public_key: str = Field(
        # Whose private half nobody has: no callback counts until the wallet's own is set.
        "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        description="The wallet's ed25519 key, 32 bytes in base64.",
    )

    @field_validator("public_key")
    @classmethod
    def _is_a_key(cls, text: str) -> str:
        signatures.public_key(text)
        return text


class SignedWallet:
    """Takes money from wallets and gives it back; the end of each comes by callback.

    Our operation id is the wallet's idempotency key. A callback that is lost is made good
    by a query, for which the wallet's own reference is kept in the state.
    """

    info = PluginInfo(id="signed_wallet", version="0.1.0", requires_api=3)
    capabilities = Capabilities(
        methods={"wallet": frozenset({"balance"})},
        refund="multiple",
        query=True,
        callbacks=True,
        idempotent_operations=True,
    )

    def __init__(self, settings: WalletSettings) -> None:
        self._url = settings.url.rstrip("/")
        self._key = signatures.public_key(settings.public_key)

    async def authorize(self, request: AuthorizeRequest, context: CallContext) -> Outcome:
        """Ask for the money."""
        wallet = request.instrument.display["wallet_id"]
        asked = {"wallet": wallet, **_asked(context.operation_id, request.amount)}
        return _outcome(await self._post("/charges", asked, context), request.amount)

    async def refund(self, request: FollowUp, context: CallContext) -> Outcome:
        """Give money back."""
        asked = {"charge": request.operation_id, **_asked(context.operation_id, request.amount)}
        return _outcome(await self._post("/refunds", asked, context), request.amount)

    async def query(self, kind: OperationKind, request: FollowUp, context: CallContext) -> Outcome:
        """Ask what became of a charge or a refund: one address tells of both."""
        asked = {"operation": request.operation_id, **(context.state or {})}
        said = await self._post("/status", asked, context)
        if said.get("status") == "unheard_of":
            raise NotSentError("the wallet never heard of it", plugin=self.info.id)
        return _outcome(said, request.amount)

    def split(self, callback: RawCallback) -> Sequence[RawCallback]:
        """One signature, one callback."""
        return [callback]

    def verify(self, callback: RawCallback) -> Verified:
        """Check the signature before a byte of it is read."""
        signatures.check(callback, self._key)
        try:
            content = json.loads(callback.body)
            return Verified(str(content["id"]), content)
        except (ValueError, KeyError, TypeError, RecursionError):
            raise BadSignatureError("signed, but no callback of the wallet's") from None

    def translate(self, verified: Verified) -> Sequence[Update]:
        """What it says, in our words; the host compares the sum with ours."""
        said = verified.content
        amount = Money(said["amount"], said["currency"])
        return [Update(str(said["operation"]), _outcome(said, amount), amount)]

    def acknowledge(self, *, accepted: bool) -> tuple[int, bytes]:
        """The wallet sends again what was answered with anything but a 2xx."""
        return (200, b"ok") if accepted else (400, b"no")

    async def _post(
        self, path: str, asked: Mapping[str, Any], context: CallContext
    ) -> Mapping[str, Any]:
        """What the wallet answers; nothing where that cannot be read."""
        try:
            response = await context.http.post(
                self._url + path,
                body=json.dumps(asked).encode(),
                headers={"Content-Type": "application/json"},
                timeout=context.deadline,
                response_bytes_max=READ_BYTES_MAX,
            )
        except HttpError as error:
            if error.kind in NOT_SENT:
                raise NotSentError(error.kind, plugin=self.info.id) from error
            raise  # It may have arrived: the host counts it as Unknown, and asks later.
        try:
            said = json.loads(response.body) if response.status == 200 else None
        except ValueError:
            said = None
        return said if isinstance(said, dict) else {}


def _asked(operation_id: str, amount: Money) -> Mapping[str, Any]:
    return {"operation": operation_id, "amount": amount.minor, "currency": amount.currency}


def _outcome(said: Mapping[str, Any], amount: Money) -> Outcome:
    """The wallet's answer or callback in our words. What it does not say clearly is no yes."""
    reference, reason = said.get("reference"), str(said.get("reason", ""))
    match said.get("status"):
        case "paid" if isinstance(reference, str) and reference:
            return Approved(reference, amount)
        case "refused":
            code = REASONS.get(reason, DeclineCode.DECLINED)
            return Declined(code, processor_code=reason or None)
        case "accepted":
            return Pending(ASK_AFTER, state={"reference": str(reference)} if reference else None)
    return Unknown("the wallet's answer cannot be read")
