"""The contract kit, on the method and the processor."""

import pytest

from paygate.testing import PaymentMethodContract, ProcessorContract
from paygate_upi_sim import UpiMethod, UpiSim, UpiSimSettings


class TestUpiMethod(PaymentMethodContract):
    valid = ({"vpa": "user@paytm"}, {"flow": "intent"}, {"flow": "qr", "vpa": "user@paytm"})
    invalid = ({"vpa": "user_without_handle"}, {"vpa": "user@pay.tm"}, {})

    def make(self, context):
        return UpiMethod()


class TestUpiSimAtOnce(ProcessorContract):
    plugin_id = "upi_sim"
    environ = {"TEST_MODE": "true", "TEST_PROCESSING_DELAY": "0"}
    approved = {"vpa": "user@paytm"}
    declined = {"vpa": "failure@upi"}

    def method(self, context):
        return UpiMethod()

    def make(self, context):
        return UpiSim(context.config(UpiSimSettings), context.scenarios)


class TestUpiSimWithDelay(TestUpiSimAtOnce):
    environ = {"UPI_SUCCESS_RATE": "1"}


class TestUpiSimByCode(TestUpiSimAtOnce):
    environ = {"TEST_MODE": "true"}
    approved = {"flow": "qr"}


@pytest.fixture(autouse=True)
def nothing_is_left_unjudged(monkeypatch):
    def refuse(reason):
        raise AssertionError(reason)

    monkeypatch.setattr(pytest, "skip", refuse)
