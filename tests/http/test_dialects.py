"""Paths and fields of other gateways."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from paygate.core.api.dialects.other_gateways import ALIASES
from tests.harness.apps import KEYS, TestApp, running_app

EXPIRY = {"expiry_month": 12, "expiry_year": 2035}
CARDS: list[dict[str, Any]] = [
    {"card": {"number": "4111111111111111", "cvv": "123", "holder_name": "A", **EXPIRY}},
    {"card": {"number": "4111 1111 1111 1111", "cvv": "123", "name": "A", **EXPIRY}},
    {"card_number": "4111111111111111", "card_expiry": "12/35", "card_cvv": "123"},
    {"card_number": "4111-1111-1111-1111", "card_expiry": "12 / 2035"},
]


@pytest.mark.parametrize("card", CARDS)
async def test_a_card_may_be_sent_in_several_shapes(installed: TestApp, card: dict[str, Any]):
    answer = await installed.pay(method="card", **card)

    assert answer.status == 201
    assert (answer.json["card_network"], answer.json["card_last4"]) == ("visa", "1111")
    assert "vpa" not in answer.json


async def test_a_flat_card_is_checked_like_any_other(installed: TestApp):
    order_id = await installed.order()

    number = await installed.pay(order_id, method="card", card_number="1234567890123456",
                            card_expiry="12/35")  # fmt: skip
    expiry = await installed.pay(order_id, method="card", card_number="4111111111111111",
                            card_expiry="01/20")  # fmt: skip
    junk = await installed.pay(order_id, method="card", card_number=["4"], card_expiry={"a": 1})

    assert [a.json["error"]["code"] for a in (number, expiry, junk)] == [
        "INVALID_CARD",
        "EXPIRED_CARD",
        "INVALID_CARD",
    ]


@pytest.mark.parametrize(
    ("method", "path"), [(m, p) for m, p, endpoint in ALIASES if endpoint == "webhooks.configure"]
)
async def test_every_format_of_the_webhook_url_is_accepted(app: TestApp, method: str, path: str):
    for body in ({"webhook_url": "http://shop.example/a"}, {"url": "http://shop.example/b"}):
        saved = await app.call(method, path, json=body)

        (url,) = body.values()
        assert saved.status == 200
        assert (saved.json["webhook_url"], saved.json["data"]["url"]) == (url, url)
        assert saved.json["webhook_secret"] == "whsec_test_abc123"


@pytest.mark.parametrize(
    "path", [p for _, p, endpoint in ALIASES if endpoint == "webhooks.regenerate"]
)
async def test_every_route_for_a_new_secret_creates_one(app: TestApp, path: str):
    assert (await app.call("POST", path)).json["webhook_secret"] != "whsec_test_abc123"


async def test_a_shopper_may_use_either_payment_path(app: TestApp):
    payment_id = await app.paid()

    one = await app.call("GET", f"/payments/{payment_id}/public", keys=None)
    other = await app.call("GET", f"/payments/public/{payment_id}", keys=None)

    assert one.json == other.json


@pytest.mark.parametrize(
    ("method", "path"), [(m, p) for m, p, e in ALIASES if not e.endswith("public")]
)
async def test_an_alias_requires_the_same_credentials(app: TestApp, method: str, path: str):
    assert (await app.call(method, path, keys=None)).status == 401
    assert (await app.call(method, path, keys={**KEYS, "X-Api-Secret": "x"})).status == 401


@pytest.mark.parametrize("path", ["/debug/webhook-receiver", "/api/v1/debug/webhook-receiver"])
async def test_the_debug_receiver_confirms_requests(app: TestApp, path: str):
    response = await app.client.post(path, data=b"anything")

    assert await response.get_json() == {"status": "success", "received": True}


async def test_the_strict_profile_serves_only_paygates_own_paths_and_fields(
    database_url: str, tmp_path: Path
):
    strict = {"PAYGATE_PROFILE": "strict"}
    async with running_app(database_url, tmp_path, environ=strict) as shop:
        rules = list(shop.client.app.url_map.iter_rules())
        flat = await shop.pay(method="card", **CARDS[2])
        await shop.call("PATCH", "/merchant/webhook", json={"url": "http://localhost:9"})
        answer = await shop.call("GET", "/merchant/config")

    served = {(method, rule.rule) for rule in rules for method in rule.methods}
    assert served.isdisjoint({(method, f"/api/v1{path}") for method, path, _ in ALIASES})
    assert served.isdisjoint({("GET", "/payments"), ("POST", "/orders"), ("GET", "/__routes")})
    assert flat.json["error"]["code"] == "INVALID_CARD"
    assert answer.json["webhook_url"] is None
