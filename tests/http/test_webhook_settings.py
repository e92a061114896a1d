"""A merchant's webhook address, secret, test event."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.harness.apps import TestApp


async def test_an_address_and_a_secret_are_kept(app: TestApp):
    body = {"webhook_url": "https://shop.example/hook", "webhook_secret": "whsec_mine12345"}
    saved = await app.call("PUT", "/webhooks", json=body)
    read = await app.call("GET", "/merchant/config")

    assert saved.status == 200
    assert {name: read.json[name] for name in body} == body


async def test_a_masked_secret_is_no_new_secret(app: TestApp):
    await app.call("PUT", "/webhooks", json={"webhook_secret": "whsec_test***"})

    assert (await app.call("GET", "/merchant/config")).json["webhook_secret"] == (
        "whsec_test_abc123"
    )


async def test_an_address_is_removed_by_null(app: TestApp):
    await app.webhook_url()
    await app.webhook_url(None)

    assert (await app.call("GET", "/merchant/config")).json["webhook_url"] is None


async def test_a_new_secret_is_32_random_bytes_in_base64(app: TestApp):
    first = (await app.call("POST", "/merchant/webhook/regenerate")).json["webhook_secret"]
    second = (await app.call("POST", "/merchant/webhook/regenerate")).json["webhook_secret"]

    assert first != second
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", first)


@pytest.mark.parametrize(
    "body",
    [
        {"webhook_url": "ftp://example.com"},
        {"webhook_url": "not a url"},
        {"webhook_url": "http://user:pass@example.com/"},
        {"webhook_url": "http://169.254.169.254/latest/meta-data"},
        {"webhook_url": "http://" + "x" * 3000},
        {"webhook_url": 5},
        {"webhook_secret": "short"},
        {"webhook_secret": "x" * 65},
        {"webhook_secret": "with space in it"},
    ],
)
async def test_what_could_never_work_is_refused_by_name(app: TestApp, body: dict[str, Any]):
    answer = await app.call("PATCH", "/merchant/webhook", json=body)

    assert answer.status == 400
    assert answer.json["error"]["field"] in body
    assert (await app.call("GET", "/merchant/config")).json["webhook_url"] is None


async def test_a_test_event_needs_an_address(app: TestApp):
    answer = await app.call("POST", "/webhooks/test")

    assert answer.status == 400
    assert answer.json["error"]["description"] == "No webhook URL configured"


async def test_a_test_event_is_delivered_and_listed(app: TestApp):
    await app.webhook_url()
    sent = await app.call("POST", "/webhooks/test", json={"event": "payment.test"})
    async with app.working():
        await app.until_value("success", "SELECT status FROM webhook_logs")

    (row,) = (await app.call("GET", "/webhooks?limit=10&offset=0")).json["data"]
    assert sent.json["status"] == "success"
    assert row["id"] == sent.json["id"]
    assert (row["event"], row["status"], row["attempts"], row["response_code"]) == (
        "payment.test",
        "success",
        1,
        200,
    )
