"""Clients of system 003, check by check, under the profile it needs: no keys, no orders.

Its eighth and ninth checks, the SDK and the page, are in ``tests/e2e`` and
``tests/dashboard``; its tenth, the timetable, in ``test_retry_timetable.py``.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import pytest

from tests.conformance.conftest import PATIENCE_S, TEST_MODE, Answer, Gateway

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAYMENT = {"order_id": "order_123", "method": "upi", "vpa": "user@paytm", "amount": 50_000}


@pytest.fixture(scope="module")
def environ() -> Mapping[str, str]:
    quick = {"REFUND_DELAY_MIN": "200", "REFUND_DELAY_MAX": "200", "TEST_PROCESSING_DELAY": "300"}
    return {**TEST_MODE, **quick, "PAYGATE_PROFILE": "open-demo"}


async def call(served: Gateway, method: str, path: str, **kwargs: Any) -> Answer:
    return await served.call(method, path, keys=None, **kwargs)


async def paid(served: Gateway) -> str:
    answer = await call(served, "POST", "/payments", json=PAYMENT)
    payment_id = str(answer.json["id"])
    await served.until(payment_id, "success")
    return payment_id


async def test_1_health(served: Gateway):
    answer = await call(served, "GET", "/health")

    assert (answer.status, answer.json["status"]) == (200, "ok")
    assert answer.json["db"].lower() == "connected"


async def test_2_a_payment_with_a_key_and_nothing_else(served: Gateway):
    headers = {"Idempotency-Key": "unique-key"}
    answers = [
        await call(served, "POST", "/payments", json=PAYMENT, headers=headers) for _ in range(2)
    ]

    assert (answers[0].status, answers[0].json["status"]) == (201, "pending")
    assert answers[0].json["id"] == answers[1].json["id"]


async def test_3_capture(served: Gateway):
    created = await call(served, "POST", "/payments", json=PAYMENT)
    path = f"/payments/{created.json['id']}/capture"
    early = await call(served, "POST", path)
    await served.until(created.json["id"], "success")
    answers = [await call(served, "POST", path) for _ in range(2)]

    assert [early.status, *(answer.status for answer in answers)] == [400, 200, 400]


async def test_4_refunds_that_name_their_payment(served: Gateway):
    payment_id = await paid(served)

    async def refund(amount: int) -> Answer:
        body = {"payment_id": payment_id, "amount": amount, "reason": "Customer requested refund"}
        return await call(served, "POST", "/refunds", json=body)

    first, second, third = await refund(20_000), await refund(30_000), await refund(1)
    async with asyncio.timeout(PATIENCE_S):
        while True:
            shown = await call(served, "GET", f"/refunds/{first.json['id']}")
            if shown.json["status"] == "processed":
                break
            await asyncio.sleep(0.05)

    assert (first.status, first.json["status"], second.status) == (201, "pending", 201)
    assert third.status == 400


async def logs(served: Gateway) -> Any:
    return (await call(served, "GET", "/webhooks")).json


async def test_5_6_7_webhooks_are_listed_retried_and_signed(served: Gateway):
    url = {"webhook_url": served.receiver.url}
    await call(served, "PATCH", "/merchant/webhook", json=url)
    await paid(served)
    async with asyncio.timeout(PATIENCE_S):
        while not (rows := await logs(served)) or {row["status"] for row in rows} != {"success"}:
            await asyncio.sleep(0.05)
    retried = await call(served, "POST", f"/webhooks/{rows[0]['id']}/retry")
    received = await served.webhooks()
    (stored,) = await served.sql(
        "SELECT payload::text AS body FROM webhook_logs WHERE event = 'payment.success'"
    )
    key = b"whsec_test_abc123"
    signature = hmac.new(key, stored["body"].encode(), hashlib.sha256).hexdigest()

    assert isinstance(rows, list)
    assert {"id", "event", "status", "attempts", "created_at"} <= set(rows[0])
    assert retried.status == 200
    assert all(log["valid"] for log in received)
    # Both headers carry the same; the sample receiver checks the other one.
    sent = await _headers_of_one(served)
    assert sent["X-Signature"] == sent["X-Webhook-Signature"]
    assert len(signature) == len(sent["X-Signature"]) == 64


async def _headers_of_one(served: Gateway) -> Mapping[str, str]:
    from aiohttp import web

    seen: asyncio.Future[Mapping[str, str]] = asyncio.get_running_loop().create_future()

    async def hook(request: web.Request) -> web.Response:
        if not seen.done():
            seen.set_result(dict(request.headers))
        return web.Response(text="OK")

    app = web.Application()
    app.router.add_post("/webhook", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]  # asyncio's server, which aiohttp does not name
    url = {"webhook_url": f"http://127.0.0.1:{port}/webhook"}
    await call(served, "PATCH", "/merchant/webhook", json=url)
    await call(served, "POST", "/webhooks/test")
    headers = await asyncio.wait_for(seen, PATIENCE_S)
    await runner.cleanup()
    return headers


async def test_8_9_its_pages_are_served(served: Gateway):
    import aiohttp

    async with aiohttp.ClientSession() as session:
        for path, type in (
            ("/sdk/checkout.js", "text/javascript"),
            ("/sdk/checkout.html", "text/html"),
            ("/dashboard.html", "text/html"),
        ):
            async with session.get(served.base + path) as answer:
                assert (answer.status, answer.content_type) == (200, type), path
