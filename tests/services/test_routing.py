"""Routers: their choice, their limits and the stored decision."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.harness.advisers import Advice, OtherProcessor, ScriptedRouter
from tests.harness.apps import TestApp, running_app
from tests.harness.fakes import Fakes
from tests.harness.naming import named


@asynccontextmanager
async def routed(
    database_url: str, home: Path, *routers: ScriptedRouter, **environ: str
) -> AsyncIterator[TestApp]:
    advice = Advice(routers=list(routers), other=OtherProcessor())
    plugins = [*Fakes().found(), advice.found()]
    async with running_app(database_url, home, plugins=plugins, environ=environ) as app:
        yield app


async def chosen(app: TestApp, **pay: Any) -> str:
    answer = await app.pay(**pay)
    assert answer.status == 201, answer
    return str(await app.value("SELECT processor FROM payments WHERE id = $1", answer.json["id"]))


async def decision(app: TestApp) -> Any:
    payment_id = await app.value("SELECT id FROM payments")
    story = (await app.call("GET", f"/payments/{payment_id}/timeline")).json["data"]
    return next((each for each in story if each["kind"] == "decision"), None)


async def test_a_router_chooses_the_processor_and_the_timeline_shows_it(
    database_url: str, tmp_path: Path
):
    silent, saying = ScriptedRouter(None, "silent"), ScriptedRouter(["scripted"], "saying")
    async with routed(database_url, tmp_path, silent, saying) as app:
        assert await chosen(app) == "scripted"
        entry = await decision(app)

    assert entry["data"]["decision"] == "route"
    assert entry["data"]["chosen"] == "scripted"
    answers = entry["data"]["details"]
    assert answers["candidates"] == ["other", "scripted"]
    assert answers["ranking"] == ["scripted", "other"]
    assert [(each["name"], each["plugin"], each["ranking"]) for each in answers["asked"]] == [
        ("silent", "advice", None),
        ("saying", "advice", ["scripted"]),
    ]
    assert "saying" in entry["note"]


async def test_without_a_router_the_order_of_preference_decides(database_url: str, tmp_path: Path):
    async with routed(database_url, tmp_path, PAYGATE_PROCESSORS="scripted") as app:
        assert await chosen(app) == "scripted"
        assert await decision(app) is None


async def test_a_router_gets_no_instrument_details(database_url: str, tmp_path: Path):
    router = ScriptedRouter(None)
    async with routed(database_url, tmp_path, router) as app:
        await chosen(app, secret="4111111111111111")
        payment_id = await app.value("SELECT id FROM payments")

    (asked,) = router.asked
    assert (asked.payment_id, asked.method, asked.flow) == (payment_id, "coin", "toss")
    assert [each.processor for each in asked.candidates] == ["other", "scripted"]
    assert asked.facts == {}
    assert "4111" not in repr(asked)


async def test_the_first_ranking_decides_in_order_of_priority(database_url: str, tmp_path: Path):
    low = ScriptedRouter(["other"], "low", priority=-1)
    high = ScriptedRouter(["scripted"], "high", priority=5)
    async with routed(database_url, tmp_path, low, high) as app:
        assert await chosen(app) == "scripted"

    assert (len(high.asked), len(low.asked)) == (1, 0)


@pytest.mark.parametrize(
    "answers",
    [
        None,
        [],
        ["nobody"],
        "scripted",
        ["scripted", 7],
        {"scripted": 1},
        7,
        RuntimeError("out of ideas"),
        SystemExit(3),
        asyncio.CancelledError(),
        lambda _request, _context: asyncio.sleep(60),
    ],
    ids=named,
)
async def test_a_failing_router_is_skipped(database_url: str, tmp_path: Path, answers: Any):
    async with routed(database_url, tmp_path, ScriptedRouter(answers)) as app:
        assert await chosen(app) == "other"
        entry = await decision(app)

    assert entry["data"]["details"]["ranking"] == ["other", "scripted"]


async def test_unknown_processors_in_a_ranking_are_ignored(
    database_url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    async with routed(database_url, tmp_path, ScriptedRouter(["nobody", "scripted"])) as app:
        assert await chosen(app) == "scripted"
        entry = await decision(app)

    assert entry["data"]["details"]["asked"][0]["ignored"] == ["nobody"]
    written = "".join(capfd.readouterr())
    assert "PluginContractError" in written
    assert "router saying named nobody" in written


async def test_slow_routers_delay_a_request_by_at_most_half_a_second(
    database_url: str, tmp_path: Path
):
    slow = [ScriptedRouter(lambda _r, _c: asyncio.sleep(60), f"slow{n}") for n in range(4)]
    async with routed(database_url, tmp_path, *slow) as app:
        order_id = await app.order()
        began_s = time.monotonic()
        await chosen(app, order_id=order_id)
        took_s = time.monotonic() - began_s
        entry = await decision(app)

    problems = [each["problem"] for each in entry["data"]["details"]["asked"]]
    assert problems[0].startswith("no response within")
    assert problems[-1] == "not asked: out of time"
    assert took_s < 5


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k-1"}])
async def test_no_transaction_is_open_during_a_router_call(
    database_url: str, tmp_path: Path, headers: dict[str, str]
):
    seen = []

    async def look(_request: Any, _context: Any) -> list[str]:
        seen.append(
            await app.value(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND state = 'idle in transaction'"
            )
        )
        return ["scripted"]

    async with routed(database_url, tmp_path, ScriptedRouter(look)) as app:
        body = {"order_id": await app.order(), "method": "coin"}
        answers = [
            await app.call("POST", "/payments", json=body, headers=headers) for _ in range(2)
        ]
        processors = await app.rows("SELECT processor FROM payments")

    assert seen == [0]
    assert processors == [{"processor": "scripted"}]
    assert [answer.status for answer in answers] == [201, 201 if headers else 400]


async def test_request_errors_are_the_same_with_a_router(database_url: str, tmp_path: Path):
    router = ScriptedRouter(["scripted"])
    async with routed(database_url, tmp_path, router) as app:
        unknown = await app.pay("order_ABCDEFGHIJKLMNOP")
        wrong = await app.pay(method="stone")

    assert (unknown.status, wrong.status) == (404, 400)
    assert router.asked == []


async def test_of_twenty_routed_payments_of_an_order_one_is_stored_with_its_decision(
    database_url: str, tmp_path: Path
):
    async with routed(database_url, tmp_path, ScriptedRouter(["scripted"])) as app:
        order_id = await app.order()
        answers = await asyncio.gather(*(app.pay(order_id) for _ in range(20)))
        decisions = await app.value("SELECT count(*) FROM payment_decisions")

    assert sorted(answer.status for answer in answers) == [201] + [400] * 19
    assert decisions == 1
