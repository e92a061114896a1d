"""The contract kit on the processor: with its samples, and with the bank itself."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from paygate import (
    AuthorizeRequest,
    BadSignatureError,
    HttpResponse,
    Instrument,
    Money,
    RawCallback,
)
from paygate.bank.callbacks import signature
from paygate.testing import Cassette, CassetteError, ProcessorContract, Sent
from paygate.testing.kit.stage import RecordingClient, Stage
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
    """The same rules, answered by what ``paygate bank`` has answered when it was recorded."""

    @pytest.fixture(autouse=True)
    def _cassette(self, request: pytest.FixtureRequest, paygate_cassette: Cassette):
        self.cassette = paygate_cassette
        if paygate_cassette.is_recording:
            bank = request.getfixturevalue("paygate_bank")
            address = {
                "PAYGATE_HTTP_BANK_URL": bank.url,
                "PAYGATE_HTTP_BANK_API_KEY": bank.api_key,
            }
            self.environ = {**samples.ENVIRON, **address}

    def network(self, sent: Sent) -> Any:
        return self.cassette.network(sent)


@pytest.fixture(autouse=True)
def nothing_is_left_unjudged(monkeypatch):
    def refuse(reason):
        raise AssertionError(reason)

    monkeypatch.setattr(pytest, "skip", refuse)


async def test_a_changed_request_is_refused_with_the_nearest_recorded_one(processor: HttpBank):
    file = Path(__file__).parent / "cassettes" / "test_contract.json"
    cassette = Cassette(file, "TestWithTheBank::test_approves")
    request = AuthorizeRequest("pay_KIT0000000000001", Money(12_346, "INR"), CARD)

    with pytest.raises(CassetteError) as caught:
        await processor.authorize(request, stage(cassette).call("op_KIT0000000000001"))

    assert "POST /charges is not recorded\n" in str(caught.value)
    assert "differs  json.amount was sent as 12346 and recorded as 12345\n" in str(caught.value)


def stage(cassette: Cassette) -> Stage:
    return Stage(RecordingClient(cassette.network))


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
