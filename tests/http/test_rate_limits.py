"""Senders over their rate limit get 429."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from paygate.core.accounts.model import Role
from paygate.core.api.documented import find_documented
from tests.harness.apps import KEYS, Answer, TestApp, running_app
from tests.harness.fakes import Fakes
from tests.harness.people import a_key, a_user, signed_in

SMALL = {
    "PAYGATE_LIMIT_READS": "1",
    "PAYGATE_LIMIT_WRITES": "2",
    "PAYGATE_LIMIT_SHOPPERS": "3",
    "PAYGATE_LIMIT_CALLBACKS": "1",
    "PAYGATE_LIMIT_SIGN_INS": "5",
    "PAYGATE_LIMIT_ORDER_PAYMENTS": "4",
    "PAYGATE_LIMIT_RESENDS": "3",
}
OFF = dict.fromkeys(SMALL, "0")
FORGED = {"X-Forwarded-For": "198.51.100.7", "X-Real-Ip": "198.51.100.7"}


@pytest.fixture
async def small(database_url: str, tmp_path: Path, fakes: Fakes) -> AsyncIterator[TestApp]:
    async with running_app(database_url, tmp_path, plugins=fakes.found(), environ=SMALL) as running:
        yield running


async def burst(count: int, app: TestApp, method: str, path: str, **more: Any) -> list[Answer]:
    return await asyncio.gather(*(app.call(method, path, **more) for _ in range(count)))


def statuses(answers: list[Answer]) -> Mapping[int, int]:
    return Counter(answer.status for answer in answers)


def code(answer: Answer) -> str:
    return str(answer.json["error"]["code"])


async def wrong_sign_in(app: TestApp, **headers: str) -> Answer:
    body = {"email": f"{uuid4()}@x.y", "password": "wrong"}
    return await app.call("POST", "/session", keys=None, json=body, headers=headers)


async def test_a_key_over_its_limit_gets_429_with_retry_after(small: TestApp):
    answers = await burst(12, small, "GET", "/orders")
    refused = [answer for answer in answers if answer.status == 429]

    # One comes back in a second, in which a slow machine may be.
    assert len(refused) >= 1
    assert statuses(answers)[200] >= 10
    assert {code(answer) for answer in refused} == {"RATE_LIMIT_ERROR"}
    assert {answer.headers["Retry-After"] for answer in refused} == {"1"}
    assert {answer.headers["RateLimit-Policy"] for answer in refused} == {'"reads";q=10;w=10'}
    assert {answer.headers["RateLimit"] for answer in refused} == {'"reads";r=0;t=10'}


async def test_the_limit_is_shown_once_half_of_it_is_used(small: TestApp):
    answers = [await wrong_sign_in(small) for _ in range(5)]

    assert [answer.headers.get("RateLimit-Policy") for answer in answers] == [
        *(None, None),
        *['"sign-ins";q=5;w=60'] * 3,
    ]
    assert [answer.headers["RateLimit"][:15] for answer in answers[2:]] == [
        f'"sign-ins";r={left};' for left in (2, 1, 0)
    ]


async def test_other_keys_and_other_classes_have_buckets_of_their_own(small: TestApp):
    other = await a_key(small, Role.OWNER)
    person = await signed_in(small, await a_user(small, "a@b.c", Role.OWNER))
    await burst(20, small, "GET", "/orders")

    assert (await small.call("GET", "/orders", keys=other)).status == 200
    assert (await small.call("GET", "/session", keys=person)).status == 200
    assert (await small.call("POST", "/orders", json={"amount": 500})).status == 201
    assert (await small.call("GET", "/health")).status == 200


async def test_wrong_secrets_use_only_the_bucket_of_the_address(small: TestApp):
    wrong = [{**KEYS, "X-Api-Secret": str(number)} for number in range(30)]
    answers = await asyncio.gather(
        *(small.call("GET", "/orders", keys=headers) for headers in wrong)
    )

    assert statuses(list(answers)) == {401: 30}
    assert (await small.call("GET", "/orders")).status == 200
    made_up = [{**KEYS, "X-Api-Secret": f"x{number}"} for number in range(200)]
    more = await asyncio.gather(
        *(small.call("GET", "/orders", keys=headers) for headers in made_up)
    )
    named = {answer.headers["RateLimit"][:18] for answer in more if answer.status == 429}
    assert named == {'"reads-of-address"'}


async def test_a_flood_of_wrong_sign_ins_adds_few_rows_and_blocks_no_other_client(small: TestApp):
    answers = await asyncio.gather(
        *(wrong_sign_in(small, **{"X-Forwarded-For": f"198.51.100.{n % 250}"}) for n in range(1000))
    )
    order = await small.call("POST", "/orders", json={"amount": 500})

    found = statuses(list(answers))
    assert found[401] < 20
    assert found[401] + found[429] == 1000
    assert await small.value("SELECT count(*) FROM login_tries") == found[401]
    assert order.status == 201


async def test_payments_of_one_order_are_limited(small: TestApp):
    tried, other = await small.order(), await small.order()
    path = "/payments/public"
    answers = [
        await small.call("POST", path, keys=None, json={"order_id": tried, "method": "none"})
        for _ in range(6)
    ]
    paid = await small.call("POST", path, keys=None, json={"order_id": other, "method": "coin"})

    assert [answer.status for answer in answers] == [400] * 4 + [429] * 2
    assert answers[-1].headers["RateLimit-Policy"] == '"order-payments";q=4;w=3600'
    assert 800 < int(answers[-1].headers["Retry-After"]) <= 900
    assert paid.status == 201
    # The merchant's own requests are not those of shoppers.
    assert (await small.pay(tried)).status == 201


async def test_a_merchant_resends_deliveries_within_its_limit(small: TestApp):
    await small.webhook_url()
    for _ in range(5):
        await small.paid()
    delivery = await small.value("SELECT id FROM webhook_logs LIMIT 1")
    all_of_them = {"since": "2020-01-01T00:00:00Z", "statuses": ["pending", "failed"]}
    dry = await small.call("POST", "/webhooks/recover", json=all_of_them)
    path, body = "/webhooks/recover", {**all_of_them, "dry_run": False}
    first = await small.call("POST", path, json=body, headers={"Idempotency-Key": "one"})
    again = await small.call("POST", path, json=body, headers={"Idempotency-Key": "one"})
    second = await small.call("POST", path, json=body)
    retry = await small.call("POST", f"/webhooks/{delivery}/retry")
    allowed = await small.call("POST", path, json=all_of_them)

    assert [each.status for each in (dry, first, again, allowed)] == [200] * 4
    assert first.json["resent"] >= 5
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (second.status, retry.status) == (429, 429)
    assert second.headers["RateLimit-Policy"] == '"resends";q=3;w=3600'
    # Three come back in an hour, and more than three were resent.
    assert int(second.headers["Retry-After"]) > 3600


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"order_id": 5}', b'{"order_id": {}}', b""])
async def test_a_body_without_an_order_gets_its_own_error(small: TestApp, body: bytes):
    answer = await small.call("POST", "/payments/public", keys=None, data=body)

    assert answer.status == 400


async def test_a_forged_address_does_not_change_the_sender(small: TestApp):
    answers = [await wrong_sign_in(small, **FORGED) for _ in range(6)]

    assert [answer.status for answer in answers] == [401] * 5 + [429]
    assert (await wrong_sign_in(small)).status == 429


async def test_a_limit_of_zero_disables_its_class(database_url: str, tmp_path: Path, fakes: Fakes):
    async with running_app(database_url, tmp_path, plugins=fakes.found(), environ=OFF) as app:
        answers = await burst(50, app, "GET", "/orders")

    assert statuses(answers) == {200: 50}
    assert not any("RateLimit" in answer.headers for answer in answers)


async def test_the_limits_of_development_are_high(app: TestApp):
    answers = [answer for _ in range(4) for answer in await burst(200, app, "GET", "/orders")]

    assert statuses(answers) == {200: 800}


async def test_every_documented_route_except_health_and_probes_has_a_rate_class(app: TestApp):
    views = app.contract.app.view_functions.values()
    unlimited = {
        doc.summary
        for view in views
        if (doc := find_documented(view)) is not None and doc.rate_class("POST") is None
    }

    assert unlimited == {
        "Check health",
        "Check that the process can serve",
        "Check that the process lives",
        "Get service information",
    }
