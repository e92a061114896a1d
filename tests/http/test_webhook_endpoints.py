"""Endpoints over HTTP: what they may be, what is shown of them, what is sent again."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest

from paygate import DeliveryResult
from paygate.core.limits import ENDPOINTS_MAX
from tests.harness.apps import KEYS, TestApp
from tests.harness.fakes import Fakes

BOOKS = "http://localhost:9/books"
OTHER_KEYS = {"X-Api-Key": "key_other", "X-Api-Secret": "secret_other"}


async def added(app: TestApp, url: str = BOOKS, **fields: Any) -> dict[str, Any]:
    answer = await app.call("POST", "/webhook-endpoints", json={"url": url, **fields})
    assert answer.status == 201, answer
    return dict(answer.json)


async def listed(app: TestApp) -> list[dict[str, Any]]:
    return list((await app.call("GET", "/webhook-endpoints")).json["data"])


async def another_merchant(app: TestApp) -> None:
    await app.rows(
        "INSERT INTO merchants (name, email, api_key, api_secret) "
        "VALUES ('O', 'o@example.com', 'key_other', 'secret_other')"
    )


async def test_the_default_endpoint_is_stored_in_the_row_of_the_merchant(app: TestApp):
    await app.rows("UPDATE merchants SET webhook_url = 'http://localhost:9/by-sql'")
    (default,) = await listed(app)

    merchant = await app.value("SELECT id::text FROM merchants")
    assert default["is_default"]
    assert default["is_enabled"]
    assert (default["id"], default["url"]) == (merchant, "http://localhost:9/by-sql")
    assert default["events"] == ["*"]
    assert default["secret_hint"] == "…c123"


async def test_an_added_endpoint_shows_its_secret_once(app: TestApp):
    made = await added(app, events=["payment.*", "refund.processed"], description="books")
    _, found = await listed(app)
    one = await app.call("GET", f"/webhook-endpoints/{made['id']}")

    assert made.pop("secret").startswith("whsec_")
    assert found == made == one.json
    assert made["events"] == ["payment.*", "refund.processed"]
    assert made["secret_hint"].startswith("…")


async def test_the_database_contains_no_endpoint_secret_in_clear(app: TestApp):
    headers = {"Idempotency-Key": "k1"}
    body = {"url": BOOKS}
    first = (await app.call("POST", "/webhook-endpoints", json=body, headers=headers)).json
    rotated = await app.call("POST", f"/webhook-endpoints/{first['id']}/rotate", headers=headers)

    dump = ""
    for table in ("merchants", "webhook_endpoints", "idempotency_keys", "events"):
        dump += str(await app.rows(f"SELECT t::text FROM {table} t"))
    assert first["secret"] not in dump
    assert rotated.json["secret"] not in dump
    assert rotated.json["secret"] != first["secret"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url"),
        ({"url": None}, "url"),
        ({"url": ""}, "url"),
        ({"url": 5}, "url"),
        ({"url": "ftp://example.com"}, "url"),
        ({"url": "http://169.254.169.254/latest"}, "url"),
        ({"url": "http://" + "x" * 3000}, "url"),
        ({"url": BOOKS, "events": []}, "events"),
        ({"url": BOOKS, "events": "payment.*"}, "events"),
        ({"url": BOOKS, "events": [5]}, "events"),
        ({"url": BOOKS, "events": ["payment"]}, "events"),
        ({"url": BOOKS, "events": ["payment.sucess"]}, "events"),
        ({"url": BOOKS, "events": ["*.success"]}, "events"),
        ({"url": BOOKS, "events": ["Payment.*"]}, "events"),
        ({"url": BOOKS, "events": ["payment.success"] * 51}, "events"),
        ({"url": BOOKS, "description": "x" * 256}, "description"),
        ({"url": BOOKS, "description": 5}, "description"),
    ],
)
async def test_an_unusable_url_names_the_field(app: TestApp, body: dict[str, Any], field: str):
    answer = await app.call("POST", "/webhook-endpoints", json=body)

    assert answer.status == 400, answer
    assert answer.json["error"]["field"] == field
    assert answer.json["error"]["description"].startswith(field)
    assert len(await listed(app)) == 1


async def test_missing_fields_stay_unchanged(app: TestApp):
    made = await added(app, events=["payment.*"], description="books")
    url = f"/webhook-endpoints/{made['id']}"
    changed = (await app.call("PATCH", url, json={"description": None})).json

    assert changed["description"] is None
    assert (changed["url"], changed["events"]) == (BOOKS, ["payment.*"])
    changed = (await app.call("PATCH", url, json={"events": ["*"], "url": BOOKS + "2"})).json
    assert (changed["url"], changed["events"]) == (BOOKS + "2", ["*"])


@pytest.mark.parametrize("body", [{"url": None}, {"url": "nonsense"}, {"events": ["x"]}])
async def test_an_invalid_change_changes_nothing(app: TestApp, body: dict[str, Any]):
    made = await added(app)
    answer = await app.call("PATCH", f"/webhook-endpoints/{made['id']}", json=body)

    assert answer.status == 400
    assert answer.json["error"]["field"] in body
    assert (await listed(app))[1]["url"] == BOOKS


async def test_the_default_endpoint_supports_only_its_url(app: TestApp):
    (default,) = await listed(app)
    url = f"/webhook-endpoints/{default['id']}"
    assert (await app.call("PATCH", url, json={"url": BOOKS})).json["url"] == BOOKS
    refused = await app.call("PATCH", url, json={"events": ["*"]})
    kept = await app.call("DELETE", url)

    assert refused.status == 400
    assert refused.json["error"]["field"] == "events"
    assert kept.status == 400
    assert (await app.call("GET", "/merchant/config")).json["webhook_url"] == BOOKS
    assert (await app.call("PATCH", url, json={"url": None})).json["is_enabled"] is False


async def test_endpoints_of_a_merchant_are_limited(app: TestApp):
    for number in range(ENDPOINTS_MAX - 1):
        await added(app, f"{BOOKS}/{number}")
    answer = await app.call("POST", "/webhook-endpoints", json={"url": BOOKS})

    assert answer.status == 400
    assert str(ENDPOINTS_MAX) in answer.json["error"]["description"]
    assert len(await listed(app)) == ENDPOINTS_MAX


@pytest.mark.parametrize("name", ["", "/rotate", "/enable", "/disable", "/test"])
@pytest.mark.parametrize("id", ["nonsense", "0b2f7d1c-4f4e-4a53-9f0e-6f8f6f0a9c11"])
async def test_an_endpoint_is_invisible_to_other_merchants(app: TestApp, name: str, id: str):
    made = await added(app)
    await another_merchant(app)
    method = "POST" if name else "GET"
    theirs = await app.call(method, f"/webhook-endpoints/{made['id']}{name}", keys=OTHER_KEYS)
    none = await app.call(method, f"/webhook-endpoints/{id}{name}")
    anonymous = await app.call(method, f"/webhook-endpoints/{made['id']}{name}", keys={})

    assert (theirs.status, none.status, anonymous.status) == (404, 404, 401)


async def test_a_deleted_endpoint_is_gone(app: TestApp):
    made = await added(app)
    made.pop("secret")
    answer = await app.call("DELETE", f"/webhook-endpoints/{made['id']}")

    assert (answer.status, answer.json) == (200, made)
    assert (await app.call("DELETE", f"/webhook-endpoints/{made['id']}")).status == 404
    assert len(await listed(app)) == 1
    assert await app.value("SELECT webhook_endpoints::text FROM merchants") == "[]"


async def test_of_concurrent_deletions_one_succeeds(app: TestApp):
    made = await app.call("POST", "/webhook-endpoints", json={"url": "http://localhost:9/x"})
    path = f"/webhook-endpoints/{made.json['id']}"
    answers = await asyncio.gather(*(app.call("DELETE", path) for _ in range(6)))

    assert sorted(answer.status for answer in answers) == [200, 404, 404, 404, 404, 404]
    deletions = "SELECT count(*) FROM audit_log WHERE action = 'endpoint.delete'"
    assert await app.value(deletions) == 1


@pytest.mark.parametrize("url", ["z" * 60_000, ["z" * 60_000], ["z"] * 1000], ids=type)
async def test_a_field_that_is_ignored_does_not_fill_the_audit_log(app: TestApp, url: Any):
    body = {"webhook_url": "http://localhost:9/hook", "url": url}
    answer = await app.call("PUT", "/webhooks", json=body)

    assert answer.status == 200
    assert (await last_entry(app)) == {"webhook_url": "http://localhost:9/hook"}


async def test_a_secret_in_a_list_is_not_in_the_audit_log(app: TestApp):
    body = {"webhook_url": "http://localhost:9/hook", "url": ["http://x.example/?token=hunter22"]}
    assert (await app.call("PUT", "/webhooks", json=body)).status == 200

    assert "hunter22" not in json.dumps(await last_entry(app))


async def last_entry(app: TestApp) -> Any:
    """Return the newest audit entry."""
    return json.loads(await app.value("SELECT detail FROM audit_log ORDER BY id DESC LIMIT 1"))


async def test_events_are_sent_to_subscribed_endpoints(app: TestApp, fakes: Fakes):
    await app.webhook_url()
    every = await added(app)
    some = await added(app, events=["payment.success", "refund.*"])
    off = await added(app)
    await app.call("POST", f"/webhook-endpoints/{off['id']}/disable")
    async with app.working():
        payment_id = await app.paid()
        await app.until(payment_id, "success")

    rows = await app.rows("SELECT endpoint_id::text, event FROM webhook_logs ORDER BY seq")
    merchant = await app.value("SELECT id::text FROM merchants")
    story = ["payment.created", "payment.pending", "payment.success"]

    def of(id: str) -> list[str]:
        return [row["event"] for row in rows if row["endpoint_id"] == id]

    assert (of(merchant), of(every["id"])) == (story, story)
    assert of(some["id"]) == ["payment.success"]
    assert of(off["id"]) == []


async def test_a_test_event_ignores_the_filters_of_its_endpoint(app: TestApp, fakes: Fakes):
    made = await added(app, events=["refund.*"])
    await app.call("POST", f"/webhook-endpoints/{made['id']}/disable")
    sent = await app.call("POST", f"/webhook-endpoints/{made['id']}/test")
    async with app.working():
        await app.until_value("success", "SELECT status FROM webhook_logs")

    shown = (await app.call("GET", f"/webhooks/{sent.json['delivery_id']}")).json
    assert sent.json["event"] == shown["event"] == "webhook.test"
    assert shown["endpoint"] == {"id": made["id"], "url": BOOKS}


async def test_a_delivery_is_shown_with_its_attempts(app: TestApp, fakes: Fakes):
    await app.webhook_url()
    sent = {"X-Signature": "abc", "Authorization": "Bearer x"}
    fakes.sink.script = [
        DeliveryResult(False, 503, "no\0" + "x" * 9000, request_headers=sent),
        DeliveryResult(False, error="timeout"),
    ]
    delivery_id = (await app.call("POST", "/webhooks/test")).json["id"]
    async with app.working():
        await app.until_value("success", "SELECT status FROM webhook_logs")

    shown = (await app.call("GET", f"/webhooks/{delivery_id}")).json
    tries = shown["tries"]
    assert [each["ordinal"] for each in tries] == [1, 2, 3]
    assert [each["status_code"] for each in tries] == [503, None, 200]
    assert tries[0]["request_headers"] == {"X-Signature": "abc", "Authorization": "[redacted]"}
    assert len(tries[0]["response_body"]) == 4096
    assert tries[1]["error"] == "timeout"
    assert {each["url"] for each in tries} == {"http://localhost:9/hook"}
    assert all(each["took_ms"] >= 0 for each in tries)
    assert shown["payload"] == json.loads(fakes.sink.delivered[0].body)
    assert shown["event_id"] == fakes.sink.delivered[0].id
    assert (await app.call("GET", f"/webhooks/{uuid4()}")).status == 404


async def test_deliveries_are_filtered(app: TestApp, fakes: Fakes):
    await app.webhook_url()
    made = await added(app, events=["payment.success"])
    async with app.working():
        payment_id = await app.paid()
        await app.until_value(4, "SELECT count(*) FROM webhook_logs WHERE status = 'success'")
    await app.call("POST", "/webhooks/test")

    async def total(query: str) -> int:
        answer = await app.call("GET", f"/webhooks?{query}")
        assert answer.status == 200, answer
        return int(answer.json["total"])

    assert await total("") == 5
    assert await total("status=pending") == 1
    assert await total("event=payment.success") == 2
    assert await total(f"endpoint_id={made['id']}") == 1
    assert await total(f"payment_id={payment_id}") == 4
    assert await total(f"payment_id={payment_id}&status=failed") == 0


@pytest.mark.parametrize("query", ["status=lost", "endpoint_id=5", "event=" + "x" * 51])
async def test_an_invalid_filter_names_the_field(app: TestApp, query: str):
    answer = await app.call("GET", f"/webhooks?{query}")

    assert answer.status == 400
    assert answer.json["error"]["field"] == query.partition("=")[0]


async def test_a_dry_run_counts_deliveries_and_sends_nothing(app: TestApp, fakes: Fakes):
    await app.webhook_url()
    fakes.sink.script = [DeliveryResult(False, 500, "no")] * 10
    for _ in range(2):
        await app.call("POST", "/webhooks/test")
    async with app.working():
        await app.until_value(2, "SELECT count(*) FROM webhook_logs WHERE status = 'failed'")
        body = {"since": "2020-01-01T00:00:00Z"}
        looked = await app.call("POST", "/webhooks/recover", json=body)
        still = await app.value("SELECT count(*) FROM webhook_logs WHERE status = 'failed'")
        sent = await app.call("POST", "/webhooks/recover", json={**body, "dry_run": False})
        await app.until_value(2, "SELECT count(*) FROM webhook_logs WHERE status = 'success'")

    assert (looked.json["dry_run"], looked.json["matching"], looked.json["resent"]) == (True, 2, 0)
    assert still == 2
    assert (sent.json["matching"], sent.json["resent"], sent.json["next_since"]) == (2, 2, None)
    assert [each["status"] for each in sent.json["sample"]] == ["pending", "pending"]
    assert len({event.id for event in fakes.sink.delivered}) == 2
    assert len({event.body for event in fakes.sink.delivered}) == 2


async def test_recovery_resends_only_matching_deliveries(app: TestApp, fakes: Fakes):
    await app.webhook_url()
    made = await added(app)
    async with app.working():
        await app.paid()
        await app.until_value(6, "SELECT count(*) FROM webhook_logs WHERE status = 'success'")

    async def matching(**fields: Any) -> int:
        body = {"since": "2020-01-01T00:00:00Z", "statuses": ["success"], **fields}
        answer = await app.call("POST", "/webhooks/recover", json=body)
        assert answer.status == 200, answer
        return int(answer.json["matching"])

    assert await matching() == 6
    assert await matching(statuses=["failed"]) == 0
    assert await matching(endpoint_id=made["id"]) == 3
    assert await matching(events=["payment.*"]) == 6
    assert await matching(events=["payment.success", "refund.*"]) == 2
    assert await matching(until="2020-01-02T00:00:00Z") == 0
    assert await matching(since="2199-01-01T00:00:00Z", until="2199-01-02T00:00:00Z") == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "since"),
        ({"since": "yesterday"}, "since"),
        ({"since": "2026-01-01T00:00:00"}, "since"),
        ({"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, "until"),
        ({"since": "2199-01-02T00:00:00Z"}, "until"),
        ({"since": "2026-01-01T00:00:00Z", "until": 5}, "until"),
        ({"since": "2026-01-01T00:00:00Z", "statuses": ["lost"]}, "statuses"),
        ({"since": "2026-01-01T00:00:00Z", "statuses": [{}]}, "statuses"),
        ({"since": "2026-01-01T00:00:00Z", "statuses": []}, "statuses"),
        ({"since": "2026-01-01T00:00:00Z", "events": ["x"]}, "events"),
        ({"since": "2026-01-01T00:00:00Z", "endpoint_id": "x"}, "endpoint_id"),
        ({"since": "2026-01-01T00:00:00Z", "dry_run": "no"}, "dry_run"),
    ],
)
async def test_an_invalid_recovery_names_the_field(app: TestApp, body: dict[str, Any], field: str):
    answer = await app.call("POST", "/webhooks/recover", json=body)

    assert answer.status == 400, answer
    assert answer.json["error"]["field"] == field


async def test_only_own_deliveries_are_recovered(app: TestApp, fakes: Fakes):
    await app.webhook_url()
    await app.call("POST", "/webhooks/test")
    await another_merchant(app)
    body = {"since": "2020-01-01T00:00:00Z", "statuses": ["pending"], "dry_run": False}
    answer = await app.call("POST", "/webhooks/recover", json=body, keys=OTHER_KEYS)

    assert answer.json["matching"] == 0
    assert (await app.call("POST", "/webhooks/recover", json=body, keys=KEYS)).json["resent"] == 1


@pytest.mark.parametrize(
    ("method", "path", "field"),
    [
        ("POST", "/webhook-endpoints", "url"),
        ("PATCH", "/webhook-endpoints/{default}", "url"),
        ("PATCH", "/merchant/webhook", "webhook_url"),
        ("PUT", "/webhooks", "webhook_url"),
    ],
)
async def test_a_refused_address_is_refused_with_its_reason(
    app: TestApp, method: str, path: str, field: str
):
    default = await app.value("SELECT id FROM merchants")
    answer = await app.call(
        method, path.format(default=default), json={field: "https://user:pass@example.com/"}
    )

    assert answer.status == 400
    assert answer.json["error"] == {
        "code": "BAD_REQUEST_ERROR",
        "description": f"{field} must not contain a user name or password",
        "reason": "invalid_request",
        "field": field,
    }
