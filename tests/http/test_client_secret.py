"""What a shopper's browser may see and do, with an order's secret and without."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from paygate.core.accounts.model import Role
from paygate.settings import read_settings
from tests.harness.apps import Answer, TestApp, running_app
from tests.harness.fakes import Fakes
from tests.harness.people import a_key, a_user, signed_in

REFUSED = {"code": "AUTHENTICATION_ERROR", "reason": "client_secret_invalid"}
DENIED = {**REFUSED, "description": "Invalid client_secret"}
REQUIRED = {**REFUSED, "description": "client_secret is required"}


@pytest.fixture
async def strict(database_url: str, tmp_path: Path, fakes: Fakes) -> AsyncIterator[TestApp]:
    environ = {"PAYGATE_REQUIRE_CLIENT_SECRET": "true"}
    async with running_app(
        database_url, tmp_path, plugins=fakes.found(), environ=environ
    ) as running:
        yield running


async def new_order(app: TestApp) -> Any:
    return (await app.call("POST", "/orders", json={"amount": 50_000})).json


async def browse(app: TestApp, order: Any, **secret: Any) -> list[Answer]:
    """Send every request of a browser about an order, with the secret in the query or the body."""
    query = "?client_secret=" + secret["client_secret"] if secret.get("client_secret") else ""
    body = {"order_id": order["id"], "method": "coin", **secret}
    seen = await app.call("GET", f"/orders/{order['id']}/public{query}", keys={})
    paid = await app.call("POST", "/payments/public", keys={}, json=body)
    payment_id = await app.value("SELECT id FROM payments WHERE order_id = $1", order["id"])
    if payment_id is None:
        payment_id = (await app.pay(order["id"])).json["id"]
    polls = [
        await app.call("GET", path.format(payment_id) + query, keys={})
        for path in ("/payments/{}/public", "/payments/public/{}")
    ]
    return [seen, paid, *polls]


async def test_an_order_has_a_secret_that_only_its_merchant_sees(app: TestApp):
    order, other = await new_order(app), await new_order(app)
    shown = (await app.call("GET", f"/orders/{order['id']}")).json
    public = (await app.call("GET", f"/orders/{order['id']}/public", keys={})).json

    assert order["client_secret"].startswith(f"{order['id']}_secret_")
    assert shown["client_secret"] == order["client_secret"] != other["client_secret"]
    assert set(public) == {"id", "amount", "currency", "status"}


async def test_in_test_mode_the_orders_id_is_enough(app: TestApp):
    answers = await browse(app, await new_order(app))

    assert [answer.status for answer in answers] == [200, 201, 200, 200]


async def test_a_wrong_secret_is_refused_even_if_none_is_required(app: TestApp):
    order, other = await new_order(app), await new_order(app)
    answers = await browse(app, order, client_secret=other["client_secret"])

    assert [answer.json["error"] for answer in answers] == [DENIED] * 4
    assert {answer.status for answer in answers} == {401}


@pytest.mark.parametrize("junk", [7, True, ["x"], {"a": 1}])
async def test_a_secret_that_is_not_a_string_is_refused(app: TestApp, junk: Any):
    order = await new_order(app)
    body = {"order_id": order["id"], "method": "coin", "client_secret": junk}
    answer = await app.call("POST", "/payments/public", keys={}, json=body)

    assert (answer.status, answer.json["error"]) == (401, DENIED)


async def test_a_browser_needs_a_required_client_secret(strict: TestApp):
    order = await new_order(strict)
    without = await browse(strict, order)
    within = await browse(strict, await new_order(strict), client_secret="")
    order = await new_order(strict)
    granted = await browse(strict, order, client_secret=order["client_secret"])

    assert [answer.json["error"] for answer in without + within] == [REQUIRED] * 8
    assert [answer.status for answer in granted] == [200, 201, 200, 200]


async def test_the_client_secret_may_be_sent_in_a_header(strict: TestApp):
    order = await new_order(strict)
    headers = {"X-Client-Secret": order["client_secret"]}
    answer = await strict.call("GET", f"/orders/{order['id']}/public", keys={}, headers=headers)

    assert answer.status == 200


async def test_an_unknown_order_gets_the_same_error_as_a_wrong_secret(strict: TestApp):
    answers = [
        await strict.call("GET", f"/orders/{name}/public", keys={})
        for name in ("order_0000000000000000", (await new_order(strict))["id"])
    ]

    assert answers[0].body == answers[1].body


def test_production_requires_the_client_secret_by_default():
    def required(**environ: str) -> bool:
        return read_settings(environ).requires_client_secret

    assert required(PAYGATE_ENV="production")
    assert not required()
    assert not required(PAYGATE_ENV="production", PAYGATE_REQUIRE_CLIENT_SECRET="false")
    assert required(PAYGATE_REQUIRE_CLIENT_SECRET="true")


async def test_a_shoppers_idempotency_key_is_separate_from_the_merchants(app: TestApp):
    order_id, other_id = await app.order(), await app.order()
    headers = {"Idempotency-Key": "k1"}

    async def shop(order_id: str) -> Answer:
        body = {"order_id": order_id, "method": "coin"}
        return await app.call("POST", "/payments/public", keys={}, json=body, headers=headers)

    first, again, other = await shop(order_id), await shop(order_id), await shop(other_id)
    merchants = await app.call("POST", "/orders", json={"amount": 100}, headers=headers)

    assert (first.status, again.status, other.status, merchants.status) == (201, 201, 201, 201)
    assert first.body == again.body != other.body
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in merchants.headers


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/merchant/webhook", {"webhook_url": "http://localhost:9/other"}),
        ("PUT", "/webhooks", {"webhook_url": "http://localhost:9/other"}),
        ("POST", "/merchant/webhook/regenerate", None),
        ("POST", "/webhooks/regenerate-secret", None),
        ("POST", "/webhooks/test", {"event": "payment.test"}),
        ("POST", "/merchant/webhook/test", None),
        ("POST", "/webhooks/{delivery}/retry", None),
    ],
)
async def test_webhook_routes_take_keys_too(app: TestApp, method: str, path: str, body: Any):
    await app.webhook_url()
    delivery = (await app.call("POST", "/webhooks/test")).json["id"]
    count = "SELECT count(*) FROM webhook_logs"
    before = await app.value(count)

    answers = [
        await app.call(
            method,
            path.format(delivery=delivery),
            headers={"Idempotency-Key": "same"},
            **({"json": body} if body else {}),
        )
        for _ in range(3)
    ]

    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert [answer.headers.get("Idempotent-Replayed") for answer in answers] == [
        None,
        "true",
        "true",
    ]
    assert await app.value(count) - before == (1 if path.endswith("/test") else 0)


@pytest.mark.parametrize("role", Role)
async def test_roles_that_cannot_create_payments_see_no_secret(app: TestApp, role: Role):
    order = await new_order(app)
    payment = await app.paid(order_id=order["id"])
    refused = role in {Role.READ_ONLY, Role.SUPPORT}
    user = await a_user(app, f"{role}@x.y", role)
    seen = ""
    for headers in (await a_key(app, role), await signed_in(app, user)):
        shown = await app.call("GET", f"/orders/{order['id']}", keys=headers)
        assert shown.status == 200
        assert shown.json["client_secret"] == (None if refused else order["client_secret"])
        for path in (
            "/orders",
            "/payments",
            f"/payments/{payment}",
            f"/payments/{payment}/timeline",
            "/webhooks",
            "/audit",
        ):
            seen += (await app.call("GET", path, keys=headers)).body.decode()
    assert order["client_secret"] not in seen


async def test_no_response_and_no_row_of_a_payment_contains_the_secret(
    strict: TestApp, fakes: Fakes
):
    """Secrets that the API writes into a URL, an event or a table would be visible to others."""
    order = await new_order(strict)
    secret = order["client_secret"]
    await strict.webhook_url()
    body = {"order_id": order["id"], "method": "coin", "return_url": "http://localhost/back"}
    async with strict.working():
        paid = await strict.call(
            "POST", "/payments/public", keys={"X-Client-Secret": secret}, json=body
        )
        await strict.until(paid.json["id"], "success")
    later = await strict.call("GET", f"/payments/{paid.json['id']}")
    tables = await strict.rows(
        "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'"
    )
    stored = [
        str(row)
        for table in tables
        for row in await strict.rows(f'SELECT * FROM "{table["name"]}"')
    ]

    assert paid.status == 201, paid.json
    assert secret not in (paid.body + later.body).decode()
    assert len(stored) > 10
    assert [row for row in stored if secret in row] == []
