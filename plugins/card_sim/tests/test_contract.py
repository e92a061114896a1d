"""The contract kit, on the method and the processor."""

import pytest

from paygate.testing import PaymentMethodContract, ProcessorContract
from paygate_card_sim import CardMethod, CardSim, CardSimSettings

GOOD = {"number": "4111111111111111", "expiry_month": "12", "expiry_year": "2030", "cvv": "737"}


class TestCardMethod(PaymentMethodContract):
    valid = ({"card": GOOD}, {"card": {**GOOD, "number": "5555 5555 5555 4444", "cvv": None}})
    invalid = (
        {"card": {**GOOD, "number": "4111111111111112"}},
        {"card": {**GOOD, "expiry_year": "2020"}},
        {"card": {**GOOD, "cvv": "12"}},
        {},
    )

    def make(self, context):
        return CardMethod(context.scenarios)


class TestCardSimAtOnce(ProcessorContract):
    plugin_id = "card_sim"
    environ = {"TEST_MODE": "true", "TEST_PROCESSING_DELAY": "0"}
    approved = {"card": GOOD}
    declined = {"card": {**GOOD, "number": "4000000000000002"}}

    def method(self, context):
        return CardMethod(context.scenarios)

    def make(self, context):
        return CardSim(context.config(CardSimSettings), context.scenarios)


class TestCardSimWithDelay(TestCardSimAtOnce):
    environ = {"CARD_SUCCESS_RATE": "1"}


@pytest.fixture(autouse=True)
def nothing_is_left_unjudged(monkeypatch):
    def refuse(reason):
        raise AssertionError(reason)

    monkeypatch.setattr(pytest, "skip", refuse)
