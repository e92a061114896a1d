"""Responses name the fields and parameters that were ignored."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.harness.apps import KEYS, TestApp

IGNORED = "Paygate-Ignored"


async def ignored(app: TestApp, method: str, path: str, body: object = None) -> str | None:
    answer = await app.call(method, path, keys=KEYS, json=body)
    headers: Mapping[str, str] = answer.headers
    return headers.get(IGNORED)


async def test_a_misspelled_field_is_named(app: TestApp):
    body = {"amount": 500, "recipt": "r-1", "currancy": "USD"}

    assert await ignored(app, "POST", "/orders", body) == "body.currancy, body.recipt"


async def test_a_known_request_names_nothing(app: TestApp):
    order = await app.order(500)

    assert await ignored(app, "POST", "/orders", {"amount": 500, "receipt": "r-1"}) is None
    assert await ignored(app, "POST", "/payments", {"order_id": order, "method": "coin"}) is None
    assert await ignored(app, "GET", "/orders?limit=5&from=2026-01-01T00:00:00Z") is None
    assert await ignored(app, "PUT", "/webhooks/config", {"url": "http://localhost:1/"}) is None


async def test_an_unknown_parameter_is_named_with_its_place(app: TestApp):
    assert await ignored(app, "GET", "/orders?limit=5&page=2") == "query.page"
    assert await ignored(app, "GET", "/orders/order_0000000000000000?x=1") == "query.x"


async def test_a_payment_names_what_its_order_has(app: TestApp):
    order = await app.order(500)
    body = {"order_id": order, "method": "coin", "amount": 1, "metadata": {"a": "b"}}

    assert await ignored(app, "POST", "/payments", body) == "body.amount, body.metadata"


@pytest.mark.parametrize("name", ["a\r\nSet-Cookie: b", "é", "x" * 65, ""])
async def test_a_name_that_a_header_cannot_have_is_a_question_mark(app: TestApp, name: str):
    assert await ignored(app, "POST", "/orders", {"amount": 500, name: 1}) == "body.?"


async def test_at_most_16_names_are_listed(app: TestApp):
    named = await ignored(
        app, "POST", "/orders", {"amount": 500, **{f"f{n}": n for n in range(99)}}
    )

    assert named is not None
    assert len(named.split(", ")) == 16
