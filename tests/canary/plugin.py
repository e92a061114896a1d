"""A processor that puts its secrets into everything that it raises, logs and sends."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, SecretStr

from paygate import (
    Approved,
    AuthorizeRequest,
    BadSignatureError,
    CallContext,
    Capabilities,
    DeclineCode,
    Declined,
    ExtensionContext,
    FollowUp,
    Instrument,
    MethodContext,
    MethodInfo,
    Money,
    OperationKind,
    Outcome,
    PaymentMethod,
    Pending,
    PluginContext,
    PluginInfo,
    Processor,
    RawCallback,
    Route,
    RouteCall,
    Update,
    Verified,
    hookimpl,
)


class LeakyInput(BaseModel):
    """A card, and what the processor does with it."""

    number: str
    cvv: str
    way: str


class LeakyMethod:
    info = MethodInfo("leaky", "Leaky", frozenset({"raise", "decline", "wait"}), LeakyInput)

    def prepare(self, details: BaseModel, context: MethodContext) -> Instrument:
        assert isinstance(details, LeakyInput)
        if details.way == "refuse":
            raise RuntimeError(f"refused {details.number} with cvv {details.cvv}")
        secret = {"number": details.number, "cvv": details.cvv}
        return Instrument("leaky", details.way, display={"last4": "0005"}, secret=secret)


class LeakySettings(BaseModel):
    """Read from ``PAYGATE_LEAKY_*``."""

    signing_secret: SecretStr
    bank: str
    planted: str


class LeakyBank:
    info = PluginInfo("leaky", "1")
    capabilities = Capabilities(
        methods={"leaky": frozenset({"raise", "decline", "wait"})}, query=True, callbacks=True
    )

    def __init__(self, settings: LeakySettings) -> None:
        self._settings = settings

    async def authorize(self, request: AuthorizeRequest, context: CallContext) -> Outcome:
        secret = self._settings.signing_secret.get_secret_value()
        card = request.instrument.secret or {}
        everything = f"{secret} {card['number']} cvv {card['cvv']}"
        context.logger.info("asking the bank", planted=self._settings.planted, text=everything)
        await context.http.post(
            self._settings.bank,
            body=json.dumps({**card, "signing_secret": secret}).encode(),
            headers={"Authorization": f"Bearer {secret}", "Content-Type": "application/json"},
            timeout=timedelta(seconds=8),
            response_bytes_max=10_000,
        )
        match request.instrument.flow:
            case "decline":
                return Declined(DeclineCode.DECLINED, processor_code=everything)
            case "wait":
                return Pending(timedelta(hours=1), state={"note": everything})
            case _:
                raise RuntimeError(everything)

    async def query(self, kind: OperationKind, request: FollowUp, context: CallContext) -> Outcome:
        return Declined(DeclineCode.DECLINED)

    def split(self, callback: RawCallback) -> Sequence[RawCallback]:
        return [callback]

    def verify(self, callback: RawCallback) -> Verified:
        secret = self._settings.signing_secret.get_secret_value()
        if callback.headers.get("x-bank-secret") != secret:
            raise BadSignatureError(f"{secret} was expected")
        content: dict[str, Any] = json.loads(callback.body)
        return Verified(content["id"], content)

    def translate(self, verified: Verified) -> Sequence[Update]:
        content = verified.content
        if content["id"] == "raises":
            raise RuntimeError(json.dumps(content))
        amount = Money(content["amount"], "INR")
        return [Update(content["operation_id"], Approved("bank-1", amount), amount)]

    def acknowledge(self, *, accepted: bool) -> tuple[int, bytes]:
        return (200, b"{}") if accepted else (400, b"{}")


@hookimpl
def paygate_methods() -> Iterable[PaymentMethod]:
    return [LeakyMethod()]


@hookimpl
def paygate_processors(context: PluginContext) -> Iterable[Processor]:
    return [LeakyBank(context.config(LeakySettings))]


@hookimpl
def paygate_routes(context: PluginContext) -> Iterable[Route]:
    settings = context.config(LeakySettings)

    async def fail(call: RouteCall, extension: ExtensionContext) -> object:
        secret = settings.signing_secret.get_secret_value()
        extension.logger.info("failing", planted=settings.planted, text=f"with {secret}")
        raise RuntimeError(secret)

    return [Route("GET", "/fail", fail, "Fail", access="anyone")]
