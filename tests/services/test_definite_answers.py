"""A definite outcome is stored, even if the payment changed during the call."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from paygate import ActionRequired, DeclineCode, Declined, Outcome, Pending, Unknown
from paygate.core.payments.callbacks import receive_from_call
from paygate.core.payments.conclude import conclude_operation
from paygate.core.payments.process import OperationWork
from paygate.core.queue.work import Finished
from paygate.core.queue.worker import KINDS
from tests.harness.apps import TestApp
from tests.harness.fakes import Fakes, not_sent


async def decide_otherwise(app: TestApp, payment_id: str, outcome: Outcome) -> None:
    """Conclude the charge while a worker asks about it, as a callback does."""
    deps = app.app.deps
    (row,) = await app.rows("SELECT id FROM operations WHERE payment_id = $1", payment_id)
    async with deps.storage.transaction() as storage:
        (claimed,) = await storage.operations.lock([row["id"]])
        bound = replace(deps, storage=storage)
        record = conclude_operation(claimed, outcome, (), bound)
        await storage.operations.store([record], at=deps.clock.now())


async def calls_of(app: TestApp, payment_id: str) -> list[Any]:
    sql = "SELECT name, answer->>'class' AS answer FROM plugin_calls WHERE payment_id = $1"
    return [tuple(row.values()) for row in await app.rows(f"{sql} ORDER BY id", payment_id)]


async def test_sixty_concurrent_refunds_are_sent_once_each(app: TestApp, fakes: Fakes):
    async with app.working():
        payment_id = await app.paid()
        await app.until(payment_id, "success")
        path = f"/payments/{payment_id}/refunds"
        answers = await asyncio.gather(
            *(app.call("POST", path, json={"amount": 800}) for _ in range(60))
        )
        done = "SELECT count(*) FROM refunds WHERE status = 'processed'"
        await app.until_value(60, done)

    assert {answer.status for answer in answers} == {201}
    assert [call[0] for call in fakes.processor.calls].count("refund") == 60
    assert "query" not in {call[0] for call in fakes.processor.calls}
    assert (await app.payment(payment_id))["amount_refunded"] == 48_000


async def test_an_approval_of_a_failed_payment_is_refunded(app: TestApp, fakes: Fakes):
    is_asked, may_answer = fakes.hold_answers()
    async with app.working():
        payment_id = await app.paid()
        await is_asked.wait()
        await decide_otherwise(app, payment_id, Declined(DeclineCode.DECLINED))
        fakes.processor.before_answer = None
        may_answer.set()
        await app.until_value("processed", "SELECT status FROM refunds")

    payment = await app.payment(payment_id)
    assert (payment["status"], payment["amount_captured"]) == ("failed", 50_000)
    assert payment["amount_refunded"] == 50_000
    reason = "The payment had failed before this money arrived"
    assert await app.value("SELECT reason FROM refunds") == reason
    assert await calls_of(app, payment_id) == [("authorize", "Approved"), ("refund", "Approved")]


async def test_a_repeated_outcome_changes_nothing(app: TestApp, fakes: Fakes):
    fakes.processor.authorizations = [Declined(DeclineCode.INSUFFICIENT_FUNDS)]
    is_asked, may_answer = fakes.hold_answers()
    async with app.working():
        payment_id = await app.paid()
        await is_asked.wait()
        await decide_otherwise(app, payment_id, Declined(DeclineCode.EXPIRED_INSTRUMENT))
        may_answer.set()
        await app.until_value(1, "SELECT count(*) FROM plugin_calls")

    assert (await app.payment(payment_id))["decline_code"] == "expired_instrument"
    events = "SELECT count(*) FROM events WHERE type = 'payment.failed'"
    assert await app.value(events) == 1


async def test_failed_sends_do_not_count_as_queries(app: TestApp, fakes: Fakes):
    # Three waits each: for what was not sent, and for what is not known.
    fakes.processor.authorizations = [not_sent(), not_sent(), not_sent(), Unknown("timeout")]
    fakes.processor.queries = [Unknown("timeout"), Unknown("timeout")]
    async with app.working():
        payment_id = await app.paid()
        await app.until(payment_id, "success")

    names = [call[0] for call in fakes.processor.calls]
    assert names == ["authorize"] * 4 + ["query"] * 3


async def test_a_charge_dead_lettered_before_it_was_sent_can_be_settled(app: TestApp, fakes: Fakes):
    payment_id = await app.paid()
    await app.rows("UPDATE operations SET claims = 25")
    async with app.working():
        await app.until(payment_id, "unknown")
    (row,) = await app.rows("SELECT id FROM operations")
    body = {"verdict": "declined", "reason": "the processor has no such payment"}
    answer = await app.call("POST", f"/operations/{row['id']}/settle", json=body)
    again = await app.pay((await app.payment(payment_id))["order_id"])

    assert answer.status == 200
    assert (await app.payment(payment_id))["status"] == "failed"
    assert again.status == 201
    assert fakes.processor.calls == []


async def test_an_undecided_callback_keeps_the_next_action(app: TestApp, fakes: Fakes):
    expires_at = app.app.deps.clock.now() + timedelta(minutes=5)
    data, state = {"url": "https://bank.example/3ds"}, {"transaction": "t-1"}
    fakes.processor.authorizations = [
        ActionRequired("redirect", expires_at, data, timedelta(minutes=1), state)
    ]
    is_asked, may_answer = fakes.hold_answers()
    async with app.working():
        payment_id = await app.paid()
        await is_asked.wait()
        await decide_otherwise(app, payment_id, Pending(timedelta(minutes=1)))
        may_answer.set()
        await app.until_value(1, "SELECT count(*) FROM plugin_calls")

    assert (await app.payment(payment_id))["next_action"]["data"] == data
    (row,) = await app.rows("SELECT processor_state FROM operations")
    assert json.loads(row["processor_state"]) == state


@pytest.mark.parametrize("first", [0, 1])
async def test_two_results_of_one_charge_in_a_batch_are_both_recorded(
    app: TestApp, fakes: Fakes, first: int
):
    """A callback ends the lease of a call in progress, and the same worker claims the charge."""
    fakes.processor.queries = [Pending(timedelta(hours=1))]
    payment_id, other = await app.paid(), await app.paid()
    deps = app.app.deps
    rows = deps.storage.operations.only(KINDS["payments"], deps.registry.processors)
    work = OperationWork(deps, "worker", rows, receive_from_call)
    jobs = await work.claim(10)
    await decide_otherwise(app, payment_id, Pending(timedelta(0)))
    await app.rows("UPDATE operations SET run_at = now() - interval '1 s'")
    again = await work.claim(10)
    results = [Finished(job, await work.perform(job)) for job in (*jobs, *again)]
    stored = await work.record(results[::-1] if first else results)

    assert [call[0] for call in fakes.processor.calls] == ["authorize", "authorize", "query"]
    assert stored.stored == {job.lease.row_id for job in jobs}
    assert [(await app.payment(id))["status"] for id in (payment_id, other)] == ["success"] * 2
    calls = [("authorize", "Approved"), ("query", "Pending")]
    assert sorted(await calls_of(app, payment_id)) == calls


SKIP = "CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
SKIP_SUCCESS = """
CREATE TRIGGER skip_success BEFORE UPDATE ON operations FOR EACH ROW
WHEN (NEW.payment_id = '{payment_id}' AND NEW.state = 'succeeded') EXECUTE FUNCTION skip()
"""


async def test_a_result_that_cannot_be_stored_yet_holds_up_no_other(app: TestApp, fakes: Fakes):
    """The database skips the update of one row, as if the row had changed under its lock."""
    payment_id = await app.paid()
    others = [await app.paid() for _ in range(3)]
    await app.rows(SKIP)
    await app.rows(SKIP_SUCCESS.format(payment_id=payment_id))
    try:
        async with app.working():
            for other in others:
                await app.until(other, "success")
            assert (await app.payment(payment_id))["status"] == "pending"
            await app.rows("DROP FUNCTION skip CASCADE")
            await app.until(payment_id, "success")
    finally:
        await app.rows("DROP FUNCTION IF EXISTS skip CASCADE")

    # It was kept, so the processor was not called again.
    assert [call[0] for call in fakes.processor.calls] == ["authorize"] * 4
