"""Namespaces: test merchants, one for each test."""

from __future__ import annotations

import asyncio

import pytest

from tests.harness.apps import KEYS


async def opened(app, **wanted):
    answer = await app.call("POST", "/test/namespaces", keys=None, json=wanted)
    assert answer.status == 201, answer
    made = answer.json
    return made, {"X-Api-Key": made["api_key"], "X-Api-Secret": made["api_secret"]}


async def test_a_new_namespace_has_no_data(app):
    await app.order()
    made, keys = await opened(app, name="a test", webhook_url="http://localhost:9/hook")

    orders = await app.call("GET", "/orders?limit=10", keys=keys)
    config = await app.call("GET", "/merchant/config", keys=keys)

    assert orders.json["total"] == 0
    assert config.json["webhook_url"] == made["webhook_url"] == "http://localhost:9/hook"
    assert config.json["webhook_secret"] == made["webhook_secret"]
    assert made["name"] == config.json["name"] == "a test"


async def test_namespaces_are_isolated(app):
    one, other = [keys for _, keys in [await opened(app), await opened(app)]]
    mine = await app.call("POST", "/orders", keys=one, json={"amount": 500})
    body = {"order_id": mine.json["id"], "method": "coin"}

    assert (await app.call("POST", "/payments", keys=other, json=body)).status == 404
    assert (await app.call("GET", f"/orders/{mine.json['id']}", keys=other)).status == 404
    assert (await app.call("POST", "/payments", keys=one, json=body)).status == 201


async def test_namespaces_opened_concurrently_are_different(app):
    made = await asyncio.gather(*(opened(app) for _ in range(20)))

    for name in ("id", "api_key", "api_secret", "webhook_secret"):
        assert len({each[name] for each, _ in made}) == 20


async def test_a_retired_namespace_is_not_accepted(app):
    made, keys = await opened(app, webhook_url="http://localhost:9/hook")

    gone = await app.call("DELETE", f"/test/namespaces/{made['id']}", keys=None)

    assert (gone.status, gone.json) == (200, {"id": made["id"], "retired": True})
    assert (await app.call("GET", "/orders", keys=keys)).status == 401
    url = await app.value("SELECT webhook_url FROM merchants WHERE id = $1", made["id"])
    assert url is None


@pytest.mark.parametrize(
    "id",
    ["nonsense", "0b2f7d1c-4f4e-4a53-9f0e-6f8f6f0a9c11", "550e8400-e29b-41d4-a716-446655440000"],
)
async def test_only_a_namespace_can_be_retired(app, id):
    refused = await app.call("DELETE", f"/test/namespaces/{id}", keys=None)

    assert refused.status == 404
    assert (await app.call("GET", "/orders", keys=KEYS)).status == 200


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"scenario": "no_such_story"}, "scenario"),
        ({"webhook_url": "ftp://shop"}, "webhook_url"),
        ({"webhook_secret": "short"}, "webhook_secret"),
        ({"name": 7}, "name"),
    ],
)
async def test_an_invalid_namespace_is_refused_and_not_stored(app, wanted, field):
    before = await app.value("SELECT count(*) FROM merchants")

    refused = await app.call("POST", "/test/namespaces", keys=None, json=wanted)

    assert (refused.status, refused.json["error"]["field"]) == (400, field)
    assert await app.value("SELECT count(*) FROM merchants") == before
