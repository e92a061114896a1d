"""The processor ``http_bank``: five requests, and the callbacks of the bank."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from paygate import (
    AuthorizeRequest,
    BadSignatureError,
    CallContext,
    Capabilities,
    FollowUp,
    HttpError,
    Money,
    NotSentError,
    OperationKind,
    Outcome,
    PluginInfo,
    RawCallback,
    Unknown,
    Update,
    Verified,
)

from .outcomes import call_outcome, operation_outcome, query_outcome
from .settings import HttpBankSettings
from .signatures import check_signature

NOT_SENT = {"refused_address", "invalid_url", "invalid_certificate"}
"""The only errors of ``context.http`` after which nothing can have arrived."""


class HttpBank:
    """Moves money at a bank.

    The operation id is the bank's idempotency key, so a repeated request has one effect. It is
    also the reference of a query, so an operation whose answer was lost can be found.
    """

    info = PluginInfo(id="http_bank", version="0.1.0", requires_api=5)
    capabilities = Capabilities(
        methods={"card": frozenset({"frictionless"})},
        capture="multiple",
        void=True,
        refund="multiple",
        query=True,
        callbacks=True,
        late_success=True,
        idempotent_operations=True,
    )

    def __init__(self, settings: HttpBankSettings) -> None:
        self._url = settings.url.rstrip("/")
        self._timeout = timedelta(seconds=settings.timeout_s)
        self._headers = {"Authorization": f"Bearer {settings.api_key.get_secret_value()}"}
        self._callback_secret = settings.callback_secret.get_secret_value()

    async def authorize(self, request: AuthorizeRequest, context: CallContext) -> Outcome:
        """Charge the card, or hold its money."""
        card = request.instrument.secret
        if card is None:
            raise NotSentError("the card's number is missing", plugin=self.info.id)
        body = {
            "instrument": dict(card),
            "capture": request.capture,
            "payment": request.payment_id,
        }
        return await self._move("/charges", body, request.amount, context)

    async def capture(self, request: FollowUp, context: CallContext) -> Outcome:
        """Capture held money."""
        body = {"charge": request.operation_id, "final": request.is_final}
        return await self._move("/captures", body, request.amount, context)

    async def void(self, request: FollowUp, context: CallContext) -> Outcome:
        """Release held money."""
        return await self._move("/voids", {"charge": request.operation_id}, request.amount, context)

    async def refund(self, request: FollowUp, context: CallContext) -> Outcome:
        """Refund a charge."""
        body = {"charge": request.operation_id}
        return await self._move("/refunds", body, request.amount, context)

    async def query(
        self,
        kind: OperationKind,  # noqa: ARG002 - a reference has one kind
        request: FollowUp,
        context: CallContext,
    ) -> Outcome:
        """Query an operation of any kind by its id.

        Raises:
            NotSentError: The bank itself says that it has not executed the operation.
        """
        try:
            response = await context.http.request(
                "GET",
                f"{self._url}/operations/{request.operation_id}",
                headers=self._headers,
                timeout=min(context.deadline, self._timeout),
            )
        except HttpError as error:
            # A query that was not sent says nothing about the operation: never NotSentError.
            return Unknown(f"no answer to a query: {error.kind}")
        return query_outcome(response, request.operation_id)

    async def _move(
        self, path: str, body: Mapping[str, Any], amount: Money, context: CallContext
    ) -> Outcome:
        """Send a request that moves money, once."""
        money = {"amount": amount.minor, "currency": amount.currency}
        try:
            response = await context.http.request(
                "POST",
                self._url + path,
                body=json.dumps({**body, **money}).encode(),
                headers={
                    **self._headers,
                    "Content-Type": "application/json",
                    "Idempotency-Key": context.operation_id,
                },
                timeout=min(context.deadline, self._timeout),
                moves_money=True,
            )
        except HttpError as error:
            if error.kind in NOT_SENT:
                raise NotSentError(error.kind, plugin=self.info.id) from error
            # The bank may have executed it. The host queries it, and does not charge again.
            return Unknown(f"no answer: {error.kind}")
        return call_outcome(response, context.operation_id)

    def split(self, callback: RawCallback) -> Sequence[RawCallback]:
        """Return the callback: the bank sends no batches."""
        return [callback]

    def verify(self, callback: RawCallback) -> Verified:
        """Check the signature before anything is parsed."""
        check_signature(callback, self._callback_secret)
        try:
            content = json.loads(callback.body)
            return Verified(content["id"], content["operation"])
        except (ValueError, KeyError, TypeError) as error:
            raise BadSignatureError("signed, but not a callback of the bank") from error

    def translate(self, verified: Verified) -> Sequence[Update]:
        """Convert a callback; the host compares the amounts."""
        operation = verified.content
        amount = Money(operation["amount"], operation["currency"])
        return [Update(operation["reference"], operation_outcome(operation), amount)]

    def acknowledge(self, *, accepted: bool) -> tuple[int, bytes]:
        """Answer 200 only if it is stored: the bank repeats a callback after any other answer."""
        return (200, b"{}") if accepted else (400, b"{}")
