"""The profile that asks for no keys and takes payments of orders it never saw."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from paygate.bootstrap import open_app
from paygate.core.errors import OperatorError
from paygate.settings import read_settings
from tests.harness.apps import KEYS, Answer, TestApp, running_app
from tests.harness.databases import Databases
from tests.harness.fakes import Fakes
from tests.harness.shared import Shared, shared_by_tests

WRONG = {"X-Api-Key": "key_test_abc123", "X-Api-Secret": "wrong"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_demo(
    databases: Databases, new_home: Callable[[], Path], shared_fakes: Fakes
) -> AsyncIterator[Shared[TestApp]]:
    def opening(url: str, home: Path) -> AbstractAsyncContextManager[TestApp]:
        environ = {"PAYGATE_PROFILE": "open-demo"}
        return running_app(url, home, plugins=shared_fakes.found(), environ=environ)

    async with shared_by_tests(databases, new_home, opening) as shared:
        yield shared


@pytest.fixture
async def demo(shared_demo: Shared[TestApp], shared_fakes: Fakes) -> AsyncIterator[TestApp]:
    shared_fakes.forget()
    async with shared_demo.lent() as running:
        yield running


async def pay(app: TestApp, path: str = "/payments", key: str | None = None, **body: Any) -> Answer:
    asked = {"order_id": "order_123", "method": "coin", "amount": 50_000, **body}
    headers = {"Idempotency-Key": key} if key else {}
    return await app.call("POST", path, keys={}, json=asked, headers=headers)


async def test_a_payment_creates_its_order(demo: TestApp):
    answer = await pay(demo)
    order = await demo.call("GET", "/orders/order_123", keys={})

    assert (answer.status, answer.json["status"]) == (201, "pending")
    assert (order.json["id"], order.json["amount"]) == ("order_123", 50_000)


async def test_the_same_order_name_can_be_paid_repeatedly(demo: TestApp):
    first, second = await pay(demo), await pay(demo)
    again = await demo.call("GET", f"/orders/{second.json['order_id']}", keys={})

    assert (first.json["order_id"], second.status) == ("order_123", 201)
    assert first.json["order_id"] != second.json["order_id"]
    assert again.json["receipt"] == "order_123"


async def test_another_amount_is_another_order(demo: TestApp):
    bad = await pay(demo, coin=7)
    first = await pay(demo)
    other = await pay(demo, amount=700)

    assert bad.status == 400
    assert (first.json["amount"], other.json["amount"]) == (50_000, 700)
    assert await demo.value("SELECT count(*) FROM orders") == 2


@pytest.mark.parametrize("path", ["/payments", "/payments/public"])
async def test_a_repeated_key_creates_one_payment(demo: TestApp, path: str):
    answers = await asyncio.gather(*(pay(demo, path, key="k1") for _ in range(10)))

    assert {answer.status for answer in answers} == {201}
    assert len({answer.body for answer in answers}) == 1
    assert await demo.value("SELECT count(*) FROM payments") == 1
    assert await demo.value("SELECT count(*) FROM orders") == 1


async def test_concurrent_payments_of_a_new_order_name_all_succeed(demo: TestApp):
    answers = await asyncio.gather(*(pay(demo) for _ in range(10)))

    # Each is a payment of its own, and each has an order of its own.
    assert {answer.status for answer in answers} == {201}
    assert len({answer.json["order_id"] for answer in answers}) == 10
    assert await demo.value("SELECT count(*) FROM orders") == 10


async def test_a_page_can_request_an_order_before_it_exists(demo: TestApp):
    there = await demo.call("GET", "/orders/order_sdk_1/public?amount=50000", keys={})
    junk = [
        await demo.call("GET", f"/orders/order_sdk_1/public{query}", keys={})
        for query in ("", "?amount=", "?amount=x", "?amount=5e9", f"?amount={'9' * 5000}")
    ]
    small = await demo.call("GET", "/orders/order_sdk_1/public?amount=99", keys={})
    paid = await pay(demo, "/payments/public", order_id="order_sdk_1")

    assert there.json == {
        "id": "order_sdk_1",
        "amount": 50_000,
        "currency": "INR",
        "status": "created",
    }
    assert {answer.status for answer in junk} == {404}
    assert (small.status, paid.status) == (400, 201)


async def test_a_paid_order_name_is_offered_again(demo: TestApp):
    query = "/orders/order_sdk_1/public?amount=50000"
    methods = "/checkout/methods?order_id=order_sdk_1&amount=50000"
    offered = {"id": "order_sdk_1", "amount": 50_000, "currency": "INR", "status": "created"}
    orders = set()
    async with demo.working():
        for _ in range(3):
            before = await demo.call("GET", query, keys={})
            can = await demo.call("GET", methods, keys={})
            paid = await pay(demo, "/payments/public", order_id="order_sdk_1")
            await demo.until(paid.json["id"], "success")
            path = f"/payments/{paid.json['id']}/public"
            shown = (await demo.call("GET", path, keys={})).json
            orders.add(paid.json["order_id"])

            assert (before.json, can.status, paid.status) == (offered, 200, 201)
            asked = {paid.json["order_id"], paid.json.get("order_receipt")}
            assert "order_sdk_1" in asked
            assert asked == {shown["order_id"], shown.get("order_receipt")}

    other = await demo.call("GET", "/orders/order_sdk_1/public?amount=70000", keys={})
    itself = await demo.call("GET", "/orders/order_sdk_1/public", keys={})
    assert len(orders) == 3
    assert (other.json["amount"], other.json["status"]) == (70_000, "created")
    assert (itself.json["amount"], itself.json["status"]) == (50_000, "paid")


async def test_outside_the_profile_a_paid_order_stays_paid(app: TestApp):
    order = await app.order(50_000)
    async with app.working():
        payment = await app.paid(order_id=order)
        await app.until(payment, "success")
    shown = await app.call("GET", f"/orders/{order}/public?amount=50000", keys={})

    assert shown.json["status"] == "paid"


async def test_without_an_amount_an_unknown_order_stays_unknown(demo: TestApp):
    answer = await demo.call(
        "POST", "/payments", keys={}, json={"order_id": "order_123", "method": "coin"}
    )

    assert answer.status == 404


@pytest.mark.parametrize("amount", [99, "500", 5.5, None, True])
async def test_a_bad_amount_is_named(demo: TestApp, amount: Any):
    answer = await pay(demo, amount=amount)

    assert (answer.status, answer.json["error"]["field"]) == (400, "amount")
    assert await demo.value("SELECT count(*) FROM orders") == 0


async def test_wrong_keys_are_refused_in_the_profile(demo: TestApp):
    answer = await demo.call("GET", "/payments", keys=WRONG)

    assert answer.status == 401


async def test_the_log_of_webhooks_is_a_bare_list(demo: TestApp):
    await demo.webhook_url()
    await pay(demo)

    bare = await demo.call("GET", "/webhooks", keys={})
    envelope = await demo.call("GET", "/webhooks?limit=1", keys={})

    assert {row["event"] for row in bare.json} == {"payment.created", "payment.pending"}
    assert (len(envelope.json["data"]), envelope.json["total"]) == (1, 2)


async def test_a_processed_refund_is_called_a_success(demo: TestApp, shared_fakes: Fakes):
    await demo.webhook_url()
    async with demo.working():
        payment_id = (await pay(demo)).json["id"]
        await demo.until(payment_id, "success")
        body = {"payment_id": payment_id, "amount": 20_000, "reason": "asked"}
        refund = await demo.call("POST", "/refunds", keys={}, json=body)
        await demo.until_value("processed", "SELECT status FROM refunds")
        await demo.until_value(0, "SELECT count(*) FROM webhook_logs WHERE status = 'pending'")

    assert (refund.status, refund.json["status"]) == (201, "pending")
    assert shared_fakes.sink.types[-2:] == ["refund.created", "refund.success"]
    assert b'"event":"refund.success"' in shared_fakes.sink.delivered[-1].body


async def test_health_uses_the_profiles_values_and_names_it(demo: TestApp, app: TestApp):
    shown = (await demo.call("GET", "/health")).json
    standard = (await app.call("GET", "/health")).json

    assert (shown["status"], shown["db"], shown["profile"]) == ("ok", "Connected", "open-demo")
    assert (standard["status"], "profile" in standard) == ("healthy", False)


async def test_the_profile_is_logged_as_a_warning(
    database_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: Any
):
    with caplog.at_level(logging.WARNING):
        async with running_app(database_url, tmp_path, environ={"PAYGATE_PROFILE": "open-demo"}):
            pass

    printed = capsys.readouterr()
    assert "PAYGATE_PROFILE=open-demo: ANY caller" in caplog.text + printed.out + printed.err


async def test_production_refuses_the_profile():
    settings = read_settings({"PAYGATE_ENV": "production", "PAYGATE_PROFILE": "open-demo"})

    with pytest.raises(OperatorError) as caught:
        async with open_app(settings, {}):
            raise AssertionError

    assert caught.value.setting == "PAYGATE_PROFILE"


async def test_by_default_requests_without_keys_are_refused(app: TestApp):
    answers = [
        await app.call("GET", "/payments", keys={}),
        await pay(app),
        await app.call("GET", "/webhooks", keys={}),
    ]
    public = await pay(app, "/payments/public")

    assert {answer.status for answer in answers} == {401}
    assert public.status == 404


@pytest.mark.parametrize(
    "path", ["/orders", "/payments", "/payments/stats", "/refunds", "/webhooks?limit=1"]
)
async def test_every_route_is_served_without_the_prefix(app: TestApp, path: str):
    response = await app.client.get(path, headers=KEYS)
    with_prefix = await app.call("GET", path)
    denied = await app.client.get(path)

    assert (response.status_code, await response.get_data()) == (200, with_prefix.body)
    assert denied.status_code == 401


async def test_the_routes_are_listed(app: TestApp):
    response = await app.client.get("/__routes")
    routes = {
        (row["path"], method) for row in await response.get_json() for method in row["methods"]
    }

    assert {("/api/v1/payments", "POST"), ("/payments", "POST"), ("/health", "GET")} <= routes
