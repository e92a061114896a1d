"""Deliveries with several writers, in an order that barriers enforce."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from paygate import DeliverableEvent, DeliveryResult, Endpoint
from paygate.adapters.postgres.tables.deliveries import DUE_ROWS_SEEN_MAX
from paygate.core.limits import ENDPOINT_IN_FLIGHT_MAX, OVERDUE_AFTER
from paygate.core.queue.lease import FailedClaim
from paygate.core.queue.work import Finished
from paygate.core.webhooks.deliver import Attempt, DeliveryJob, DeliveryWork
from paygate.core.webhooks.store import ClaimedDelivery, DeliveryShares
from tests.harness.apps import TestApp, running_app
from tests.harness.fakes import Fakes
from tests.harness.patience import PATIENCE_S

BARRIER = 4242
OTHER = UUID("00000000-0000-0000-0000-00000000000b")
EXPIRE = "UPDATE webhook_logs SET lease_until = clock_timestamp() - interval '1 second'"
FAILED = DeliveryResult(False, 500, "no")
DELIVERED = DeliveryResult(True, 200, "OK")

# Each claim stops after its snapshot was taken and before it locks anything.
STOP_CLAIMS = f"""
ALTER FUNCTION paygate_delivery_slots(uuid[], int[]) RENAME TO paygate_delivery_slots_behind;
CREATE FUNCTION paygate_delivery_slots(endpoints uuid[], shares int[])
RETURNS TABLE (endpoint_id uuid, free int) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared({BARRIER});
    RETURN QUERY SELECT * FROM paygate_delivery_slots_behind(endpoints, shares);
END $$
"""
WAITING = """
SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def work(app: TestApp) -> DeliveryWork:
    return DeliveryWork(app.app.deps, f"test-{uuid4()}")


async def claim(app: TestApp, limit: int = 100) -> Sequence[ClaimedDelivery]:
    deps = app.app.deps
    return await deps.storage.deliveries.claim(
        worker_id=f"test-{uuid4()}",
        token=uuid4(),
        shares=DeliveryShares(limit, ENDPOINT_IN_FLIGHT_MAX, limit, limit),
        now=deps.clock.now(),
        sinks=deps.registry.sinks,
    )


async def add_rows(app: TestApp, count: int, *, endpoint: UUID | None = None, **fields: Any):
    """Due deliveries of the seeded merchant, or of another merchant."""
    owner = endpoint or await app.value("SELECT id FROM merchants ORDER BY created_at LIMIT 1")
    values = {"sink": "recording", "attempts": 0, **fields}
    await app.rows(
        """
        INSERT INTO webhook_logs (merchant_id, event, payload, next_retry_at, event_id, sink,
            endpoint_id, attempts)
        SELECT $1::uuid, 'webhook.test', '{}',
            now() - interval '1 minute' + n * interval '1 millisecond',
            'evt_' || n, $3::text, $1::uuid, $4::int
        FROM generate_series(1, $2::int) AS n
        """,
        owner,
        count,
        values["sink"],
        values["attempts"],
    )


async def add_merchant(app: TestApp) -> None:
    await app.rows(
        "INSERT INTO merchants (id, name, email, api_key, api_secret, webhook_url) "
        "VALUES ($1, 'B', 'b@example.com', 'key_b', '', 'http://localhost:9/b')",
        OTHER,
    )


@asynccontextmanager
async def claims_stopped(app: TestApp, database_url: str) -> AsyncIterator[asyncio.Event]:
    """Until the event is set, claims stop between what they saw and what they lock."""
    for statement in STOP_CLAIMS.split(";\n", 1):
        await app.rows(statement)
    barrier, opened = await asyncpg.connect(database_url), asyncio.Event()
    await barrier.execute("SELECT pg_advisory_lock($1)", BARRIER)

    async def open_when_told() -> None:
        await opened.wait()
        await barrier.execute("SELECT pg_advisory_unlock($1)", BARRIER)

    opening = asyncio.create_task(open_when_told())
    try:
        yield opened
    finally:
        opened.set()
        await opening
        await barrier.close()


async def test_a_concurrent_claim_does_not_make_the_next_attempt_early(
    app: TestApp, database_url: str
):
    await add_rows(app, 1)
    async with claims_stopped(app, database_url) as opened:
        late = asyncio.create_task(claim(app))
        await app.until_value(1, WAITING)
        # What another worker's whole failing try leaves behind.
        await app.rows(
            "UPDATE webhook_logs SET attempts = 1, next_retry_at = now() + interval '1 minute'"
        )
        opened.set()
        assert await late == []

    assert await app.value("SELECT claims FROM webhook_logs") == 0


async def test_leases_of_a_lost_claim_response_are_released(app: TestApp):
    rows = app.app.deps.storage.deliveries
    await add_rows(app, 2)
    (held, unseen) = await claim(app, limit=2)
    (owner,) = await app.rows("SELECT DISTINCT lease_owner AS id FROM webhook_logs")

    await rows.release_unheld("another worker", [])
    assert await claim(app) == []
    await rows.release_unheld(owner["id"], [held.lease])

    (again,) = await claim(app)
    assert again.delivery.id == unseen.delivery.id
    assert again.lease.claims == 1


async def test_deliveries_claimed_without_result_are_claimed_one_at_a_time(app: TestApp):
    await add_rows(app, 3)
    await app.rows("UPDATE webhook_logs SET claims = 3 WHERE event_id <> 'evt_3'")

    first, second = await claim(app), await claim(app)

    assert sorted(each.lease.claims for each in first) == [1, 4]
    assert [each.lease.claims for each in second] == [4]


async def test_a_delivery_that_no_worker_finishes_is_dead_lettered(app: TestApp):
    await add_rows(app, 1)
    await app.rows("UPDATE webhook_logs SET claims = 25")

    assert await claim(app) == []

    (row,) = await app.rows("SELECT status, last_error, lease_token FROM webhook_logs")
    reason = "claimed 25 times, and no worker has finished it"
    assert dict(row) == {"status": "failed", "last_error": reason, "lease_token": None}


async def test_a_retry_during_a_hanging_attempt_is_not_counted_as_a_failed_claim(app: TestApp):
    await add_rows(app, 1)
    await app.rows("UPDATE webhook_logs SET claims = 24")
    (lost,) = await claim(app)
    delivery = lost.delivery
    deps = app.app.deps
    assert await deps.storage.deliveries.retry(
        delivery.id, merchant_id=delivery.merchant_id, now=deps.clock.now()
    )
    await app.rows(EXPIRE)
    again = await claim(app)

    assert [each.lease.claims for each in again] == [1]


async def test_a_claim_counts_concurrent_leases(app: TestApp, database_url: str):
    await add_rows(app, 2 * ENDPOINT_IN_FLIGHT_MAX)
    async with claims_stopped(app, database_url) as opened:
        late = asyncio.create_task(claim(app))
        await app.until_value(1, WAITING)
        await app.rows(
            "UPDATE webhook_logs SET lease_token = gen_random_uuid(), lease_owner = 'other', "
            "lease_until = clock_timestamp() + interval '15 seconds' WHERE id IN ("
            "SELECT id FROM webhook_logs ORDER BY next_retry_at DESC LIMIT $1)",
            ENDPOINT_IN_FLIGHT_MAX - 1,
        )
        opened.set()
        claimed = await late

    assert len(claimed) == 1


async def test_an_endpoint_locked_by_another_claim_is_skipped(app: TestApp, database_url: str):
    await add_rows(app, 3)
    await add_merchant(app)
    await add_rows(app, 3, endpoint=OTHER)
    other = await asyncpg.connect(database_url)
    async with other.transaction():
        await other.execute("SELECT paygate_delivery_slots($1, $2)", [OTHER], [4])
        claimed = await claim(app)
    again = await claim(app)
    await other.close()

    assert OTHER not in {each.delivery.endpoint_id for each in claimed}
    assert len(claimed) == 3
    assert [each.delivery.endpoint_id for each in again] == [OTHER] * 3


async def test_concurrent_claims_do_not_exceed_the_share_of_an_endpoint(app: TestApp):
    await add_rows(app, 10 * ENDPOINT_IN_FLIGHT_MAX)

    claims = await asyncio.gather(*(claim(app) for _ in range(5)))
    rest = await claim(app)

    assert sum(map(len, claims)) + len(rest) == ENDPOINT_IN_FLIGHT_MAX


async def test_a_retry_during_an_attempt_follows_it_and_both_are_recorded(
    app: TestApp, fakes: Fakes
):
    under_way, most, go_on = 0, 0, asyncio.Event()

    async def slow(event: DeliverableEvent, endpoint: Endpoint) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await go_on.wait()
        under_way -= 1

    fakes.sink.before_answer = slow
    fakes.sink.script = [FAILED]
    await app.webhook_url()
    delivery_id = (await app.call("POST", "/webhooks/test")).json["id"]
    async with app.working() as worker:
        async with asyncio.timeout(PATIENCE_S):
            while under_way < 1:
                await asyncio.sleep(0.01)
        for _ in range(2):
            answer = await app.call("POST", f"/webhooks/{delivery_id}/retry")
            assert answer.status == 200
        # A second worker looks too, and finds nothing to do.
        assert await claim(app) == []
        worker.wake("webhooks")
        go_on.set()
        await app.until_value("success", "SELECT status FROM webhook_logs")

    (row,) = await app.rows("SELECT * FROM webhook_logs")
    tries = await app.rows("SELECT status_code FROM delivery_attempts ORDER BY id")
    assert [each["status_code"] for each in tries] == [500, 200]
    assert (row["attempts"], row["is_manual"], row["retry_requested"]) == (1, False, False)
    assert (len(fakes.sink.delivered), most) == (2, 1)


async def test_a_retry_during_a_successful_attempt_sends_again(app: TestApp):
    await app.webhook_url()
    delivery_id = (await app.call("POST", "/webhooks/test")).json["id"]
    by = work(app)
    (claimed,) = await by.claim(10)
    await app.call("POST", f"/webhooks/{delivery_id}/retry")
    await came(app, by, claimed, DELIVERED)

    (row,) = await app.rows("SELECT * FROM webhook_logs")
    assert (row["status"], row["attempts"], row["is_manual"]) == ("pending", 0, True)
    assert row["response_code"] == 200
    assert len(await claim(app)) == 1


@pytest.mark.parametrize("how", ["its lease ran out", "its handling raised"])
async def test_a_retry_during_a_lost_attempt_is_made_even_if_disabled(app: TestApp, how: str):
    await app.webhook_url()
    delivery_id = (await app.call("POST", "/webhooks/test")).json["id"]
    await app.rows("UPDATE webhook_logs SET attempts = 3, is_manual = false")
    by = work(app)
    (claimed,) = await by.claim(10)
    await app.call("POST", f"/webhooks/{delivery_id}/retry")
    merchant = claimed.claimed.delivery.merchant_id
    await app.call("POST", f"/webhook-endpoints/{merchant}/disable")
    deps = app.app.deps
    if how == "its lease ran out":
        await app.rows(EXPIRE)
    else:
        failure = FailedClaim(claimed.lease, "broken", timedelta(hours=1))
        await deps.storage.deliveries.reschedule([failure], now=deps.clock.now())

    (again,) = await by.claim(10)
    assert (again.claimed.delivery.attempts, again.claimed.delivery.is_manual) == (0, True)
    await came(app, by, again, DELIVERED)
    assert await app.value("SELECT status FROM webhook_logs") == "success"


async def came(
    app: TestApp, by: DeliveryWork, claimed: DeliveryJob, result: DeliveryResult
) -> frozenset[str]:
    now = app.app.deps.clock.now()
    return (await by.record([Finished(claimed, Attempt(result, now, now, 1, True))])).stored


async def test_a_delivery_with_an_expired_lease_is_not_recorded(app: TestApp):
    await app.webhook_url()
    await app.call("POST", "/webhooks/test")
    by = work(app)
    (claimed,) = await by.claim(10)
    await app.rows(EXPIRE)

    won = await came(app, by, claimed, DELIVERED)

    assert won == frozenset()
    assert await app.value("SELECT status FROM webhook_logs") == "pending"
    assert await app.value("SELECT count(*) FROM delivery_attempts") == 0


async def test_of_two_results_of_one_delivery_in_a_batch_one_is_recorded(app: TestApp):
    """A worker was suspended for longer than its lease, and has claimed the delivery again."""
    await app.webhook_url()
    await app.call("POST", "/webhooks/test")
    by, now = work(app), app.app.deps.clock.now()
    (late,) = await by.claim(10)
    await app.rows(EXPIRE)
    (held,) = await by.claim(10)

    stored = await by.record(
        [
            Finished(late, Attempt(FAILED, now, now, 1, True)),
            Finished(held, Attempt(DELIVERED, now, now, 1, True)),
        ]
    )

    assert stored.stored == {held.lease.row_id}
    assert await app.value("SELECT status FROM webhook_logs") == "success"
    assert await app.rows("SELECT status_code FROM delivery_attempts") == [{"status_code": 200}]
    assert await app.value("SELECT webhook_failures FROM merchants") == 0


@pytest.mark.parametrize("change", ["disable", "delete", "rotate", "url"])
async def test_a_claimed_delivery_uses_the_changed_endpoint(
    app: TestApp, fakes: Fakes, change: str
):
    created = await app.call("POST", "/webhook-endpoints", json={"url": "http://localhost:9/books"})
    path = f"/webhook-endpoints/{created.json['id']}"
    await app.call("POST", f"{path}/test")
    await app.rows("UPDATE webhook_logs SET is_manual = false")
    by = work(app)
    (claimed,) = await by.claim(10)
    if change == "delete":
        await app.call("DELETE", path)
    elif change == "url":
        await app.call("PATCH", path, json={"url": "http://localhost:9/new"})
    else:
        await app.call("POST", f"{path}/{change}")

    # Its turn comes late: the event loop was busy.
    answer = await by.perform(replace(claimed, read_at_s=float("-inf")))
    stored = await by.record([Finished(claimed, answer)])

    assert answer is None
    assert stored.stored == {claimed.lease.row_id}
    assert fakes.sink.delivered == []
    again = await by.claim(10)
    (row,) = await app.rows("SELECT * FROM webhook_logs")
    assert (row["attempts"], row["claims"]) == (0, len(again))
    if change == "disable":
        assert again == []
        return
    attempt = await by.perform(again[0])
    assert attempt is not None
    assert attempt.result.delivered is (change != "delete")


async def test_deliveries_of_a_missing_sink_are_left_to_other_workers(
    database_url: str, tmp_path: Path, fakes: Fakes
):
    async with running_app(database_url, tmp_path, plugins=fakes.found()) as app:
        await app.webhook_url()
        await add_rows(app, 1, sink="elsewhere")
        await app.call("POST", "/webhooks/test")
        async with app.working():
            await app.until_value(1, "SELECT count(*) FROM webhook_logs WHERE status = 'success'")
        (row,) = await app.rows("SELECT * FROM webhook_logs WHERE sink = 'elsewhere'")
        await app.rows("UPDATE webhook_logs SET next_retry_at = now() - interval '1 day' "
                       "WHERE sink = 'elsewhere'")  # fmt: skip
        stuck = await app.app.deps.storage.workers.stuck(
            due_before=app.app.deps.clock.now() - OVERDUE_AFTER, limit=10
        )
    assert (row["status"], row["attempts"], row["claims"]) == ("pending", 0, 0)
    assert [each.reason for each in stuck] == [
        "not attempted: no worker with the sink elsewhere claimed it"
    ]

    having = Fakes()
    having.sink.info = replace(having.sink.info, id="elsewhere")
    async with running_app(database_url, tmp_path, plugins=having.found()) as app, app.working():
        await app.until_value(0, "SELECT count(*) FROM webhook_logs WHERE status <> 'success'")


async def test_held_deliveries_do_not_delay_others(app: TestApp):
    await add_merchant(app)
    await add_rows(app, 1, endpoint=OTHER, attempts=1)
    await app.rows("UPDATE webhook_logs SET next_retry_at = now() - interval '1 second'")
    await add_rows(app, DUE_ROWS_SEEN_MAX + 1, attempts=1)
    await app.rows("UPDATE merchants SET webhook_disabled_at = now(), "
                   "webhook_disabled_reason = 'manual' WHERE id <> $1", OTHER)  # fmt: skip

    assert [each.delivery.endpoint_id for each in await claim(app)] == [OTHER]
