"""What a merchant's program sees of orders and payments."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.harness.apps import KEYS, TestApp, running_app
from tests.harness.fakes import Fakes

UNAUTHENTICATED = {
    "error": {"code": "AUTHENTICATION_ERROR", "description": "Invalid API credentials"}
}
OTHER_KEYS = {"X-Api-Key": "key_other", "X-Api-Secret": "secret_other"}


@pytest.fixture
async def other_merchant(app: TestApp) -> dict[str, str]:
    await app.rows(
        "INSERT INTO merchants (name, email, api_key, api_secret) "
        "VALUES ('Other', 'other@example.com', 'key_other', encode(sha256('secret_other'), 'hex'))"
    )
    return OTHER_KEYS


async def test_health_reports_the_connections(app: TestApp):
    answer = await app.call("GET", "/health", keys=None)

    assert answer.status == 200
    assert answer.json["status"] == "healthy"
    assert answer.json["database"] == "connected"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", answer.json["timestamp"])


async def test_the_test_merchant_is_shown_without_credentials(app: TestApp):
    answer = await app.call("GET", "/test/merchant", keys=None)

    assert answer.json == {
        "id": "550e8400-e29b-41d4-a716-446655440000",
        "email": "test@example.com",
        "api_key": "key_test_abc123",
        "seeded": True,
    }


async def test_an_order_is_created_and_read(app: TestApp):
    fields = {"amount": 50_000, "currency": "INR", "receipt": "r1", "notes": {"name": "Asha ₹"}}
    created = await app.call("POST", "/orders", json=fields)
    read = await app.call("GET", f"/orders/{created.json['id']}")
    public = await app.call("GET", f"/orders/{created.json['id']}/public", keys=None)

    assert created.status == 201
    assert re.fullmatch(r"order_[A-Za-z0-9]{16}", created.json["id"])
    assert created.json["status"] == "created"
    assert {name: created.json[name] for name in fields} == fields
    assert read.json == created.json
    assert public.json == {
        "id": created.json["id"],
        "amount": 50_000,
        "currency": "INR",
        "status": "created",
    }


async def test_a_new_payment_is_pending_with_the_amount_of_its_order(app: TestApp):
    order_id = await app.order(12_345)

    answer = await app.pay(order_id, amount=1, currency="USD", metadata={"x": 1})

    assert answer.status == 201
    assert re.fullmatch(r"pay_[A-Za-z0-9]{16}", answer.json["id"])
    assert answer.json["amount"] == 12_345
    assert answer.json["currency"] == "INR"
    assert answer.json["status"] == "pending"
    assert answer.json["coin"] == "gold"


async def test_a_payment_has_the_notes_of_its_merchant_only(app: TestApp):
    notes = {"table": 7, "friends": ["Asha ₹"]}
    noted = (await app.pay(await app.order(), notes=notes)).json["id"]
    plain = (await app.pay(await app.order(), notes=[])).json["id"]
    body = {"order_id": await app.order(), "method": "coin", "notes": {"table": 8}}
    shopper = (await app.call("POST", "/payments/public", keys=None, json=body)).json["id"]
    order_id = await app.order()
    refused = await app.pay(order_id, notes="table 7")

    assert (await app.payment(noted))["notes"] == notes
    assert (await app.payment(plain))["notes"] == {}
    assert (await app.payment(shopper))["notes"] == {}
    assert (refused.status, refused.json["error"]["field"]) == (400, "notes")
    assert (await app.pay(order_id)).status == 201


async def test_a_shopper_may_pay_and_poll_without_credentials(app: TestApp):
    body = {"order_id": await app.order(), "method": "coin"}
    created = await app.call("POST", "/payments/public", keys=None, json=body)
    read = await app.call("GET", f"/payments/{created.json['id']}/public", keys=None)

    assert created.status == 201
    assert read.status == 200
    assert read.json["status"] == "pending"
    assert "merchant_id" not in read.json


async def test_a_payment_in_full_has_every_column(app: TestApp):
    payment = await app.payment(await app.paid())

    wanted = {
        "id", "order_id", "merchant_id", "amount", "currency", "method", "status", "vpa",
        "card_network", "card_last4", "captured", "error_code", "error_description",
        "created_at", "updated_at",
    }  # fmt: skip
    assert wanted <= set(payment)
    assert payment["captured"] is False


async def test_lists_are_arrays_without_a_page_and_envelopes_with_one(app: TestApp):
    ids = [await app.paid() for _ in range(3)]

    bare = await app.call("GET", "/payments")
    listed = await app.call("GET", "/payments/list")
    paged = await app.call("GET", "/payments?limit=2&offset=1")
    orders = await app.call("GET", "/orders?limit=2")

    assert [payment["id"] for payment in bare.json] == ids[::-1]
    assert listed.json == bare.json
    assert [payment["id"] for payment in paged.json["data"]] == ids[1::-1]
    assert {name: paged.json[name] for name in ("total", "limit", "offset")} == {
        "total": 3,
        "limit": 2,
        "offset": 1,
    }
    assert (len(orders.json["data"]), orders.json["total"]) == (2, 3)


async def test_stats_count_and_sum(app: TestApp):
    async with app.working():
        await app.until(await app.paid(), "success")
    await app.paid()

    stats = await app.call("GET", "/payments/stats")

    assert stats.json == {"totalTransactions": 2, "totalAmount": 50_000, "successRate": 50}


async def test_the_timeline_has_the_payments_entries(app: TestApp):
    async with app.working():
        payment_id = await app.paid()
        await app.until(payment_id, "success")

    story = (await app.call("GET", f"/payments/{payment_id}/timeline")).json["data"]

    lines = [moment["what"] for moment in story]
    assert lines[:3] == ["Payment accepted", "payment.created", "payment.pending"]
    assert "Payment succeeded" in lines


async def test_jobs_status_counts_and_shows_whether_a_worker_runs(app: TestApp):
    await app.paid()
    before = (await app.call("GET", "/test/jobs/status", keys=None)).json
    async with app.working():
        await app.until_value("succeeded", "SELECT state FROM operations")
        during = (await app.call("GET", "/test/jobs/status", keys=None)).json
    after = (await app.call("GET", "/test/jobs/status", keys=None)).json

    assert before == {
        "pending": 1,
        "processing": 0,
        "completed": 0,
        "failed": 0,
        "worker_status": "stopped",
    }
    assert (during["completed"], during["worker_status"]) == (1, "running")
    assert after["worker_status"] == "stopped"


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"X-Api-Key": "key_test_abc123"},
        {"X-Api-Secret": "secret_test_xyz789"},
        {**KEYS, "X-Api-Secret": "wrong"},
        {**KEYS, "X-Api-Key": "wrong"},
        {**KEYS, "X-Api-Secret": ""},
        {**KEYS, "X-Api-Key": "k" * 5000},
        {**KEYS, "X-Api-Key": "кey"},
    ],
)
@pytest.mark.parametrize("path", ["/orders", "/payments", "/webhooks", "/payments/stats"])
async def test_all_wrong_credentials_get_the_same_response(
    app: TestApp, keys: dict[str, str], path: str
):
    answer = await app.call("GET", path, keys=keys)

    assert answer.status == 401
    assert answer.json == UNAUTHENTICATED


async def test_an_inactive_merchant_is_not_accepted(app: TestApp):
    await app.rows("UPDATE merchants SET is_active = false")

    assert (await app.call("GET", "/orders")).json == UNAUTHENTICATED


async def test_objects_are_invisible_to_other_merchants(
    app: TestApp, other_merchant: dict[str, str]
):
    await app.webhook_url()
    payment_id = await app.paid()
    order_id = (await app.payment(payment_id))["order_id"]
    delivery_id = (await app.call("GET", "/webhooks")).json["data"][0]["id"]
    requests = [
        ("GET", f"/orders/{order_id}", "Order not found"),
        ("GET", f"/payments/{payment_id}", "Payment not found"),
        ("GET", f"/payments/{payment_id}/timeline", "Payment not found"),
        ("POST", f"/webhooks/{delivery_id}/retry", "Webhook log not found"),
    ]

    for method, path, text in requests:
        answer = await app.call(method, path, keys=other_merchant)
        assert answer.status == 404
        assert answer.json["error"] == {
            "code": "NOT_FOUND_ERROR",
            "description": text,
            "reason": text.lower().replace(" ", "_"),
        }
    body = {"order_id": order_id, "method": "coin"}
    paid = await app.call("POST", "/payments", keys=other_merchant, json=body)
    assert paid.status == 404
    for path in ("/orders", "/webhooks", "/payments?limit=5"):
        assert (await app.call("GET", path, keys=other_merchant)).json["total"] == 0


async def test_the_secret_is_stored_as_a_hash_that_does_not_authenticate(app: TestApp):
    (stored,) = await app.rows("SELECT api_key, api_secret FROM merchants")

    answer = await app.call(
        "GET",
        "/orders",
        keys={"X-Api-Key": stored["api_key"], "X-Api-Secret": stored["api_secret"]},
    )

    assert stored["api_secret"] != "secret_test_xyz789"
    assert re.fullmatch(r"[0-9a-f]{64}", stored["api_secret"])
    assert answer.status == 401


@pytest.mark.parametrize("origin", ["http://localhost:5173", "http://localhost:3000"])
async def test_pages_of_this_machine_may_call_the_api(app: TestApp, origin: str):
    headers = {"Origin": origin}
    preflight = await app.call("OPTIONS", "/payments", keys=None, headers=headers)
    refused = await app.call("GET", "/orders", keys=None, headers=headers)

    assert preflight.status == 204
    assert "Idempotency-Key" in preflight.headers["Access-Control-Allow-Headers"]
    for answer in (preflight, refused):
        assert answer.headers["Access-Control-Allow-Origin"] == origin


async def test_a_test_order_is_created_without_keys(app: TestApp):
    made = await app.call("POST", "/test/orders", keys={})
    shown = await app.call("GET", f"/orders/{made.json['id']}")

    assert (made.status, made.json["amount"], made.json["currency"]) == (201, 50_000, "INR")
    assert shown.json["merchant_id"] == "550e8400-e29b-41d4-a716-446655440000"
    assert made.json["client_secret"] == shown.json["client_secret"]


async def test_production_has_no_test_routes_and_no_test_merchant(
    database_url: str, tmp_path: Path, fakes: Fakes
):
    environ = {
        "PAYGATE_ENV": "production",
        "PAYGATE_VAULT_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    }
    async with running_app(
        database_url, tmp_path, plugins=fakes.found(), environ=environ
    ) as production:
        shown = await production.call("GET", "/test/merchant", keys=None)
        made = await production.call("POST", "/test/orders", keys={})
        used = await production.call("GET", "/orders")
        paid = await production.call("GET", "/orders/order_0000000000000000/public", keys={})
        rules = [each.rule for each in production.client.app.url_map.iter_rules()]

    assert (shown.status, made.status) == (404, 404)
    assert [rule for rule in rules if rule.startswith(("/api/v1/test", "/test"))] == []
    assert used.status == 401
    # Only with the secret of its order: not even whether there is one.
    assert (paid.status, paid.json["error"]["description"]) == (401, "client_secret is required")


async def test_two_apps_with_different_plugins_run_in_one_process(
    app: TestApp, databases: object, tmp_path: Path
):
    url = await databases.clone()  # type: ignore[attr-defined]
    try:
        async with running_app(url, tmp_path) as installed:
            theirs = await installed.pay(method="coin")
            ours = await app.pay(method="coin")
    finally:
        await databases.drop(url)  # type: ignore[attr-defined]

    assert theirs.status == 400
    assert theirs.json["error"]["description"] == "Invalid payment method"
    assert ours.status == 201
