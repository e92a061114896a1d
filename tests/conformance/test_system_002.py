"""Clients of system 002, check by check. Its first check is ``test_common.py``.

Its eighth, the snippet that verifies, and tenth, the receiver on 3002, are in
``test_receivers.py``; its eleventh, the pages, in ``tests/e2e`` and ``tests/dashboard``.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.conformance.conftest import PATIENCE_S, TEST_MODE, Gateway
from tests.conformance.test_common import card

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def environ() -> Mapping[str, str]:
    quick = {"REFUND_DELAY_MIN": "200", "REFUND_DELAY_MAX": "200", "TEST_PROCESSING_DELAY": "200"}
    return {**TEST_MODE, **quick, "WEBHOOK_RETRY_INTERVALS_TEST": "5,10,15,20"}


async def test_2_health_and_orders_field_for_field(served: Gateway):
    health = await served.call("GET", "/health", keys=None)
    body = {
        "amount": 50_000,
        "currency": "INR",
        "receipt": "receipt_123",
        "notes": {"customer_name": "John Doe"},
    }
    order = await served.call("POST", "/orders", json=body)
    shown = await served.call("GET", f"/orders/{order.json['id']}")

    assert {"status": "healthy", "database": "connected"}.items() <= health.json.items()
    assert {**body, "status": "created"}.items() <= order.json.items()
    assert {"id", "merchant_id", "created_at"} <= set(order.json)
    assert order.json.items() <= shown.json.items()
    assert "updated_at" in shown.json


async def test_2_payments_field_for_field(served: Gateway):
    upi = await served.pay(vpa="user@paytm")
    by_card = await served.pay(**card("4111111111111111"))
    done = await served.until(upi.json["id"], "success")
    merchant = await served.call("GET", "/test/merchant", keys=None)

    common = {"id", "order_id", "amount", "currency", "method", "status", "created_at"}
    assert set(upi.json) == common | {"vpa"}
    assert set(by_card.json) == common | {"card_network", "card_last4"}
    assert (upi.json["status"], upi.json["vpa"]) == ("pending", "user@paytm")
    assert {"vpa": "user@paytm", "status": "success"}.items() <= done.items()
    assert done["updated_at"] > done["created_at"]
    assert merchant.json["seeded"] is True


@pytest.mark.parametrize(
    ("code", "status", "body"),
    [
        ("BAD_REQUEST_ERROR", 400, {"method": "cash"}),
        ("BAD_REQUEST_ERROR", 400, {"order_id": ""}),
        ("NOT_FOUND_ERROR", 404, {"order_id": "order_0000000000000000"}),
        ("INVALID_VPA", 400, {"vpa": "user@@bank"}),
        ("INVALID_CARD", 400, card("1234567890123456")),
        ("INVALID_CARD", 400, {"method": "card"}),
        ("EXPIRED_CARD", 400, card("4111111111111111", "12", "2020")),
    ],
)
async def test_3_the_table_of_errors(served: Gateway, code: str, status: int, body: Any):
    order_id = await served.order()
    asked = {"order_id": order_id, "method": "upi", "vpa": "a@paytm", **body}
    answer = await served.call("POST", "/payments", json=asked)

    assert (answer.status, answer.json["error"]["code"]) == (status, code)
    assert answer.json["error"]["description"]


async def test_3_a_decline_is_shown_in_the_payment(served: Gateway):
    created = await served.pay(vpa="failure@upi")
    failed = await served.until(created.json["id"], "failed")

    assert (failed["error_code"], bool(failed["error_description"])) == ("PAYMENT_FAILED", True)


@pytest.mark.parametrize("vpa", ["user@paytm", "john.doe@okhdfcbank", "user_123@phonepe"])
async def test_4_valid_addresses_are_accepted(served: Gateway, vpa: str):
    assert (await served.pay(vpa=vpa)).status == 201


@pytest.mark.parametrize("vpa", ["user @paytm", "@paytm", "user@@bank"])
async def test_4_invalid_addresses_are_refused(served: Gateway, vpa: str):
    assert (await served.pay(vpa=vpa)).json["error"]["code"] == "INVALID_VPA"


@pytest.mark.parametrize(
    ("number", "network"),
    [
        ("4111111111111111", "visa"),
        ("5555555555554444", "mastercard"),
        ("5105105105105100", "mastercard"),
        ("378282246310005", "amex"),
        ("343434343434343", "amex"),
        ("6011111111111117", "rupay"),
        ("6521111111111117", "rupay"),
        ("8111111111111118", "rupay"),
        ("8911111111111119", "rupay"),
        ("9530111333300000", "unknown"),
    ],
)
async def test_4_networks(served: Gateway, number: str, network: str):
    answer = await served.pay(**card(_with_check_digit(number)))

    assert (answer.status, answer.json["card_network"]) == (201, network)


def _with_check_digit(number: str) -> str:
    digits = [int(digit) for digit in number[:-1]][::-1]
    doubled = [
        digit * 2 - 9 * (digit > 4) if place % 2 == 0 else digit
        for place, digit in enumerate(digits)
    ]
    return number[:-1] + str(-sum(doubled) % 10)


async def test_4_a_card_is_valid_through_its_month(served: Gateway):
    today = datetime.now(UTC)
    before = today.replace(day=1) - timedelta(days=1)
    good = await served.pay(**card("4111111111111111", f"{today.month:02}", str(today.year)))
    bad = await served.pay(**card("4111111111111111", f"{before.month:02}", str(before.year)))

    assert (good.status, bad.json["error"]["code"]) == (201, "EXPIRED_CARD")


async def test_5_the_configured_retry_delays_are_used(served: Gateway):
    await served.webhooks_to("http://127.0.0.1:9/nobody")
    sent = await served.call("POST", "/webhooks/test")
    find = (
        "SELECT attempts, extract(epoch FROM next_retry_at - last_attempt_at)::float8 AS wait "
        "FROM webhook_logs WHERE id = $1::uuid"
    )
    await served.until_sql(1, find, sent.json["id"])
    (first,) = await served.sql(find, sent.json["id"])
    await served.until_sql(2, find, sent.json["id"])
    (second,) = await served.sql(find, sent.json["id"])
    await served.webhooks_to(None)

    assert first["wait"] == pytest.approx(5, abs=0.2)
    assert second["wait"] == pytest.approx(10, abs=0.2)


async def story(served: Gateway, payment_id: str, count: int) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            bodies = [
                log["body"] for log in await served.webhooks() if payment_id in str(log["body"])
            ]
            if len(bodies) >= count:
                return {body["event"]: body["data"] for body in bodies}
            await asyncio.sleep(0.1)


async def test_6_the_flat_fields_of_webhooks(served: Gateway):
    await served.webhooks_to(served.receiver.url)
    payment_id = await served.paid(vpa="user@upi")
    path = f"/payments/{payment_id}/refunds"
    await served.call("POST", path, json={"amount": 25_000, "reason": "Customer requested"})
    events = await story(served, payment_id, 5)
    declined = (await served.pay(vpa="failure@upi")).json["id"]
    failed = (await story(served, declined, 3))["payment.failed"]
    await served.webhooks_to(None)
    success, refund = events["payment.success"], events["refund.processed"]

    assert {
        "payment_id": payment_id,
        "amount": 50_000,
        "currency": "INR",
        "method": "upi",
        "vpa": "user@upi",
    }.items() <= success.items()
    assert {"order_id", "created_at"} <= set(success)
    assert {"payment_id", "order_id", "reason", "created_at"} <= set(failed)
    assert refund["refund_id"].startswith("rfnd_")
    assert (refund["payment_id"], refund["amount"]) == (payment_id, 25_000)
    assert refund["reason"] == "Customer requested"
    assert refund["processed_at"] >= refund["created_at"]


async def test_7_polling_without_credentials(served: Gateway):
    created = await served.pay()
    path = f"/payments/{created.json['id']}/public"
    seen = set()
    async with asyncio.timeout(PATIENCE_S):
        while "success" not in seen:
            seen.add((await served.call("GET", path, keys=None)).json["status"])
            await asyncio.sleep(0.02)

    assert seen == {"pending", "success"}


async def test_9_the_status_of_jobs_with_credentials(served: Gateway):
    answer = await served.call("GET", "/test/jobs/status")

    assert answer.status == 200


async def test_12_the_same_key_twice(served: Gateway):
    order_id = await served.order()
    body = {"order_id": order_id, "method": "upi", "vpa": "a@paytm", "amount": 50_000}
    answers = [
        await served.call(
            "POST", "/payments", json=body, headers={"Idempotency-Key": "unique_request_id"}
        )
        for _ in range(2)
    ]

    assert re.fullmatch(r"pay_\w{16}", answers[0].json["id"])
    assert answers[0].body == answers[1].body
