"""Risk checks: a blocked payment is never sent, and a failing check blocks nothing by default."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from paygate import Allow, Block, DeclineCode
from paygate.adapters.postgres.tables.payments import COUNT
from paygate.core.limits import HISTORY_MAX
from tests.harness.advisers import Advice, ScriptedCheck
from tests.harness.apps import TestApp, running_app
from tests.harness.fakes import Fakes, not_sent
from tests.harness.naming import named

BLOCK = Block("seen too often with card 4111 1111 1111 1111", shopper_message_key="ask_bank")


@asynccontextmanager
async def checked(
    database_url: str, home: Path, *checks: ScriptedCheck, fakes: Fakes | None = None
) -> AsyncIterator[tuple[TestApp, Fakes]]:
    fakes = fakes or Fakes()
    plugins = [*fakes.found(), Advice(checks=list(checks)).found()]
    async with running_app(database_url, home, plugins=plugins) as app:
        yield app, fakes


async def decisions(app: TestApp) -> list[Any]:
    payment_id = await app.value("SELECT id FROM payments ORDER BY created_at LIMIT 1")
    story = (await app.call("GET", f"/payments/{payment_id}/timeline")).json["data"]
    return [each for each in story if each["kind"] == "decision"]


async def test_a_block_fails_the_payment_without_a_call_of_its_processor(
    database_url: str, tmp_path: Path
):
    check = ScriptedCheck(BLOCK)
    async with checked(database_url, tmp_path, check) as (app, fakes), app.working():
        await app.webhook_url()
        payment_id = await app.paid(secret="sesame-sesame")
        payment = await app.until(payment_id, "failed")
        (entry,) = await decisions(app)
        await app.until_value(3, "SELECT count(*) FROM webhook_logs WHERE status = 'success'")
        sealed = await app.value("SELECT sealed FROM operations")
        order = await app.value("SELECT status FROM orders")

    assert fakes.processor.calls == []
    assert payment["error_code"] == "PAYMENT_FAILED"
    assert payment["decline_code"] == "suspected_fraud"
    assert fakes.sink.types == ["payment.created", "payment.pending", "payment.failed"]
    assert entry["data"]["chosen"] == "block"
    (answers,) = entry["data"]["details"]["asked"]
    assert (answers["name"], answers["plugin"], answers["verdict"]) == ("saying", "advice", "block")
    assert "seen too often" in answers["reason"]
    assert "4111" not in answers["reason"]
    assert sealed is None
    assert order == "attempted"
    assert "sesame" not in repr(check.asked)


async def test_an_order_whose_payment_was_blocked_can_be_paid_again(
    database_url: str, tmp_path: Path
):
    check = ScriptedCheck(BLOCK)
    async with checked(database_url, tmp_path, check) as (app, _), app.working():
        order_id = await app.order()
        first = (await app.pay(order_id)).json["id"]
        await app.until(first, "failed")
        check.answers = Allow("a friend")
        second = (await app.pay(order_id)).json["id"]
        await app.until(second, "success")


async def test_an_allowed_payment_is_sent_and_its_timeline_shows_the_check(
    database_url: str, tmp_path: Path
):
    checks = [ScriptedCheck(Allow("known"), "one"), ScriptedCheck(None, "two")]
    async with checked(database_url, tmp_path, *checks) as (app, fakes), app.working():
        await app.until(await app.paid(), "success")
        (entry,) = await decisions(app)

    assert len(fakes.processor.calls) == 1
    answers = entry["data"]["details"]["asked"]
    assert [(each["name"], each["verdict"]) for each in answers] == [
        ("one", "allow"),
        ("two", None),
    ]


async def test_an_allow_does_not_overrule_a_block(database_url: str, tmp_path: Path):
    checks = [ScriptedCheck(Allow(), "one"), ScriptedCheck(BLOCK, "two")]
    async with checked(database_url, tmp_path, *checks) as (app, fakes), app.working():
        await app.until(await app.paid(), "failed")

    assert fakes.processor.calls == []


JUNK: list[Any] = [
    RuntimeError("no idea, password=hunter22"),
    SystemExit(2),
    "block",
    True,
    Block(7),  # type: ignore[arg-type]
    Block("why", code="because"),  # type: ignore[arg-type]
    Allow(None),  # type: ignore[arg-type]
    lambda _request, _context: asyncio.sleep(60),
]


@pytest.mark.parametrize("answers", JUNK, ids=named)
@pytest.mark.parametrize(("fail", "ending"), [("open", "success"), ("closed", "failed")])
async def test_a_check_that_fails_counts_as_it_declares(
    database_url: str, tmp_path: Path, answers: Any, fail: str, ending: str
):
    check = ScriptedCheck(answers, fail=fail)
    async with checked(database_url, tmp_path, check) as (app, fakes), app.working():
        payment = await app.until(await app.paid(), ending)
        (entry,) = await decisions(app)

    assert len(fakes.processor.calls) == (1 if fail == "open" else 0)
    assert payment["decline_code"] == (None if fail == "open" else "processing_error")
    (each,) = entry["data"]["details"]["asked"]
    assert each["problem"]
    assert "hunter22" not in each["problem"]


async def test_a_velocity_check_is_exact_for_concurrent_payments(database_url: str, tmp_path: Path):
    async def at_most_three(request: Any, context: Any) -> Any:
        seen = await context.history.payments(within=timedelta(hours=1))
        return Block("too many", code=DeclineCode.LIMIT_EXCEEDED) if seen.payments >= 3 else None

    async with checked(database_url, tmp_path, ScriptedCheck(at_most_three)) as (app, fakes):
        payments = await asyncio.gather(*(app.paid(coin="gold") for _ in range(8)))
        other = await app.paid(coin="silver")
        async with app.working(), app.working():
            await app.until_value(
                9, "SELECT count(*) FROM payments WHERE status IN ('success', 'failed')"
            )
        good = await app.value("SELECT count(*) FROM payments WHERE status = 'success'")

    assert len(set(payments)) == 8
    assert good == 4
    assert len(fakes.processor.calls) == 4
    assert other in {payment for _, _, payment in fakes.processor.calls}


async def test_an_unsupported_history_query_is_an_error_of_the_check(
    database_url: str, tmp_path: Path
):
    async def greedy(request: Any, context: Any) -> Any:
        await context.history.payments(within=HISTORY_MAX * 2)

    async with (
        checked(database_url, tmp_path, ScriptedCheck(greedy)) as (app, _),
        app.working(),
    ):
        await app.until(await app.paid(), "success")
        (entry,) = await decisions(app)

    assert "asked for the payments within" in entry["data"]["details"]["asked"][0]["problem"]


async def test_history_counts_earlier_payments_and_sums_those_that_did_not_fail(
    database_url: str, tmp_path: Path
):
    seen: dict[str, Any] = {}

    async def count(request: Any, context: Any) -> Any:
        payments, hour = context.history.payments, timedelta(hours=1)
        for same in ("instrument", "order", "merchant"):
            seen[same] = await payments(within=hour, same=same)

    check = ScriptedCheck(None)
    async with checked(database_url, tmp_path, check) as (app, _), app.working():
        check.answers = Block("one")
        order_id = await app.order(30_000)
        await app.until((await app.pay(order_id)).json["id"], "failed")
        check.answers = None
        await app.until(await app.paid(coin="silver"), "success")
        check.answers = count
        await app.until((await app.pay(order_id)).json["id"], "success")

    instrument, order, merchant = seen.values()
    assert (instrument.payments, instrument.failed, instrument.amount_minor) == (1, 1, 0)
    assert (order.payments, order.failed) == (1, 1)
    assert (merchant.payments, merchant.succeeded, merchant.amount_minor) == (2, 1, 50_000)


async def test_a_payment_that_was_sent_before_is_not_checked_again(
    database_url: str, tmp_path: Path
):
    check, fakes = ScriptedCheck(None), Fakes()
    fakes.processor.authorizations = [not_sent()]
    async with checked(database_url, tmp_path, check, fakes=fakes) as (app, _), app.working():
        await app.until(await app.paid(), "success")

    assert len(fakes.processor.calls) == 2
    assert len(check.asked) == 1


async def test_a_worker_that_lost_its_row_during_a_check_stores_nothing_and_calls_no_processor(
    database_url: str, tmp_path: Path
):
    async def lose() -> None:
        await app.rows("UPDATE operations SET lease_token = gen_random_uuid() WHERE kind='charge'")
        check.before_answer = None

    check = ScriptedCheck(BLOCK, before_answer=lose)
    async with checked(database_url, tmp_path, check) as (app, fakes):
        payment_id = await app.paid()
        async with app.working():
            async with asyncio.timeout(60):
                while not check.asked:
                    await asyncio.sleep(0.01)
            await asyncio.sleep(0.5)
            payment = await app.payment(payment_id)
            kept = await app.value("SELECT count(*) FROM payment_decisions")

    assert payment["substatus"] == "pending"
    assert kept == 0
    assert fakes.processor.calls == []


async def test_no_check_assesses_a_capture_or_a_refund(database_url: str, tmp_path: Path):
    check = ScriptedCheck(None)
    async with checked(database_url, tmp_path, check) as (app, fakes), app.working():
        payment_id = await app.paid()
        await app.until(payment_id, "success")
        answer = await app.call("POST", f"/payments/{payment_id}/refunds", json={"amount": 100})
        assert answer.status == 201, answer
        await app.until_value("processed", "SELECT status FROM refunds")

    assert len(check.asked) == 1
    assert [verb for verb, *_ in fakes.processor.calls] == ["authorize", "refund"]


async def test_a_block_that_cannot_be_stored_leaves_the_payment_unchanged(
    database_url: str, tmp_path: Path
):
    async with checked(database_url, tmp_path, ScriptedCheck(BLOCK)) as (app, fakes):
        await app.rows(
            'ALTER TABLE payment_decisions ADD CONSTRAINT "full" CHECK (took_ms < 0) NOT VALID'
        )
        payment_id = await app.paid()
        async with app.working():
            await app.until_value(True, "SELECT bool_and(last_error IS NOT NULL) FROM operations")
            left = await app.rows(
                "SELECT o.state, p.status, p.version FROM operations o "
                "JOIN payments p ON p.id = o.payment_id"
            )
            await app.rows('ALTER TABLE payment_decisions DROP CONSTRAINT "full"')
            await app.until(payment_id, "failed")

    assert left == [{"state": "reserved", "status": "pending", "version": 1}]
    assert fakes.processor.calls == []


async def test_the_history_of_an_instrument_is_found_by_its_index(app: TestApp):
    await app.paid()
    (paid,) = await app.rows(
        "SELECT merchant_id, method, instrument::text, created_at FROM payments"
    )
    span = paid["created_at"] - timedelta(days=1), paid["created_at"]
    by = paid["method"], paid["instrument"]
    async with app.app.storage.executor.transaction() as executor:
        # A table of one page is read whole; the question is which index can serve.
        await executor.fetch("SET LOCAL enable_seqscan = off")
        await executor.fetch("SET LOCAL plan_cache_mode = force_generic_plan")
        plan = await executor.fetch(
            f"EXPLAIN {COUNT['instrument']}", paid["merchant_id"], *span, "", "INR", *by
        )

    lines = "\n".join(row[0] for row in plan)
    assert "payments_by_instrument" in lines
    assert "jsonb_hash_extended" in lines
