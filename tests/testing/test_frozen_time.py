"""A test that freezes time round the app neither hangs nor moves the app's own clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from freezegun import freeze_time

from paygate.testing import PaygateApp, PaygateServer

THEN = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
FREEZERS = [
    pytest.param(lambda: freeze_time(THEN), id="freezegun"),
    pytest.param(lambda: time_machine.travel(THEN, tick=False), id="time-machine"),
]


@pytest.mark.parametrize("frozen", FREEZERS)
def test_a_payment_and_a_move_of_the_clock_with_blocking_methods(
    paygate_server: PaygateServer, frozen
):
    began = paygate_server.clock.now
    with frozen():
        assert datetime.now(UTC) == THEN
        payment = paygate_server.pay(1_000)
        slow = paygate_server.pay(scenario="approve_slowly")
        moved = paygate_server.clock.advance(hours=1)
        refund = paygate_server.refund(payment, 300)

    assert payment["status"] == "success"
    assert refund["status"] == "processed"
    assert paygate_server.payment(slow)["status"] == "success"
    assert moved == began + timedelta(hours=1)
    paygate_server.inbox.expect("payment.success", payment_id=payment["id"])


@pytest.mark.parametrize("frozen", FREEZERS)
async def test_a_payment_with_methods_to_await(paygate_app: PaygateApp, frozen):
    with frozen():
        payment = await paygate_app.pay(1_000)
        await paygate_app.inbox.expect("payment.success", payment_id=payment["id"])

    assert payment["status"] == "success"


@pytest.mark.parametrize("frozen", FREEZERS)
def test_an_app_that_starts_while_time_stands_still(paygate_session, frozen):
    with frozen(), paygate_session.server() as server:
        assert server.pay()["status"] == "success"
