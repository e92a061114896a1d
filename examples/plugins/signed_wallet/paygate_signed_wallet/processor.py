"""A client of the wallet's HTTP API, and its callbacks."""

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
"""Callbacks arrive earlier, unless they are lost."""
READ_BYTES_MAX = 16_384
NOT_SENT = {"refused_address", "invalid_url"}
REASONS = {
    "no_funds": DeclineCode.INSUFFICIENT_FUNDS,
    "blocked": DeclineCode.BLOCKED_INSTRUMENT,
    "limit": DeclineCode.LIMIT_EXCEEDED,
    "closed": DeclineCode.EXPIRED_INSTRUMENT,
}
"""The wallet's codes → decline codes. Unknown codes are plain declines."""


class WalletSettings(BaseModel):
    """Read from ``PAYGATE_SIGNED_WALLET_*``."""

    url: str = Field(
        "https://wallet.example", pattern=r"^https?://", description="URL of the wallet's API."
    )
    public_key: str = Field(
        # The default key has no known private key: callbacks are rejected until the key is set.
        "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        description="The wallet's ed25519 key, 32 bytes in base64.",
    )

    @field_validator("public_key")
    @classmethod
    def _is_a_key(cls, text: str) -> str:
        signatures.public_key(text)
        return text


class SignedWallet:
    """Charges and refunds wallets; results arrive by callback.

    The operation id is the wallet's idempotency key. A query replaces a lost callback; the state
    stores the wallet's reference for it.
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
        """Charge the wallet."""
        wallet = request.instrument.display["wallet_id"]
        asked = {"wallet": wallet, **_asked(context.operation_id, request.amount)}
        return _outcome(await self._post("/charges", asked, context), request.amount)

    async def refund(self, request: FollowUp, context: CallContext) -> Outcome:
        """Refund a charge."""
        asked = {"charge": request.operation_id, **_asked(context.operation_id, request.amount)}
        return _outcome(await self._post("/refunds", asked, context), request.amount)

    async def query(self, kind: OperationKind, request: FollowUp, context: CallContext) -> Outcome:
        """Query a charge or a refund: both have the same URL."""
        asked = {"operation": request.operation_id, **(context.state or {})}
        try:
            response_body = await self._post("/status", asked, context)
        except NotSentError as error:
            # The query did not arrive. That says nothing about the operation.
            return Unknown(f"the wallet cannot be asked: {error.reason}")
        if response_body.get("status") == "unheard_of":
            raise NotSentError("the wallet does not know it", plugin=self.info.id)
        return _outcome(response_body, request.amount)

    def split(self, callback: RawCallback) -> Sequence[RawCallback]:
        """Return the callback: it has one signature."""
        return [callback]

    def verify(self, callback: RawCallback) -> Verified:
        """Check the signature before parsing."""
        signatures.check(callback, self._key)
        try:
            content = json.loads(callback.body)
            return Verified(str(content["id"]), content)
        except (ValueError, KeyError, TypeError, RecursionError):
            raise BadSignatureError("signed, but not a callback of the wallet") from None

    def translate(self, verified: Verified) -> Sequence[Update]:
        """Convert a callback; the host compares the amounts."""
        response_body = verified.content
        amount = Money(response_body["amount"], response_body["currency"])
        return [Update(str(response_body["operation"]), _outcome(response_body, amount), amount)]

    def acknowledge(self, *, accepted: bool) -> tuple[int, bytes]:
        """Respond with 2xx: the wallet repeats a callback after any other status."""
        return (200, b"ok") if accepted else (400, b"no")

    async def _post(
        self, path: str, asked: Mapping[str, Any], context: CallContext
    ) -> Mapping[str, Any]:
        """Return the wallet's parsed response; empty if it cannot be parsed."""
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
            raise  # It may have arrived: the host treats it as Unknown and queries later.
        try:
            response_body = json.loads(response.body) if response.status == 200 else None
        except ValueError:
            response_body = None
        return response_body if isinstance(response_body, dict) else {}


def _asked(operation_id: str, amount: Money) -> Mapping[str, Any]:
    return {"operation": operation_id, "amount": amount.minor, "currency": amount.currency}


def _outcome(response_body: Mapping[str, Any], amount: Money) -> Outcome:
    """Convert a response or callback to an outcome. Anything unclear is not an approval."""
    reference, reason = response_body.get("reference"), str(response_body.get("reason", ""))
    match response_body.get("status"):
        case "paid" if isinstance(reference, str) and reference:
            return Approved(reference, amount)
        case "refused":
            code = REASONS.get(reason, DeclineCode.DECLINED)
            return Declined(code, processor_code=reason or None)
        case "accepted":
            return Pending(ASK_AFTER, state={"reference": str(reference)} if reference else None)
    return Unknown("the wallet's response cannot be parsed")
