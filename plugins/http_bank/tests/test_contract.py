"""The contract kit on the processor: with its samples, and with the bank itself."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from paygate import (
    BadSignatureError,
    Http,
    HttpError,
    HttpResponse,
    Instrument,
    Money,
    RawCallback,
)
from paygate.bank.api import Asked, BankApi, ConnectionBrokenError
from paygate.bank.bank import Bank
from paygate.bank.callbacks import BankClock, signature
from paygate.bank.operation import BankSettings
from paygate.testing import ProcessorContract, Sent
from paygate.testing.kit.stage import ManualClock, RecordingClient
from paygate_http_bank import HttpBank, HttpBankSettings, paygate_processors, samples
from paygate_http_bank.signatures import FRESH

SUM = Money(500, "INR")
SECRET = {"number": "4111111111111111", "expiry_month": "12", "expiry_year": "2030"}
CARD = Instrument("card", "frictionless", {"network": "visa", "last4": "1111"}, SECRET)
REFUSED = Instrument("card", "frictionless", {}, {**SECRET, "number": "4000010000000118"})


class TestWithSamples(ProcessorContract):
    plugin_id = "http_bank"
    environ = samples.ENVIRON
    approved = CARD
    declined = REFUSED

    def make(self, context):
        [offered] = paygate_processors(context)
        return offered

    def network(self, sent: Sent) -> HttpResponse:
        return samples.network(sent)

    def callback(self, operation_id: str, amount: Money) -> RawCallback:
        return samples.callback(operation_id, amount)

    def stale_callback(self) -> RawCallback:
        return samples.stale_callback()


class TestWithTheBank(TestWithSamples):
    """The same rules, answered by ``paygate bank`` without a socket."""

    def setup_method(self):
        http: Http = RecordingClient()
        bank = Bank(
            BankClock(ManualClock()),
            http,
            callback_secret=samples.SECRET,
            settings=BankSettings(patience_ms=1),
        )
        self.bank = BankApi(bank, samples.ENVIRON["PAYGATE_HTTP_BANK_API_KEY"])

    async def network(self, sent: Sent) -> HttpResponse:
        headers = {name.lower(): value for name, value in sent.headers.items()}
        asked = Asked(sent.method, urlsplit(sent.url).path, headers, sent.body)
        try:
            reply = await self.bank.respond(asked)
        except ConnectionBrokenError as error:
            raise HttpError("connection") from error
        return HttpResponse(reply.status, {}, reply.body, is_truncated=False)


@pytest.fixture(autouse=True)
def nothing_is_left_unjudged(monkeypatch):
    def refuse(reason):
        raise AssertionError(reason)

    monkeypatch.setattr(pytest, "skip", refuse)


@pytest.fixture
def processor() -> HttpBank:
    return HttpBank(
        HttpBankSettings(url="https://b.example", api_key="k", callback_secret=samples.SECRET)
    )


def test_a_signature_of_the_bank_is_accepted(processor: HttpBank):
    raw = samples.callback("op_1", SUM)
    headers = {"bank-signature": signature(raw.body, samples.SECRET, samples.AT)}

    assert headers == raw.headers
    assert processor.verify(raw).key == "op_1:0"


@pytest.mark.parametrize("late", [-FRESH, FRESH])
def test_a_callback_within_the_clock_tolerance_is_accepted(processor: HttpBank, late: timedelta):
    raw = samples.callback("op_1", SUM)
    came = RawCallback(raw.headers, raw.body, received_at=samples.AT + late)
    too_late = RawCallback(raw.headers, raw.body, received_at=samples.AT + late * 1.01)

    assert processor.verify(came).key == "op_1:0"
    with pytest.raises(BadSignatureError, match="too long ago"):
        processor.verify(too_late)


@pytest.mark.parametrize(
    "header", ["", "t=", "t=,v1=", "v1=", "t=1768473000,v1=", "t=x,v1=é", "t=99999999999999999"]
)
def test_a_malformed_signature_is_refused(processor: HttpBank, header: str):
    raw = samples.callback("op_1", SUM)

    with pytest.raises(BadSignatureError):
        processor.verify(RawCallback({"bank-signature": header}, raw.body, received_at=samples.AT))


@pytest.mark.parametrize(
    "timestamp", ["", "x", "²", "-99999999999999999", "99999999999999999999999999"]
)
def test_a_signature_without_a_time_is_refused(processor: HttpBank, timestamp: str):
    raw = samples.callback("op_1", SUM)
    made = samples.signed(raw.body, samples.SECRET, timestamp)
    headers = {"bank-signature": f"t={timestamp},v1={made}"}

    with pytest.raises(BadSignatureError, match="without a time"):
        processor.verify(RawCallback(headers, raw.body, received_at=samples.AT))


@pytest.mark.parametrize("missing", ["api_key", "callback_secret"])
def test_a_bank_without_its_secrets_stops_start_up(missing: str):
    given = {"url": "https://b.example", "api_key": "k", "callback_secret": "s", missing: ""}

    with pytest.raises(ValueError, match="needs its api_key and its callback_secret"):
        HttpBankSettings.model_validate(given)


def test_without_an_address_nothing_is_offered():
    assert HttpBankSettings().url == ""

    class Context:
        def config(self, model):
            return model()

    assert list(paygate_processors(Context())) == []
