"""Payments that go where they cost least, through a gateway of the test's own."""

import pytest

from paygate.testing import FakeProcessor, PaygateServer

METHODS = {"upi": frozenset({"collect"})}


@pytest.fixture
def paygate_settings() -> dict[str, str]:
    """Provide a processor for small amounts, one for large amounts, and one without a fee."""
    return {"PAYGATE_LEAST_COST_FEES": "share/upi/INR=0+100, fixed/*/*=500"}


@pytest.fixture
def banks() -> list[FakeProcessor]:
    return [FakeProcessor(id=id, methods=METHODS) for id in ("fixed", "share", "unknown")]


@pytest.mark.parametrize(("minor", "processor"), [(50_001, "fixed"), (49_900, "share")])
def test_the_cheapest_processor_is_chosen(
    paygate_server: PaygateServer, banks, minor: int, processor: str
):
    with paygate_server.use(*banks):
        payment = paygate_server.pay(minor)

    assert (payment["status"], payment["processor"]) == ("success", processor)


def test_the_timeline_shows_the_ranking(paygate_server: PaygateServer, banks):
    with paygate_server.use(*banks):
        payment = paygate_server.pay(10_000)
    line = paygate_server.call("GET", f"/payments/{payment['id']}/timeline").json

    assert "least_cost" in str(line)
    assert payment["processor"] == "share"
