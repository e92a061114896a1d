"""Figures, queues and stuck work."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from paygate import DeclineCode, Declined, Unknown
from paygate.core.overview import window_of
from tests.harness.apps import TestApp
from tests.harness.fakes import Fakes


async def test_the_figures_are_those_of_the_payments(app: TestApp, fakes: Fakes):
    await app.webhook_url()
    fakes.processor.authorizations = [Declined(DeclineCode.INSUFFICIENT_FUNDS)]
    async with app.working():
        await app.until(await app.paid(), "failed")
        good = [await app.paid() for _ in range(3)]
        for id in good:
            await app.until(id, "success")
        refund = await app.call("POST", f"/payments/{good[0]}/refunds", json={"amount": 20_000})
        await app.until_value(0, "SELECT count(*) FROM webhook_logs WHERE status = 'pending'")
    assert refund.status == 201
    await app.rows(
        "UPDATE payments SET created_at = created_at - interval '3 days' WHERE id=$1", good[2]
    )

    day = (await app.call("GET", "/overview")).json
    week = (await app.call("GET", "/overview?hours=168")).json

    assert len(day["volume"]) == 24
    assert day["bucket_s"] == 3600
    summed = [sum(b[n] for b in day["volume"]) for n in ("payments", "succeeded", "failed")]
    assert summed == [3, 2, 1]
    assert sum(bucket["amount_minor"].get("INR", 0) for bucket in day["volume"]) == 100_000
    assert day["methods"] == [{"method": "coin", "payments": 3, "succeeded": 2, "failed": 1}]
    assert day["declines"] == [{"code": "insufficient_funds", "payments": 1}]
    assert day["latency_ms"]["samples"] == 3
    assert 0 < day["latency_ms"]["p50"] <= day["latency_ms"]["p95"] <= day["latency_ms"]["p99"]
    assert day["deliveries"]["first_try_share"] == 1
    assert day["deliveries"]["succeeded"] >= 9
    assert day["refunds"] == {"count": 1, "amount_minor": {"INR": 20_000}}
    assert sum(bucket["payments"] for bucket in week["volume"]) == 4


async def test_figures_without_payments_are_zero(app: TestApp):
    figures = (await app.call("GET", "/overview?hours=1")).json

    assert [bucket["payments"] for bucket in figures["volume"]] == [0]
    assert figures["latency_ms"] == {"p50": None, "p95": None, "p99": None, "samples": 0}
    assert figures["deliveries"]["first_try_share"] is None
    assert figures["refunds"] == {"count": 0, "amount_minor": {}}


async def test_the_window_ends_at_the_time_of_the_app(app: TestApp):
    await app.call("POST", "/test/clock/set", json={"at": "2040-01-01T00:30:00Z"})
    await app.paid()
    figures = (await app.call("GET", "/overview?hours=2")).json

    assert figures["from"] == "2039-12-31T23:00:00.000Z"
    # What was made at this very moment belongs to the next look.
    await app.call("POST", "/test/clock/set", json={"at": "2040-01-01T00:31:00Z"})
    figures = (await app.call("GET", "/overview?hours=2")).json
    assert [bucket["payments"] for bucket in figures["volume"]] == [0, 1]


def test_every_window_has_few_buckets_and_ends_now():
    now = datetime(2026, 1, 1, 10, 20, tzinfo=UTC)
    for hours in range(1, 721):
        window = window_of(hours, now)
        assert 1 <= window.buckets <= 60
        assert now < window.since + window.buckets * window.bucket <= now + window.bucket
        assert window.buckets * window.bucket >= timedelta(hours=hours)


async def release(app: TestApp, queue: str, id: str) -> Any:
    return await app.call("POST", f"/workers/stuck/{queue}/{id}/release")


async def dead_letter(app: TestApp, fakes: Fakes) -> str:
    fakes.processor.authorizations = [Unknown("lost")]
    fakes.processor.queries = [Unknown("lost")] * 20
    payment = await app.paid()
    async with app.working():
        await app.until_value("needs_review", "SELECT state FROM operations")
    fakes.processor.queries = []
    return payment


async def test_a_dead_lettered_operation_is_queried_and_not_sent_again(app: TestApp, fakes: Fakes):
    payment = await dead_letter(app, fakes)
    shown = (await app.call("GET", "/workers")).json
    (stuck,) = shown["stuck"]
    fakes.processor.calls.clear()

    answers = await asyncio.gather(*(release(app, "payments", stuck["id"]) for _ in range(4)))

    assert (stuck["state"], stuck["queue"], stuck["payment_id"]) == (
        "dead_lettered", "payments", payment,
    )  # fmt: skip
    assert [q["dead_lettered"] for q in shown["queues"]] == [1, 0, 0]
    assert sorted(answer.status for answer in answers) == [200, 404, 404, 404]
    async with app.working():
        await app.until(payment, "success")
        assert {call[0] for call in fakes.processor.calls} == {"query"}
        living = (await app.call("GET", "/workers")).json["workers"]
    assert [worker["is_alive"] for worker in living] == [True]


async def test_only_what_is_stuck_can_be_released(app: TestApp):
    await app.paid()
    (row,) = await app.rows("SELECT id FROM operations")

    assert (await release(app, "payments", row["id"])).status == 404
    await app.rows("UPDATE operations SET run_at = run_at - interval '5 minutes'")
    assert (await release(app, "refunds", row["id"])).status == 404
    assert (await release(app, "nothing", row["id"])).status == 404
    assert (await release(app, "webhooks", "x")).status == 404
    await app.rows(
        "UPDATE operations SET lease_token = gen_random_uuid(), lease_owner = 'w', "
        "lease_until = now() + interval '1 minute'"
    )
    assert (await release(app, "payments", row["id"])).status == 404
    await app.rows("UPDATE operations SET lease_until = now() - interval '1 minute'")
    shown = (await app.call("GET", "/workers")).json
    assert [stuck["state"] for stuck in shown["stuck"]] == ["overdue"]
    assert shown["queues"][0]["due"] == 1
    assert (await release(app, "payments", row["id"])).status == 200
    assert await app.value("SELECT state FROM operations") == "reserved"


async def test_a_dead_lettered_delivery_is_sent(app: TestApp, fakes: Fakes):
    await app.webhook_url()
    await app.call("POST", "/webhooks/test")
    await app.rows("UPDATE webhook_logs SET status = 'failed', last_error = 'boom'")
    ((stuck),) = (await app.call("GET", "/workers")).json["stuck"]

    assert (stuck["queue"], stuck["reason"], stuck["due_at"]) == ("webhooks", "boom", None)
    assert (await release(app, "webhooks", stuck["id"])).status == 200
    async with app.working():
        await app.until_value("success", "SELECT status FROM webhook_logs")


async def test_the_work_of_another_merchant_is_invisible(app: TestApp, fakes: Fakes):
    await dead_letter(app, fakes)
    figures, now = app.app.deps.storage.figures, app.app.deps.clock.now()
    (mine,) = await figures.stuck(None, due_before=now, limit=5)
    from uuid import uuid4

    stranger = uuid4()
    assert await figures.stuck(stranger, due_before=now, limit=5) == []
    assert await figures.queues(stranger, now=now) == []
    assert not await figures.release("payments", mine.id, stranger, due_before=now, now=now)
