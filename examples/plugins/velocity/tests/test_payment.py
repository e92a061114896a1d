"""Payments that come too often, through a gateway of the test's own."""

import pytest

from paygate.testing import FakeProcessor, PaygateServer


@pytest.fixture
def paygate_settings() -> dict[str, str]:
    """Provide a limit of two payments of one instrument in an hour."""
    return {"PAYGATE_VELOCITY_PAYMENTS": "2"}


def statuses(server: PaygateServer, times: int, vpa: str = "asha@paytm") -> list[str]:
    """Pay several times, a second apart, because payments of one instant have no order."""
    seen = []
    for _ in range(times):
        seen.append(server.pay(vpa=vpa)["status"])
        server.clock.advance(seconds=1)
    return seen


def test_the_third_payment_is_blocked_before_a_processor_is_called(paygate_server: PaygateServer):
    with paygate_server.use(FakeProcessor()) as bank:
        paid = statuses(paygate_server, 2)
        third = paygate_server.pay(vpa="asha@paytm")

    assert paid == ["success", "success"]
    assert (third["status"], third["decline_code"]) == ("failed", "limit_exceeded")
    assert len(bank.calls) == 2


def test_another_instrument_or_a_later_hour_is_allowed(paygate_server: PaygateServer):
    statuses(paygate_server, 2)

    assert statuses(paygate_server, 1, vpa="ravi@paytm") == ["success"]
    paygate_server.clock.advance(minutes=61)
    assert statuses(paygate_server, 1) == ["success"]


def test_blocked_payments_are_counted(paygate_server: PaygateServer):
    assert statuses(paygate_server, 4) == ["success", "success", "failed", "failed"]
