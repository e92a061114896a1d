"""A good plugin of every kind; each bad one differs from it in one thing."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field

from paygate import (
    CARD_NETWORKS,
    Allow,
    Approved,
    BadSignatureError,
    Block,
    Capabilities,
    DeclineCode,
    Declined,
    DeliveryResult,
    HttpError,
    HttpResponse,
    Instrument,
    InvalidInstrumentError,
    MethodInfo,
    Money,
    NotSentError,
    PluginInfo,
    RawCallback,
    Unknown,
    Update,
    Verified,
    card_network,
    passes_luhn,
)
from paygate.testing.kit.cases import (
    MethodCase,
    PolicyCase,
    ProcessorCase,
    RiskCase,
    RouterCase,
    SinkCase,
)

SECRET = b"shared with the bank"
PURSE = {"number": "4111111111111111", "cvv": "737"}
EMPTY = {"number": "5555555555554444", "cvv": "737"}


CARD_RULES = {
    "number": {"digits_min": 13, "digits_max": 19},
    "security_code": {"digits": [3, 4]},
    "networks": [
        {
            "name": network.code,
            "ranges": [list(ends) for ends in network.ranges],
            "security_code": {"digits": [3, 4]},
        }
        for network in CARD_NETWORKS
    ],
}


class PurseInput(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True, json_schema_extra={"x-card": CARD_RULES})

    number: str = Field(max_length=19, repr=False)
    cvv: str = Field(min_length=3, max_length=4, repr=False)


class Purse:
    """The method."""

    info = MethodInfo("purse", "Purse", frozenset({"toss"}), PurseInput, "invalid_purse")

    def prepare(self, details, context):
        number = details.number
        if not (number.isascii() and number.isdigit() and len(number) >= 13):
            raise self.refusal(number)
        if not passes_luhn(number):
            raise self.refusal(number)
        return Instrument("purse", "toss", self.display(number), self.secret(details))

    def refusal(self, number):
        return InvalidInstrumentError("number is wrong", field="number", code="invalid_purse")

    def display(self, number):
        return {"last4": number[-4:], "network": card_network(number)}

    def secret(self, details):
        return {"number": details.number}


class Bank:
    """Who is behind the line: it knows every operation by its id."""

    def __init__(self):
        self.answers = {}

    def __call__(self, sent):
        asked = json.loads(sent.body)
        answer = self.answers.setdefault(asked["operation"], self.decide(asked))
        return HttpResponse(200, {}, json.dumps(answer).encode(), is_truncated=False)

    def decide(self, asked):
        if asked.get("number") == EMPTY["number"]:
            return {"status": "declined", "code": "51"}
        reference = f"bank-{asked['operation']}"
        return {"status": "approved", "reference": reference, "minor": asked["minor"]}


class Good:
    """The processor."""

    info = PluginInfo("good", "1")
    capabilities = Capabilities(
        methods={"purse": frozenset({"toss"})},
        amount_minor_min=10,
        amount_minor_max=100_000_000,
        capture="multiple",
        void=True,
        refund="multiple",
        query=True,
        callbacks=True,
        idempotent_operations=True,
    )

    async def authorize(self, request, context):
        number = (request.instrument.secret or {}).get("number", "")
        return await self.ask(request, context, number=number)

    async def query(self, kind, request, context):
        return await self.ask(request, context, operation=request.operation_id)

    async def capture(self, request, context):
        return await self.ask(request, context, about=request.operation_id)

    async def void(self, request, context):
        return await self.ask(request, context, about=request.operation_id)

    async def refund(self, request, context):
        return await self.ask(request, context, about=request.operation_id)

    async def ask(self, request, context, **more):
        try:
            response = await self.send(self.body(request, context, more), context)
        except HttpError as error:
            if error.kind in {"refused_address", "invalid_url"}:
                raise NotSentError(error.kind, plugin="good") from None
            return self.silence(error)
        return self.read(response, request)

    def body(self, request, context, more):
        fields = {"operation": context.operation_id, "minor": request.amount.minor}
        return json.dumps({**fields, **more}, sort_keys=True).encode()

    async def send(self, body, context):
        return await context.http.post(
            "https://bank.example/charges",
            body=body,
            headers={"content-type": "application/json"},
            timeout=min(context.deadline, timedelta(seconds=5)),
            response_bytes_max=4096,
        )

    def silence(self, error):
        return Unknown(error.kind)

    def read(self, response, request):
        try:
            answer = json.loads(response.body)
        except ValueError:
            return Unknown("not JSON")
        match answer:
            case {"status": "approved", "reference": str(reference), "minor": int(minor)}:
                return Approved(reference, Money(minor, request.amount.currency))
            case {"status": "declined", "code": str(code)}:
                return Declined(DeclineCode.INSUFFICIENT_FUNDS, processor_code=code)
        return Unknown("not one of its answers")

    def split(self, callback):
        return [callback]

    def verify(self, callback):
        given = callback.headers.get("x-bank-signature", "")
        if not hmac.compare_digest(given.encode(), signature(callback.body).encode()):
            raise BadSignatureError("it is not the bank's")
        content = json.loads(callback.body)
        if content["at"] < "2020":
            raise BadSignatureError("it is too old")
        return Verified(content["id"], content)

    def translate(self, verified):
        content = verified.content
        amount = Money(content["minor"], content["currency"])
        return [Update(content["operation"], Approved(content["reference"], amount), amount)]

    def acknowledge(self, *, accepted):
        return (200, b"OK") if accepted else (400, b"no")


def signature(body):
    return hmac.new(SECRET, body, hashlib.sha256).hexdigest()


def called_back(operation_id, amount, at="2026-01-15T10:30:00Z"):
    fields = {"id": f"cb-{operation_id}", "operation": operation_id, "at": at}
    money = {"minor": amount.minor, "currency": amount.currency}
    content = {**fields, **money, "reference": f"bank-{operation_id}"}
    body = json.dumps(content, sort_keys=True).encode()
    return RawCallback({"x-bank-signature": signature(body)}, body)


def too_old():
    return called_back("op_KIT0000000000001", Money(12_345, "INR"), at="1999-12-31T00:00:00Z")


class GoodSink:
    info = PluginInfo("good_sink", "1")

    def wants(self, event_type, endpoint):
        return endpoint.url is not None

    async def deliver(self, event, endpoint, context):
        if endpoint.url is None:
            return DeliveryResult(delivered=False, error="no_url")
        try:
            response = await self.post(event, endpoint, context)
        except HttpError as error:
            return DeliveryResult(delivered=False, error=error.kind)
        return self.result(response)

    async def post(self, event, endpoint, context):
        return await context.http.post(
            endpoint.url,
            body=self.body(event),
            headers=self.headers(event, endpoint, context),
            timeout=min(context.deadline, timedelta(seconds=5)),
            response_bytes_max=1024,
        )

    def body(self, event):
        return event.body

    def headers(self, event, endpoint, context):
        at = str(int(context.clock.now().timestamp()))
        plain = {"event-id": event.id, "at": at}
        if endpoint.secret is None:
            return plain
        signed = self.signed(event, at)
        return {**plain, "sig": hmac.new(endpoint.secret.encode(), signed, "sha256").hexdigest()}

    def signed(self, event, at):
        return f"{event.id}.{at}.".encode() + event.body

    def result(self, response):
        is_yes = 200 <= response.status < 300
        return DeliveryResult(delivered=is_yes, status_code=response.status)


class GoodPolicy:
    name = "doubling"
    applies_to = frozenset({"delivery"})

    def next_delay(self, tries, *, now, rng):
        if tries.count > 8:
            return None
        return timedelta(seconds=2**tries.count * (1 + rng.random() / 10))


class GoodRouter:
    name = "cheapest"
    priority = 5

    async def rank(self, request, context):
        if request.method != "card":
            return None
        return sorted(each.processor for each in request.candidates)


class GoodCheck:
    name = "velocity"
    fail = "open"

    async def assess(self, request, context):
        counts = await context.history.payments(within=timedelta(hours=1))
        if counts.failed > 10:
            return Block(f"{counts.failed} failed in an hour")
        return Allow("few payments") if counts.payments else None


def processor_case(kind=Good, **given):
    fields = {"approved": PURSE, "declined": EMPTY, "method": lambda context: Purse()}
    calls = {"callback": called_back, "stale_callback": too_old, "network": Bank()}
    return ProcessorCase(make=lambda context: kind(), **{**fields, **calls, **given})


def method_case(kind=Purse):
    wrong = ({"number": "4111111111111112", "cvv": "737"}, {"number": "12", "cvv": "1"}, {})
    return MethodCase(make=lambda context: kind(), valid=(PURSE, EMPTY), invalid=wrong)


def sink_case(kind=GoodSink):
    return SinkCase(make=lambda context: kind())


def policy_case(kind=GoodPolicy):
    return PolicyCase(make=lambda context: kind())


def router_case(kind=GoodRouter):
    return RouterCase(make=lambda context: kind())


def risk_case(kind=GoodCheck):
    return RiskCase(make=lambda context: kind())
