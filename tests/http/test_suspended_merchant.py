"""A suspended merchant takes no money, and gets no webhooks until it is active again."""

from __future__ import annotations

import pytest

from tests.harness.apps import TestApp
from tests.harness.fakes import Fakes

SUSPEND = "UPDATE merchants SET is_active = false"
RESUME = "UPDATE merchants SET is_active = true"
SENTENCE = "This merchant does not accept payments at the moment"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/payments/public"),
        ("GET", "/orders/{order}/public"),
        ("GET", "/payments/{payment}/public"),
        ("POST", "/payments/{payment}/complete"),
        ("POST", "/payments/{payment}/public/cancel"),
        ("GET", "/checkout/methods?order_id={order}"),
    ],
)
async def test_shoppers_of_a_suspended_merchant_are_refused_with_a_reason(
    app: TestApp, method: str, path: str
):
    order = await app.order()
    payment = await app.paid()
    await app.rows(SUSPEND)
    body = {"order_id": order, "method": "coin"}

    answer = await app.call(method, path.format(order=order, payment=payment), keys={}, json=body)

    assert (answer.status, answer.json["error"]["code"]) == (403, "FORBIDDEN")
    assert answer.json["error"]["description"] == SENTENCE
    assert await app.value("SELECT count(*) FROM payments") == 1


async def test_webhooks_of_a_suspended_merchant_are_held(app: TestApp, fakes: Fakes):
    await app.webhook_url()
    payment = await app.paid()
    await app.rows(SUSPEND)
    async with app.working():
        await app.until_value("success", "SELECT status FROM payments WHERE id = $1", payment)
        tried = await app.value("SELECT sum(attempts) FROM webhook_logs")
        held = await app.value("SELECT count(*) FROM webhook_logs WHERE status = 'pending'")
        await app.rows(RESUME)
        await app.until_value(3, "SELECT count(*) FROM webhook_logs WHERE status = 'success'")

    assert (tried, held) == (0, 3)
    assert fakes.sink.types == ["payment.created", "payment.pending", "payment.success"]
