"""Clients of system 004, check by check. Its first check is ``test_common.py``.

Its fourth, the timetables, is in ``test_system_001.py`` and ``test_retry_timetable.py``;
its sixth, the SDK's callbacks, in ``tests/e2e``; its thirteenth, the receiver on 3002,
in ``test_receivers.py``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.conftest import PATIENCE_S, TEST_MODE, Gateway
from tests.conformance.receivers.programs import sample
from tests.conformance.test_common import MERCHANT_ID, card
from tests.harness.databases import Databases
from tests.harness.processes import stack

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def environ() -> Mapping[str, str]:
    quick = {"REFUND_DELAY_MIN": "200", "REFUND_DELAY_MAX": "200", "TEST_PROCESSING_DELAY": "200"}
    return {**TEST_MODE, **quick}


async def test_2_the_json_of_its_readme(served: Gateway):
    body = {
        "amount": 50_000,
        "currency": "INR",
        "receipt": "receipt_123",
        "notes": {"customer_name": "John Doe"},
    }
    order = await served.call("POST", "/orders", json=body)
    upi = await served.pay(order.json["id"], vpa="user@paytm")
    by_card = await served.pay(**card("4111111111111111"))

    assert (order.status, order.json["merchant_id"]) == (201, MERCHANT_ID)
    assert (upi.status, by_card.status) == (201, 201)


async def test_3_each_queue_has_a_worker_of_its_own(
    databases: Databases, redis_url: str, tmp_path: Path
):
    url = await databases.clone()
    environ = {**TEST_MODE, "TEST_PROCESSING_DELAY": "0", "REFUND_DELAY_MIN": "0",
               "REFUND_DELAY_MAX": "0"}  # fmt: skip
    async with AsyncExitStack() as opened:
        opened.push_async_callback(databases.drop, url)
        running = await opened.enter_async_context(stack(url, redis_url, tmp_path, environ))
        receiver = await opened.enter_async_context(sample())
        client = await running.serve("--prepare")
        gateway = Gateway(running, client.base, receiver)
        await gateway.webhooks_to(receiver.url)

        payment_id = (await gateway.pay()).json["id"]
        await running.start("work", "--only", "payments")
        await gateway.until(payment_id, "success")
        path = f"/payments/{payment_id}/refunds"
        await gateway.call("POST", path, json={"amount": 500})
        await asyncio.sleep(0.5)
        assert (await gateway.sql("SELECT status FROM refunds"))[0][0] == "pending"
        assert await gateway.webhooks() == []

        await running.start("work", "--only", "refunds")
        await gateway.until_sql("processed", "SELECT status FROM refunds")
        assert await gateway.webhooks() == []

        await running.start("work", "--only", "webhooks")
        await gateway.until_sql(0, "SELECT count(*) FROM webhook_logs WHERE status = 'pending'")
        assert len(await gateway.webhooks()) == 5


async def events_of(served: Gateway, payment_id: str, count: int) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            about = [log for log in await served.webhooks() if payment_id in str(log["body"])]
            if len(about) >= count:
                return {log["event"]: log["body"]["data"] for log in about}
            await asyncio.sleep(0.1)


async def test_5_its_three_events_as_its_receiver_reads_them(served: Gateway):
    await served.webhooks_to(served.receiver.url)
    payment_id = await served.paid()
    await served.call("POST", f"/payments/{payment_id}/refunds", json={"amount": 500})
    events = await events_of(served, payment_id, 5)
    declined = (await served.pay(vpa="failure@upi")).json["id"]
    failed = (await events_of(served, declined, 3))["payment.failed"]
    await served.webhooks_to(None)

    for data in (events["payment.success"], failed, events["refund.processed"]):
        assert {"payment_id", "order_id", "amount", "currency"} <= set(data)
    assert failed["reason"]
    assert events["refund.processed"]["refund_id"]


async def test_7_a_refund_is_pending_and_then_processed(served: Gateway):
    payment_id = await served.paid()
    refund = await served.call("POST", f"/payments/{payment_id}/refunds", json={"amount": 500})
    await served.until_sql(
        "processed", "SELECT status FROM refunds WHERE id = $1", refund.json["id"]
    )

    assert (refund.status, refund.json["status"]) == (201, "pending")


async def test_8_keys_are_stored_for_a_day_and_per_merchant(served: Gateway):
    headers = {"Idempotency-Key": "k"}
    first = await served.call("POST", "/orders", json={"amount": 500}, headers=headers)
    again = await served.call("POST", "/orders", json={"amount": 500}, headers=headers)
    rows = await served.sql(
        "SELECT (expires_at - created_at)::text AS kept, merchant_id::text AS owner "
        "FROM idempotency_keys WHERE key = 'k'"
    )

    assert first.body == again.body
    assert [(row["kept"], row["owner"]) for row in rows] == [("1 day", MERCHANT_ID)]


async def test_9_a_masked_secret_changes_nothing(served: Gateway):
    url = "http://127.0.0.1:9/hook"
    body = {"webhook_url": url, "webhook_secret": "whsec_fresh_secret_1"}
    saved = await served.call("PUT", "/webhooks", json=body)
    masked = {"webhook_url": url, "webhook_secret": "whsec_fres***"}
    again = await served.call("PUT", "/webhooks", json=masked)
    config = await served.call("GET", "/merchant/config")
    await served.call("PUT", "/webhooks", json={"webhook_url": None,
                                               "webhook_secret": "whsec_test_abc123"})  # fmt: skip

    assert (saved.status, again.status) == (200, 200)
    assert (config.json["webhook_url"], config.json["webhook_secret"]) == (
        url,
        "whsec_fresh_secret_1",
    )


async def test_10_a_refund_can_be_read(served: Gateway):
    payment_id = await served.paid()
    refund = await served.call(
        "POST", f"/payments/{payment_id}/refunds", json={"amount": 500, "reason": "r"}
    )
    shown = await served.call("GET", f"/refunds/{refund.json['id']}")

    assert shown.status == 200
    assert set(shown.json) == {
        "id",
        "payment_id",
        "amount",
        "reason",
        "status",
        "created_at",
        "processed_at",
    }


async def test_11_the_submission_checks_pass_in_order(served: Gateway):
    """Order, payment, capture, refund, key, log, jobs: each with the answers of the one before."""
    order_id = await served.order()
    headers = {"Idempotency-Key": "submission"}
    body = {"order_id": order_id, "method": "upi", "vpa": "test@paytm"}
    payment = await served.call("POST", "/payments", json=body, headers=headers)
    twin = await served.call("POST", "/payments", json=body, headers=headers)
    await served.until(payment.json["id"], "success")
    capture = await served.call(
        "POST", f"/payments/{payment.json['id']}/capture", json={"amount": 50_000}
    )
    refund = await served.call(
        "POST", f"/payments/{payment.json['id']}/refunds", json={"amount": 50_000}
    )
    log = await served.call("GET", "/webhooks")
    jobs = await served.call("GET", "/test/jobs/status", keys=None)

    assert twin.json["id"] == payment.json["id"]
    assert (capture.status, refund.status) == (200, 201)
    assert log.status == 200
    assert set(log.json) >= {"data", "total", "limit", "offset"}
    assert jobs.json["worker_status"] == "running"


async def test_14_the_index_is_json(served: Gateway):
    answer = await served.call("GET", "/", keys=None)

    assert answer.json["name"] == "paygate"
    assert answer.json["version"]
