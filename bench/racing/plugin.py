"""The payment method and the processors of the races: they do as the payment says.

Loaded by the processes under test through an entry point that ``stack.py`` writes.
Each call is one line of JSON in a file that all processes share.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal, cast

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
    OperationKind,
    Outcome,
    PaymentMethod,
    Pending,
    PluginContext,
    PluginInfo,
    Processor,
    RawCallback,
    Update,
    Verified,
    hookimpl,
)

SECRET = b"of the races"
SIGNATURE = "x-race-signature"
LATER = timedelta(hours=1)

Behaviour = Literal["approve", "wait", "raise", "junk", "wake"]


class RaceInput(BaseModel):
    """How the processor is to answer."""

    flow: Literal["calls_back", "is_asked", "is_broken"] = "calls_back"
    behaviour: Behaviour = "approve"
    refunds: Literal["approve", "wait"] = "approve"


class RaceMethod:
    """A method whose details say how its processor behaves."""

    info = MethodInfo(
        code="race",
        label="Race",
        flows=frozenset({"calls_back", "is_asked", "is_broken"}),
        input_model=RaceInput,
    )

    def prepare(self, details: BaseModel, context: MethodContext) -> Instrument:
        """Keep all of it in clear."""
        assert isinstance(details, RaceInput)
        shown = {"behaviour": details.behaviour, "refunds": details.refunds}
        return Instrument("race", details.flow, display=shown)


class RaceSettings(BaseModel):
    """Read from ``PAYGATE_RACE_*``."""

    journal: str = ""


class Journal:
    """One line of JSON per call. Lines this short are appended whole by the kernel."""

    def __init__(self, path: str) -> None:
        self._path = path

    def write(self, what: str, operation_id: str, payment_id: str, amount: Money) -> None:
        line = {
            "what": what,
            "operation_id": operation_id,
            "payment_id": payment_id,
            "amount": amount.minor,
            "currency": amount.currency,
        }
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, json.dumps(line).encode() + b"\n")
        finally:
            os.close(file)


class CallsBack:
    """Approves at once, or says so later in a signed callback. It cannot be asked."""

    info = PluginInfo(id="race_calls_back", version="0", requires_api=3)
    capabilities = Capabilities(
        methods={"race": frozenset({"calls_back"})},
        refund="multiple",
        callbacks=True,
        late_success=True,
    )

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def authorize(self, request: AuthorizeRequest, context: CallContext) -> Outcome:
        self._journal.write("authorize", context.operation_id, request.payment_id, request.amount)
        if request.instrument.display["behaviour"] == "approve":
            return Approved(f"race-{context.operation_id}", request.amount)
        return ActionRequired("wait", context.clock.now() + LATER, resolve_after=LATER)

    async def refund(self, request: FollowUp, context: CallContext) -> Outcome:
        self._journal.write("refund", context.operation_id, request.payment_id, request.amount)
        if request.instrument.display["refunds"] == "approve":
            return Approved(f"race-{context.operation_id}", request.amount)
        return Pending(resolve_after=LATER)

    def split(self, callback: RawCallback) -> Sequence[RawCallback]:
        return [callback]

    def verify(self, callback: RawCallback) -> Verified:
        if not hmac.compare_digest(callback.headers.get(SIGNATURE, ""), sign(callback.body)):
            raise BadSignatureError("the signature does not match")
        content = json.loads(callback.body)
        return Verified(str(content["id"]), content)

    def translate(self, verified: Verified) -> Sequence[Update]:
        content = verified.content
        amount = Money(content["amount"], content["currency"])
        outcome: Outcome = Declined(DeclineCode.DECLINED)
        if content["approved"]:
            outcome = Approved(f"race-{content['operation_id']}", amount)
        return [Update(content["operation_id"], outcome, amount)]

    def acknowledge(self, *, accepted: bool) -> tuple[int, bytes]:
        return (200, b"{}") if accepted else (400, b"{}")


class IsAsked:
    """Approves everything at once, and can be asked about it."""

    info = PluginInfo(id="race_is_asked", version="0", requires_api=3)
    capabilities = Capabilities(
        methods={"race": frozenset({"is_asked"})},
        refund="multiple",
        query=True,
        idempotent_operations=True,
    )

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def authorize(self, request: AuthorizeRequest, context: CallContext) -> Outcome:
        self._journal.write("authorize", context.operation_id, request.payment_id, request.amount)
        return Approved(f"race-{context.operation_id}", request.amount)

    async def refund(self, request: FollowUp, context: CallContext) -> Outcome:
        self._journal.write("refund", context.operation_id, request.payment_id, request.amount)
        return Approved(f"race-{context.operation_id}", request.amount)

    async def query(self, kind: OperationKind, request: FollowUp, context: CallContext) -> Outcome:
        self._journal.write("query", request.operation_id, request.payment_id, request.amount)
        return Approved(f"race-{request.operation_id}", request.amount)


class IsBroken:
    """Raises, answers junk, or asks to be woken in a way that makes no sense."""

    info = PluginInfo(id="race_is_broken", version="0", requires_api=3)
    capabilities = Capabilities(methods={"race": frozenset({"is_broken"})})

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def authorize(self, request: AuthorizeRequest, context: CallContext) -> Outcome:
        self._journal.write("authorize", context.operation_id, request.payment_id, request.amount)
        match request.instrument.display["behaviour"]:
            case "raise":
                raise RuntimeError("broken on purpose")
            case "junk":
                return cast("Outcome", {"status": "approved", "amount": float("nan")})
            case _:
                context.wake_me(cast("Any", 5), {"at": cast("Any", object())})
                return Approved("race-broken", request.amount)

    async def wake(self, request: FollowUp, context: CallContext) -> None:
        self._journal.write("wake", request.operation_id, request.payment_id, request.amount)


def sign(body: bytes) -> str:
    """Return the signature of a callback."""
    return hmac.new(SECRET, body, hashlib.sha256).hexdigest()


def callback(call: Mapping[str, Any], *, key: str, approved: bool) -> tuple[dict[str, str], bytes]:
    """Return the headers and body of a callback about a call in the journal."""
    content = {
        "id": key,
        "operation_id": call["operation_id"],
        "amount": call["amount"],
        "currency": call["currency"],
        "approved": approved,
    }
    body = json.dumps(content).encode()
    return {SIGNATURE: sign(body)}, body


@hookimpl
def paygate_methods() -> Iterable[PaymentMethod]:
    return [RaceMethod()]


@hookimpl
def paygate_processors(context: PluginContext) -> Iterable[Processor]:
    journal = Journal(context.config(RaceSettings).journal)
    return [CallsBack(journal), IsAsked(journal), IsBroken(journal)]
