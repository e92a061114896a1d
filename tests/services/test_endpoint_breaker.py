"""Shares of endpoints and merchants, and the breaker of an endpoint that does not answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest

from paygate import DeliveryResult
from paygate.core.limits import ENDPOINT_IN_FLIGHT_MAX, UNANSWERED_MAX
from paygate.core.queue.work import Finished
from paygate.core.webhooks.deliver import Attempt, DeliveryJob, DeliveryWork
from paygate.core.webhooks.store import DeliveryShares
from tests.harness.apps import TestApp

TIMEOUT = DeliveryResult(False, error="timeout")
REFUSED = DeliveryResult(False, error="connection")
ANSWERED_500 = DeliveryResult(False, 500, "no")
DELIVERED = DeliveryResult(True, 200, "OK")
ALL_SLOTS = 512


@pytest.fixture(params=["default", "further"])
async def endpoint(request: pytest.FixtureRequest, app: TestApp) -> UUID:
    """One endpoint of each kind: all that holds of one holds of the other."""
    await app.webhook_url()
    merchant: UUID = await app.value("SELECT id FROM merchants")
    if request.param == "default":
        return merchant
    body = {"url": "http://localhost:9/further"}
    return UUID((await app.call("POST", "/webhook-endpoints", json=body)).json["id"])


def work(app: TestApp) -> DeliveryWork:
    return DeliveryWork(app.app.deps, f"test-{uuid4()}")


async def due(app: TestApp, endpoint: UUID, count: int, *, attempts: int = 0) -> None:
    await app.rows(
        "INSERT INTO webhook_logs (merchant_id, event, payload, next_retry_at, sink, endpoint_id, "
        "attempts) SELECT m.id, 'webhook.test', '{}', now() - interval '1 minute', 'recording', "
        "$1, $3 FROM (SELECT id FROM merchants WHERE id = $1 UNION SELECT merchant_id "
        "FROM webhook_endpoints WHERE id = $1) AS m, generate_series(1, $2::int)",
        endpoint,
        count,
        attempts,
    )


async def merchants(app: TestApp, count: int) -> list[UUID]:
    rows = await app.rows(
        "INSERT INTO merchants (name, email, api_key, api_secret, webhook_url) "
        "SELECT 'M', 'm' || n || '@example.com', 'key_m' || n, '', 'http://localhost:9/m' "
        "FROM generate_series(1, $1::int) AS n RETURNING id",
        count,
    )
    return [row["id"] for row in rows]


async def came(
    app: TestApp, by: DeliveryWork, jobs: Sequence[DeliveryJob], result: DeliveryResult
) -> None:
    """Store that these attempts ended like this. Failed ones are due again at once."""
    at = app.app.deps.clock.now()
    finished = [Finished(job, Attempt(result, at, at, 1, True)) for job in jobs]
    await by.record(finished)
    for job in jobs:
        by.forget(job)


async def open_breaker(app: TestApp, endpoint: UUID) -> DeliveryWork:
    by = work(app)
    await due(app, endpoint, UNANSWERED_MAX)
    await came(app, by, await by.claim(ALL_SLOTS), TIMEOUT)
    return by


async def shown(app: TestApp, endpoint: UUID) -> Any:
    return (await app.call("GET", f"/webhook-endpoints/{endpoint}")).json


async def test_five_attempts_without_an_answer_open_the_breaker(app: TestApp, endpoint: UUID):
    by = work(app)
    await due(app, endpoint, UNANSWERED_MAX)
    jobs = await by.claim(ALL_SLOTS)
    await came(app, by, jobs[:-1], TIMEOUT)
    before = await shown(app, endpoint)
    await came(app, by, jobs[-1:], REFUSED)
    after = await shown(app, endpoint)

    assert (before["breaker"], before["unanswered"]) == ("closed", UNANSWERED_MAX - 1)
    assert (after["breaker"], after["unanswered"]) == ("open", UNANSWERED_MAX)
    assert after["breaker_open_since"] is not None


async def test_failures_that_are_answers_do_not_open_the_breaker(app: TestApp, endpoint: UUID):
    by = work(app)
    await due(app, endpoint, 2 * UNANSWERED_MAX)
    jobs = await by.claim(ALL_SLOTS)
    await came(app, by, jobs[: UNANSWERED_MAX - 1], TIMEOUT)
    await came(app, by, jobs[UNANSWERED_MAX - 1 :], ANSWERED_500)

    found = await shown(app, endpoint)
    assert (found["breaker"], found["unanswered"]) == ("closed", 0)
    assert found["consecutive_failures"] == 2 * UNANSWERED_MAX


async def test_an_open_breaker_lets_one_attempt_through_from_all_workers(
    app: TestApp, endpoint: UUID
):
    by = await open_breaker(app, endpoint)
    await due(app, endpoint, 10)
    first, second = await by.claim(ALL_SLOTS), await work(app).claim(ALL_SLOTS)
    probing = await shown(app, endpoint)
    await came(app, by, first, TIMEOUT)
    third = await work(app).claim(ALL_SLOTS)

    assert (len(first), len(second), len(third)) == (1, 0, 1)
    assert probing["breaker"] == "half_open"


@pytest.mark.parametrize("answer", [DELIVERED, ANSWERED_500])
async def test_an_answer_closes_the_breaker(app: TestApp, endpoint: UUID, answer: DeliveryResult):
    by = await open_breaker(app, endpoint)
    await due(app, endpoint, 10)
    await came(app, by, await by.claim(ALL_SLOTS), answer)

    found = await shown(app, endpoint)
    assert (found["breaker"], found["breaker_open_since"], found["unanswered"]) == (
        "closed",
        None,
        0,
    )
    assert len(await by.claim(ALL_SLOTS)) > 1


async def test_a_single_delivery_is_due_at_its_time_while_the_breaker_is_open(
    app: TestApp, endpoint: UUID
):
    await open_breaker(app, endpoint)
    await app.rows("DELETE FROM webhook_logs")
    await due(app, endpoint, 1, attempts=1)
    by = work(app)

    assert len(await by.claim(ALL_SLOTS)) == 1


async def test_a_requested_delivery_is_the_next_probe(app: TestApp, endpoint: UUID):
    by = await open_breaker(app, endpoint)
    await due(app, endpoint, 10)
    asked = (await app.call("POST", f"/webhook-endpoints/{endpoint}/test")).json["delivery_id"]

    (job,) = await by.claim(ALL_SLOTS)
    assert job.lease.row_id == asked


@pytest.mark.parametrize("how", ["enable", "new url"])
async def test_enabling_an_endpoint_and_a_new_url_close_its_breaker(
    app: TestApp, endpoint: UUID, how: str
):
    await open_breaker(app, endpoint)
    if how == "enable":
        await app.call("POST", f"/webhook-endpoints/{endpoint}/disable")
        await app.call("POST", f"/webhook-endpoints/{endpoint}/enable")
    else:
        body = {"url": "http://localhost:9/new"}
        await app.call("PATCH", f"/webhook-endpoints/{endpoint}", json=body)

    found = await shown(app, endpoint)
    assert (found["breaker"], found["unanswered"]) == ("closed", 0)


async def test_probes_take_at_most_a_quarter_of_the_slots(app: TestApp):
    by = work(app)
    for merchant in await merchants(app, ALL_SLOTS // 4 + 10):
        await due(app, merchant, 2)
    await app.rows("UPDATE merchants SET webhook_breaker_open_since = now()")
    first = await by.claim(ALL_SLOTS)
    second = await by.claim(ALL_SLOTS)
    by.forget(first[0])
    third = await by.claim(ALL_SLOTS)

    assert (len(first), len(second), len(third)) == (ALL_SLOTS // 4, 0, 1)


async def test_a_merchant_has_a_share_of_the_slots(app: TestApp):
    await app.webhook_url()
    owner = await app.value("SELECT id FROM merchants")
    for number in range(19):
        body = {"url": f"http://localhost:9/{number}"}
        further = (await app.call("POST", "/webhook-endpoints", json=body)).json["id"]
        await due(app, UUID(further), ENDPOINT_IN_FLIGHT_MAX)
    (other,) = await merchants(app, 1)
    await due(app, other, 2, attempts=1)

    shares = DeliveryShares.of(200, probing=0, in_flight_max=ALL_SLOTS)
    claimed: Counter[UUID] = Counter()
    for _ in range(3):
        jobs = await work(app).claim(200)
        claimed.update(job.claimed.delivery.merchant_id for job in jobs)

    assert claimed == {owner: shares.of_merchant, other: 2}


async def test_endpoints_with_the_fewest_in_progress_come_first(app: TestApp):
    busy, *others = await merchants(app, 5)
    await due(app, busy, 3 * ENDPOINT_IN_FLIGHT_MAX)
    for other in others:
        await due(app, other, 1)

    claimed = [job.claimed.delivery.endpoint_id for job in await work(app).claim(10)]
    assert set(claimed) == {busy, *others}
    assert len(claimed) == 5


def test_hanging_endpoints_leave_slots_free():
    """A hundred endpoints with any number of deliveries, all of which hang."""
    free, in_progress = ALL_SLOTS, [0] * 100
    while True:
        shares = DeliveryShares.of(min(200, free), probing=0, in_flight_max=ALL_SLOTS)
        rows = 0
        for number in sorted(range(100), key=in_progress.__getitem__):
            if in_progress[number] < shares.of_endpoint and rows < shares.rows:
                in_progress[number] += 1
                rows += 1
        if not rows:
            break
        free -= rows

    assert free >= 10
