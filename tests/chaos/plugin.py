"""The payment method, the processors that talk to the bank, and their router."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal

from pydantic import BaseModel

from paygate import (
    ActionRequired,
    Approved,
    AuthorizeRequest,
    BadSignatureError,
    CallContext,
    Capabilities,
    DeclineCode,
    Declined,
    FollowUp,
    Instrument,
    MethodContext,
    MethodInfo,
    Money,
    NotSentError,
    OperationKind,
    Outcome,
    PaymentMethod,
    Pending,
    PluginContext,
    PluginInfo,
    Processor,
    RawCallback,
    RetryPolicy,
    Router,
    RouteRequest,
    Unknown,
    Update,
    Verified,
    hookimpl,
)
from paygate.plugins.defaults import Schedule

from .bank import DECIDE_S, SIGNATURE, sign
from .plan import Flow

# A callback will say more; the processor need not be asked meanwhile.
LONG = timedelta(hours=1)
SOON = timedelta(seconds=1)
TIMEOUT = timedelta(seconds=8)
HEADERS = {"Content-Type": "application/json"}


BankFlow = Flow | Literal["busy"]


class BankInput(BaseModel):
    """What the bank is to do."""

    flow: BankFlow = "asked"
    charge: str = "approve"
    later: str = "approve"


class BankMethod:
    """A method whose details say how its bank behaves."""

    info = MethodInfo("bank", "Bank", frozenset({"asked", "blind", "busy"}), BankInput)

    def prepare(self, details: BaseModel, context: MethodContext) -> Instrument:
        assert isinstance(details, BankInput)
        shown = {"charge": details.charge, "later": details.later}
        return Instrument("bank", details.flow, display=shown)


class BankSettings(BaseModel):
    """Read from ``PAYGATE_CHAOS_*``."""

    bank: str = ""


class BlindBank:
    """Cannot be queried, and an operation that arrives twice is executed twice."""

    flow: BankFlow = "blind"
    info = PluginInfo("bank_blind", "1")
    capabilities = Capabilities(
        methods={"bank": frozenset({"blind"})},
        capture="multiple",
        void=True,
        refund="multiple",
        callbacks=True,
        late_success=True,
    )

    def __init__(self, bank: str) -> None:
        self._bank = bank

    async def authorize(self, request: AuthorizeRequest, context: CallContext) -> Outcome:
        return await self._operate(OperationKind.CHARGE, request, context)

    async def capture(self, request: FollowUp, context: CallContext) -> Outcome:
        return await self._operate(OperationKind.CAPTURE, request, context)

    async def void(self, request: FollowUp, context: CallContext) -> Outcome:
        return await self._operate(OperationKind.VOID, request, context)

    async def refund(self, request: FollowUp, context: CallContext) -> Outcome:
        return await self._operate(OperationKind.REFUND, request, context)

    async def _operate(
        self, kind: OperationKind, request: AuthorizeRequest | FollowUp, context: CallContext
    ) -> Outcome:
        word = request.instrument.display["charge" if kind is OperationKind.CHARGE else "later"]
        content = await self._post("operations", kind, request, context, word)
        return self._outcome(content, request.amount, context)

    async def complete_action(
        self, request: FollowUp, params: Mapping[str, str], context: CallContext
    ) -> Outcome:
        content = await self._post("query", OperationKind.CHARGE, request, context, "ask")
        return self._outcome(content, request.amount, context)

    async def _post(
        self,
        path: str,
        kind: OperationKind,
        request: AuthorizeRequest | FollowUp,
        context: CallContext,
        word: str,
    ) -> dict[str, Any]:
        operation = {
            "flow": self.flow,
            "kind": kind.value,
            "word": word,
            "operation_id": context.operation_id,
            "payment_id": request.payment_id,
            "amount": request.amount.minor,
            "currency": request.amount.currency,
        }
        response = await context.http.post(
            f"{self._bank}/{path}",
            body=json.dumps(operation).encode(),
            headers=HEADERS,
            timeout=TIMEOUT,
            response_bytes_max=10_000,
        )
        content: dict[str, Any] = json.loads(response.body)
        return content

    def _outcome(
        self, content: Mapping[str, Any], amount: Money, context: CallContext | None = None
    ) -> Outcome:
        match content["state"]:
            case "approved":
                return Approved(f"bank-{content['operation_id']}", amount)
            case "declined":
                return Declined(DeclineCode.DECLINED)
            case "action" if context is not None:
                return ActionRequired(
                    "redirect",
                    context.clock.now() + timedelta(seconds=DECIDE_S),
                    {"url": f"{self._bank}/decide?operation={content['operation_id']}"},
                    resolve_after=LONG if self.flow == "blind" else SOON,
                )
            case "pending":
                return Pending(LONG if self.flow == "blind" else SOON)
            case "busy":
                raise NotSentError("the bank is busy")
            case _:
                return Unknown("the bank does not know it")

    def split(self, callback: RawCallback) -> Sequence[RawCallback]:
        return [callback]

    def verify(self, callback: RawCallback) -> Verified:
        given = callback.headers.get(SIGNATURE.lower(), "")
        if not hmac.compare_digest(given, sign(callback.body)):
            raise BadSignatureError("the signature does not match")
        content = json.loads(callback.body)
        return Verified(content["id"], content)

    def translate(self, verified: Verified) -> Sequence[Update]:
        content = verified.content
        amount = Money(content["amount"], content["currency"])
        return [Update(content["operation_id"], self._outcome(content, amount), amount)]

    def acknowledge(self, *, accepted: bool) -> tuple[int, bytes]:
        return (200, b"{}") if accepted else (400, b"{}")


class AskedBank(BlindBank):
    """Can be queried, and executes an operation once however often it arrives."""

    flow: BankFlow = "asked"
    info = PluginInfo("bank_asked", "1")
    capabilities = Capabilities(
        methods={"bank": frozenset({"asked", "busy"})},
        capture="multiple",
        void=True,
        refund="multiple",
        query=True,
        callbacks=True,
        late_success=True,
        idempotent_operations=True,
    )

    async def query(self, kind: OperationKind, request: FollowUp, context: CallContext) -> Outcome:
        word = request.instrument.display["charge" if kind is OperationKind.CHARGE else "later"]
        content = await self._post("query", kind, request, context, word)
        if content["state"] == "unknown":
            raise NotSentError("the bank has not received it")
        return self._outcome(content, request.amount, context)


class BusyBank(AskedBank):
    """Refuses an operation the first time: nothing has been sent."""

    flow: BankFlow = "busy"
    info = PluginInfo("bank_busy", "1")
    capabilities = replace(AskedBank.capabilities, methods={"bank": frozenset({"busy"})})


class BusyFirst:
    """Ranks the busy bank first, so that another one takes its charges over."""

    name = "busy_first"

    async def rank(self, request: RouteRequest, context: CallContext) -> Sequence[str]:
        return ["bank_busy", "bank_asked"]


@hookimpl
def paygate_methods() -> Iterable[PaymentMethod]:
    return [BankMethod()]


@hookimpl
def paygate_processors(context: PluginContext) -> Iterable[Processor]:
    bank = context.config(BankSettings).bank
    return [AskedBank(bank), BlindBank(bank), BusyBank(bank)]


@hookimpl
def paygate_routers() -> Iterable[Router]:
    return [BusyFirst()]


@hookimpl
def paygate_retry_policies() -> Iterable[RetryPolicy]:
    """Retry within seconds, so that a run of minutes sees how everything ends."""
    waits = tuple(timedelta(seconds=wait) for wait in (0.3, 0.5, *[1.0] * 120))
    return [
        Schedule("bank deliveries", frozenset({"delivery"}), waits),
        Schedule("bank queries", frozenset({"query"}), waits),
        Schedule("bank operations", frozenset({"operation"}), waits),
    ]
