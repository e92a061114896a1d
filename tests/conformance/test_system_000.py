"""Clients of system 000, check by check. Its first check is ``test_common.py``.

Its sixth, the SDK in a browser, is in ``tests/e2e``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest

from paygate.simulator.decision import decide
from paygate.simulator.settings import SimulatorSettings
from tests.conformance.conftest import TEST_MODE, Gateway
from tests.unit.samples import NOW

SPANS = """
WITH span AS (
    SELECT payment_id, min(at) AS began, max(at) AS ended
    FROM payment_transitions WHERE payment_id = ANY($1) GROUP BY payment_id
)
SELECT sum(ended - began) AS added_up, max(ended) - min(began) AS together FROM span
"""

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def environ() -> Mapping[str, str]:
    return TEST_MODE


async def test_2_a_payment_is_pending_at_once(served: Gateway):
    answer = await served.pay()

    assert (answer.status, answer.json["status"]) == (201, "pending")


@pytest.mark.parametrize(("rate", "low", "high"), [(0.90, 0.85, 0.95), (0.95, 0.91, 0.985)])
async def test_2_in_production_mode_the_delay_and_the_rate_are_drawn(
    rate: float, low: float, high: float
):
    from random import Random

    settings = SimulatorSettings(success_rate=rate)
    drawn = [decide(settings, Random(f"seed:{number}"), now=NOW) for number in range(400)]
    delays = [(decision.due_at - NOW).total_seconds() for decision in drawn]
    approved = sum(decision.is_approved for decision in drawn) / len(drawn)

    assert min(delays) >= 5
    assert max(delays) <= 10
    assert max(delays) - min(delays) > 4
    assert low <= approved <= high


async def test_3_five_payments_of_one_second_run_concurrently(served: Gateway):
    orders = [await served.order() for _ in range(5)]
    answers = await asyncio.gather(*(served.pay(order_id) for order_id in orders))
    payments = [answer.json["id"] for answer in answers]
    await asyncio.gather(*(served.until(payment_id, "success") for payment_id in payments))

    [spans] = await served.sql(SPANS, payments)
    # One after the other they would take as long as all of them added up.
    assert timedelta(seconds=5) <= spans["added_up"]
    assert spans["together"] < spans["added_up"] / 2


async def test_4_jobs_survive_restarts(served: Gateway):
    worker = served.stack.processes[-1]
    payments = [(await served.pay()).json["id"] for _ in range(3)]
    worker.terminate()
    await worker.wait()
    held = [(await served.pay()).json["id"] for _ in range(3)]
    api = served.stack.processes[0]
    api.terminate()
    await api.wait()
    client = await served.stack.serve()
    served.base = client.base
    await served.stack.start("work")

    for payment_id in payments + held:
        await served.until(payment_id, "success")


async def test_5_the_schedule_is_in_the_database(served: Gateway):
    await served.webhooks_to("http://127.0.0.1:9/nobody")
    sent = await served.call("POST", "/webhooks/test", json={})
    find = "SELECT attempts, next_retry_at, last_attempt_at FROM webhook_logs WHERE id = $1::uuid"
    await served.until_sql(1, find, sent.json["id"])
    worker = served.stack.processes[-1]
    worker.kill()
    await worker.wait()
    (row,) = await served.sql(find, sent.json["id"])
    await served.stack.start("work")
    await served.until_sql(2, find, sent.json["id"])
    (after,) = await served.sql(find, sent.json["id"])
    await served.webhooks_to(None)

    wait: timedelta = row["next_retry_at"] - row["last_attempt_at"]
    late: timedelta = after["last_attempt_at"] - row["next_retry_at"]
    assert wait.total_seconds() == pytest.approx(5, abs=0.2)
    assert 0 <= late.total_seconds() < 10


async def test_7_statistics_and_the_plain_list(served: Gateway):
    payment_id = await served.paid()
    stats = await served.call("GET", "/payments/stats")
    listed = await served.call("GET", "/payments/list")

    assert set(stats.json) == {"totalTransactions", "totalAmount", "successRate"}
    assert {type(figure) for figure in stats.json.values()} == {int}
    assert stats.json["totalTransactions"] == len(listed.json)
    assert listed.json[0]["id"] == payment_id


async def test_8_a_test_event_is_delivered_and_logged(served: Gateway):
    await served.webhooks_to(served.receiver.url)
    answer = await served.call("POST", "/webhooks/test", json={"event": "payment.test"})
    await served.until_sql(
        "success", "SELECT status FROM webhook_logs WHERE id = $1::uuid", answer.json["id"]
    )
    await served.webhooks_to(None)
    log = await served.call("GET", "/webhooks?limit=1")

    assert (await served.webhooks())[-1]["event"] == "payment.test"
    assert log.json["data"][0]["event"] == "payment.test"
    assert log.json["data"][0]["response_code"] == 200


async def test_9_the_page_size_is_limited(served: Gateway):
    answer = await served.call("GET", "/webhooks?limit=100000")

    assert (answer.status, answer.json["limit"]) == (200, 100)


async def test_11_idempotent_responses_are_stored_for_a_day(served: Gateway):
    headers = {"Idempotency-Key": "day"}
    await served.call("POST", "/orders", json={"amount": 500}, headers=headers)
    (row,) = await served.sql(
        "SELECT created_at, expires_at FROM idempotency_keys WHERE key = 'day'"
    )
    kept: datetime = row["expires_at"]

    assert kept - row["created_at"] == timedelta(hours=24)
