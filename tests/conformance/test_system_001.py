"""Clients of system 001, check by check. Its first check is ``test_common.py``.

Its fifth, the modal's structure, is in ``tests/e2e``; its tenth, the receiver of its
README, in ``test_receivers.py``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import pytest

from paygate.core.plugin_api.retry_policy import Tries
from paygate.plugins.host import installed_plugins, load_plugins
from tests.conformance.conftest import PATIENCE_S, TEST_MODE, Gateway
from tests.unit.samples import NOW

pytestmark = pytest.mark.asyncio(loop_scope="module")

SET_URL = """
UPDATE merchants SET webhook_url = $1, webhook_secret = 'whsec_test_abc123'
WHERE email = 'test@example.com'
"""
REFUND_QUICKLY = {"REFUND_DELAY_MIN": "500", "REFUND_DELAY_MAX": "500"}


@pytest.fixture(scope="module")
def environ() -> Mapping[str, str]:
    return {**TEST_MODE, **REFUND_QUICKLY}


async def test_2_the_commands_of_its_readme_in_order(served: Gateway):
    await served.sql(SET_URL, served.receiver.url)
    order_id = await served.order(1000)
    body = {
        "order_id": order_id,
        "method": "upi",
        "vpa": "test@paytm",
        "amount": 1000,
        "currency": "INR",
    }
    payment = await served.call(
        "POST", "/payments", json=body, headers={"Idempotency-Key": "test_123_1"}
    )
    jobs = await served.call("GET", "/test/jobs/status", keys=None)
    await served.until(payment.json["id"], "success")
    logs = await served.call("GET", "/webhooks")
    capture = await served.call("POST", f"/payments/{payment.json['id']}/capture")
    refund = await served.call(
        "POST",
        f"/payments/{payment.json['id']}/refunds",
        json={"amount": 500, "reason": "Partial refund test"},
    )
    shown = await served.call("GET", f"/refunds/{refund.json['id']}")
    page = await served.call("GET", "/webhooks?limit=10&offset=0")

    assert (payment.status, payment.json["status"]) == (201, "pending")
    assert jobs.status == 200
    # The statement took effect at once, without a restart.
    assert logs.json["total"] >= 2
    assert (capture.status, capture.json["captured"]) == (200, True)
    assert (refund.status, shown.json["id"]) == (201, refund.json["id"])
    assert (page.json["limit"], page.json["offset"]) == (10, 0)


async def test_2_an_order_that_is_not_there_is_404(served: Gateway):
    answer = await served.pay("order_test_async")

    assert (answer.status, answer.json["error"]["description"]) == (404, "Order not found")


async def events_of(served: Gateway, payment_id: str, count: int) -> list[dict[str, object]]:
    """Return the receiver's events of that payment, when there are that many."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            about = [log for log in await served.webhooks() if payment_id in str(log["body"])]
            if len(about) >= count:
                return about
            await asyncio.sleep(0.1)


async def test_3_five_events_of_a_paid_and_refunded_payment_in_order(served: Gateway):
    await served.sql(SET_URL, served.receiver.url)
    payment_id = await served.paid()
    await served.call("POST", f"/payments/{payment_id}/refunds", json={"amount": 500})
    logs = await events_of(served, payment_id, 5)
    bodies = [log["body"] for log in logs]

    assert [log["event"] for log in logs] == [
        "payment.created",
        "payment.pending",
        "payment.success",
        "refund.created",
        "refund.processed",
    ]
    for body in bodies:
        assert isinstance(body, dict)
        assert type(body["timestamp"]) is int
        thing = "payment" if str(body["event"]).startswith("payment") else "refund"
        assert body["data"][thing]["id"]


async def test_3_the_sixth_event_is_a_failure(served: Gateway):
    await served.sql(SET_URL, served.receiver.url)
    created = await served.pay(vpa="failure@upi")
    failed = await served.until(created.json["id"], "failed")
    logs = await events_of(served, created.json["id"], 3)

    assert logs[-1]["event"] == "payment.failed"
    assert (failed["error_code"], failed["error_description"]) == (
        "PAYMENT_FAILED",
        "Payment processing failed",
    )


@pytest.mark.parametrize(
    ("setting", "waits"),
    [("false", [60, 300, 1800, 7200]), ("true", [5, 10, 15, 20]), ("5,10,15,20", [5, 10, 15, 20])],
)
async def test_4_the_timetables(setting: str, waits: list[int]):
    from random import Random

    environ = {"WEBHOOK_RETRY_INTERVALS_TEST": setting}
    policy = load_plugins(installed_plugins(), environ=environ).registry.policies["delivery"]
    planned = [
        policy.next_delay(Tries(count=count), now=NOW, rng=Random(0)) for count in range(1, 6)
    ]

    assert planned == [*(timedelta(seconds=wait) for wait in waits), None]


async def test_6_its_statements(served: Gateway):
    await served.sql(SET_URL, served.receiver.url)
    await served.call("POST", "/webhooks/test")
    logs = await served.sql(
        "SELECT event, status, attempts, response_code FROM webhook_logs "
        "ORDER BY created_at DESC LIMIT 5"
    )
    await served.sql("SELECT id, payment_id, amount, status FROM refunds")

    assert logs


async def test_7_the_settings_of_webhooks(served: Gateway):
    url = "http://127.0.0.1:9/hook"
    patched = await served.call("PATCH", "/merchant/webhook", json={"webhook_url": url})
    config = await served.call("GET", "/merchant/config")
    fresh = await served.call("POST", "/merchant/webhook/regenerate")
    sent = await served.call("POST", "/merchant/webhook/test")
    await served.webhooks_to(None)
    unsent = await served.call("POST", "/merchant/webhook/test")

    assert {"webhook_url", "webhook_secret"} <= set(patched.json)
    assert {"id", "name", "email", "webhook_url", "webhook_secret", "api_key"} <= set(config.json)
    assert config.json["webhook_url"] == url
    assert fresh.json["webhook_secret"].startswith("whsec_")
    assert fresh.json["webhook_secret"] != config.json["webhook_secret"]
    assert (sent.status, sent.json["status"]) == (200, "success")
    assert sent.json["message"] == "Test webhook enqueued"
    assert (unsent.status, unsent.json["error"]["description"]) == (
        400,
        "No webhook URL configured",
    )


async def test_10_every_route_is_served_without_the_prefix(served: Gateway):
    import aiohttp

    async with aiohttp.ClientSession() as session:
        async with session.post(
            f"{served.base}/debug/webhook-receiver", json={"any": "thing"}
        ) as answer:
            received = await answer.json()
        async with session.get(f"{served.base}/orders") as answer:
            denied = answer.status

    assert received == {"status": "success", "received": True}
    assert denied == 401
