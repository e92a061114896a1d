"""Tests that fail if apps are not isolated: each test has its own results.

How many: ``CROSSING_TESTS`` (500). See ``bench/README.md``.
"""

from __future__ import annotations

import os
from random import Random

import pytest

from paygate import DeclineCode
from paygate.testing import FakeProcessor, FakeSink, PaygateApp, PaygateServer

TESTS = int(os.environ.get("CROSSING_TESTS", "500"))
CODES = list(DeclineCode)


@pytest.mark.parametrize("number", range(0, TESTS, 2))
async def test_each_app_sees_only_its_own_payments(paygate_app: PaygateApp, number: int) -> None:
    rng = Random(number)
    codes = [rng.choice(CODES) for _ in range(3)]
    amounts = [1000 + number * 10 + place for place in range(3)]
    got = []
    for code, amount in zip(codes, amounts, strict=True):
        with paygate_app.use(FakeProcessor(decline=code), FakeSink(wants=_never)) as (fake, _):
            payment = await paygate_app.pay(amount)
        got.append(payment["decline_code"])
        assert [(call.amount.minor, call.payment_id) for call in fake.calls] == [
            (amount, payment["id"])
        ]
    own = await paygate_app.pay(900_000 + number)

    assert got == codes
    await paygate_app.inbox.expect("payment.success", payment_id=own["id"])
    assert {webhook.field("amount") for webhook in paygate_app.inbox.arrived} == {900_000 + number}
    listed = (await paygate_app.call("GET", "/payments?limit=50")).json
    assert sorted(each["amount"] for each in listed["data"]) == [*amounts, 900_000 + number]


@pytest.mark.parametrize("number", range(1, TESTS, 2))
def test_hears_only_its_own_server(paygate_server: PaygateServer, number: int) -> None:
    code = Random(number).choice(CODES)
    with paygate_server.use(FakeProcessor(decline=code)):
        failed = paygate_server.pay(1000 + number)
    paid = paygate_server.pay(5000 + number)

    assert failed["decline_code"] == code
    received = {webhook.field("payment_id") for webhook in paygate_server.inbox.arrived}
    assert received == {failed["id"], paid["id"]}
    assert paygate_server.call("GET", "/payments?limit=50").json["total"] == 2


def _never(_type: str) -> bool:
    return False
