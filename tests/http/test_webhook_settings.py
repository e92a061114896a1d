"""A merchant's webhook address, secret, test event."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from tests.harness.apps import TestApp, running_app
from tests.harness.fakes import Fakes


async def test_a_url_and_a_secret_are_stored(app: TestApp):
    body = {"webhook_url": "https://shop.example/hook", "webhook_secret": "whsec_mine12345"}
    saved = await app.call("PUT", "/webhooks", json=body)
    read = await app.call("GET", "/merchant/config")

    assert saved.status == 200
    assert {name: read.json[name] for name in body} == body


async def test_a_masked_secret_is_ignored(app: TestApp):
    await app.call("PUT", "/webhooks", json={"webhook_secret": "whsec_test***"})

    assert (await app.call("GET", "/merchant/config")).json["webhook_secret"] == (
        "whsec_test_abc123"
    )


async def test_null_removes_the_url(app: TestApp):
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
async def test_an_unusable_url_names_the_field(app: TestApp, body: dict[str, Any]):
    answer = await app.call("PATCH", "/merchant/webhook", json=body)

    assert answer.status == 400
    assert answer.json["error"]["field"] in body
    assert (await app.call("GET", "/merchant/config")).json["webhook_url"] is None


async def test_a_test_event_needs_a_url(app: TestApp):
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


async def test_concurrent_changes_of_url_and_secret_are_both_stored(app: TestApp):
    for number in range(20):
        url = f"http://localhost:9/{number}"
        changed, made = await asyncio.gather(
            app.call("PATCH", "/merchant/webhook", json={"webhook_url": url}),
            app.call("POST", "/merchant/webhook/regenerate"),
        )
        stored = (await app.call("GET", "/merchant/config")).json

        assert stored["webhook_url"] == changed.json["webhook_url"] == url
        assert stored["webhook_secret"] == made.json["webhook_secret"]


async def test_a_concurrent_change_by_sql_is_not_overwritten(app: TestApp):
    async with app.app.storage.transaction() as storage:
        del storage
        row = "UPDATE merchants SET webhook_url = 'http://localhost:9/by-sql' WHERE true"
        await app.rows(row)
    answer = await app.call("PATCH", "/merchant/webhook", json={"webhook_secret": "whsec_by_api"})

    assert answer.json["webhook_url"] == "http://localhost:9/by-sql"
    assert answer.json["webhook_secret"] == "whsec_by_api"


async def test_a_merchant_made_with_sql_signs_in_with_a_secret_in_clear(app: TestApp):
    await app.rows(
        "INSERT INTO merchants (name, email, api_key, api_secret) "
        "VALUES ('Second', 's@example.com', 'key_second', 'secret_second')"
    )

    def keys(secret: str) -> dict[str, str]:
        return {"X-Api-Key": "key_second", "X-Api-Secret": secret}

    good = await app.call("GET", "/payments", keys=keys("secret_second"))
    bad = await app.call("GET", "/payments", keys=keys("secret_third"))
    digest = await app.value("SELECT api_secret FROM merchants WHERE api_key = 'key_test_abc123'")
    thief = await app.call(
        "GET", "/payments", keys={"X-Api-Key": "key_test_abc123", "X-Api-Secret": str(digest)}
    )

    assert (good.status, bad.status, thief.status) == (200, 401, 401)


async def test_changed_test_credentials_apply_at_the_next_start(
    database_url: str, tmp_path: Path, fakes: Fakes
):
    secret = "changed_secret"
    for environ in ({}, {"TEST_API_SECRET": secret}):
        async with running_app(
            database_url, tmp_path, plugins=fakes.found(), environ=environ
        ) as app:
            await app.webhook_url() if not environ else None
            keys = {"X-Api-Key": "key_test_abc123", "X-Api-Secret": secret}
            answer = await app.call("GET", "/merchant/config", keys=keys)
            assert answer.status == (200 if environ else 401)
    assert answer.json["webhook_url"] == "http://localhost:9/hook"


async def test_a_trailing_slash_is_ignored(app: TestApp):
    assert (await app.call("POST", "/orders/", json={"amount": 500})).status == 201
    assert (await app.call("GET", "/payments/")).status == 200
