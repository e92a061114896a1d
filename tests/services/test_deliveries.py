"""Deliveries: order, retries, limits per endpoint and secrets."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import UUID

from paygate import DeliverableEvent, DeliveryResult, Endpoint
from paygate.core.limits import ENDPOINT_IN_FLIGHT_MAX
from tests.harness.apps import TestApp, running_app
from tests.harness.fakes import Fakes
from tests.harness.patience import PATIENCE_S

FAILED = DeliveryResult(False, 500, "no")


async def test_a_delivery_fails_finally_after_five_attempts(app: TestApp, fakes: Fakes):
    await app.webhook_url()
    fakes.sink.script = [FAILED] * 5
    test_id = (await app.call("POST", "/webhooks/test")).json["id"]
    async with app.working():
        await app.until_value("failed", "SELECT status FROM webhook_logs")

    (row,) = await app.rows("SELECT * FROM webhook_logs")
    assert str(row["id"]) == test_id
    assert (row["attempts"], row["response_code"], row["next_retry_at"]) == (5, 500, None)
    assert len(fakes.sink.delivered) == 5
    assert len({event.id for event in fakes.sink.delivered}) == 1
    assert len({event.body for event in fakes.sink.delivered}) == 1
    attempts = await app.rows("SELECT ordinal FROM delivery_attempts ORDER BY id")
    assert [attempt["ordinal"] for attempt in attempts] == [1, 2, 3, 4, 5]


async def test_a_manual_retry_resets_the_attempts(app: TestApp, fakes: Fakes):
    await app.webhook_url()
    fakes.sink.script = [FAILED] * 5
    delivery_id = (await app.call("POST", "/webhooks/test")).json["id"]
    async with app.working():
        await app.until_value("failed", "SELECT status FROM webhook_logs")
        answer = await app.call("POST", f"/webhooks/{delivery_id}/retry")
        await app.until_value("success", "SELECT status FROM webhook_logs")

    assert answer.status == 200
    assert answer.json == {
        "id": delivery_id,
        "status": "pending",
        "message": "Webhook retry scheduled",
    }
    assert await app.value("SELECT attempts FROM webhook_logs") == 1


async def test_first_attempts_of_a_payment_are_made_in_order(app: TestApp, fakes: Fakes):
    order: list[str] = []

    async def slow_first(event: DeliverableEvent, endpoint: Endpoint) -> None:
        await asyncio.sleep(0.1 if event.type == "payment.created" else 0)
        order.append(event.type)

    fakes.sink.before_answer = slow_first
    await app.webhook_url()
    async with app.working():
        await app.paid()
        await app.until_value(3, "SELECT count(*) FROM webhook_logs WHERE status = 'success'")

    assert order == ["payment.created", "payment.pending", "payment.success"]


async def test_a_failing_first_event_does_not_hold_back_the_next(app: TestApp, fakes: Fakes):
    fakes.sink.script = [FAILED] * 3
    await app.webhook_url()
    async with app.working():
        await app.paid()
        await app.until_value(3, "SELECT count(*) FROM webhook_logs WHERE status = 'success'")

    assert set(fakes.sink.types) == {"payment.created", "payment.pending", "payment.success"}


async def test_a_hanging_endpoint_occupies_only_its_share(app: TestApp, fakes: Fakes):
    hanging = asyncio.Event()
    under_way = 0
    other = UUID("00000000-0000-0000-0000-00000000000b")
    await app.webhook_url()
    await app.rows(
        "INSERT INTO merchants (id, name, email, api_key, api_secret, webhook_url) "
        "VALUES ($1, 'B', 'b@example.com', 'key_b', '', 'http://localhost:9/b')",
        other,
    )

    async def hang(event: DeliverableEvent, endpoint: Endpoint) -> None:
        nonlocal under_way
        if endpoint.merchant_id != other:
            under_way += 1
            await hanging.wait()

    fakes.sink.before_answer = hang
    for _ in range(3 * ENDPOINT_IN_FLIGHT_MAX):
        await app.call("POST", "/webhooks/test")
    async with app.working():
        async with asyncio.timeout(60):
            while under_way < ENDPOINT_IN_FLIGHT_MAX:
                await asyncio.sleep(0.01)
        await app.rows(
            "INSERT INTO webhook_logs (merchant_id, event, payload, next_retry_at, event_id, sink, "
            "endpoint_id) VALUES ($1, 'webhook.test', '{}', now(), 'evt_b', 'recording', $1)",
            other,
        )
        await app.until_value(
            "success", "SELECT status FROM webhook_logs WHERE merchant_id = $1", other
        )
        held = under_way
        hanging.set()

    assert held == ENDPOINT_IN_FLIGHT_MAX


async def test_eight_hanging_endpoints_leave_slots_for_others(app: TestApp, fakes: Fakes):
    """Eight shares are far from all the slots of a worker."""
    released, under_way = asyncio.Event(), 0
    await app.webhook_url()
    healthy = await app.value("SELECT id FROM merchants")
    await app.rows(
        "INSERT INTO merchants (name, email, api_key, api_secret, webhook_url) "
        "SELECT 'B', n || '@example.com', 'key_b' || n, '', 'http://localhost:9/b' "
        "FROM generate_series(1, 8) AS n"
    )
    await app.rows(
        "INSERT INTO webhook_logs (merchant_id, event, payload, next_retry_at, event_id, sink, "
        "endpoint_id) SELECT id, 'webhook.test', '{}', now(), 'evt_' || n, 'recording', id "
        "FROM merchants, generate_series(1, 16) AS n WHERE id <> $1",
        healthy,
    )

    ended, ended_before = 0, None

    async def hang(event: DeliverableEvent, endpoint: Endpoint) -> None:
        nonlocal under_way, ended, ended_before
        if endpoint.merchant_id == healthy:
            ended_before = ended
            released.set()
            return
        under_way += 1
        try:
            await released.wait()
        finally:
            ended += 1

    fakes.sink.before_answer = hang
    async with app.working() as worker:
        async with asyncio.timeout(PATIENCE_S):
            while under_way < 8 * ENDPOINT_IN_FLIGHT_MAX:
                await asyncio.sleep(0.01)
        await app.rows(
            "INSERT INTO webhook_logs (merchant_id, event, payload, event_id, sink, endpoint_id) "
            "VALUES ($1, 'webhook.test', '{}', 'evt_healthy', 'recording', $1)",
            healthy,
        )
        worker.wake("webhooks")
        await app.until_value(
            "success", "SELECT status FROM webhook_logs WHERE merchant_id = $1", healthy
        )

    # It did not have to wait until the deadline ended one of the others.
    assert ended_before == 0


async def test_a_delivery_without_a_url_fails_without_an_attempt(app: TestApp, fakes: Fakes):
    seen: list[str | None] = []
    fakes.sink.before_answer = lambda event, endpoint: seen.append(endpoint.url)
    await app.webhook_url()
    await app.call("POST", "/webhooks/test")
    await app.rows("UPDATE merchants SET webhook_url = NULL")
    async with app.working():
        await app.until_value("success", "SELECT status FROM webhook_logs")

    assert seen == [None]


async def test_the_next_attempt_is_scheduled_in_the_database(database_url: str, tmp_path: Path):
    fakes = Fakes(delivery_waits_s=(60.0, 300.0, 1800.0, 7200.0))
    fakes.sink.script = [FAILED] * 5
    async with running_app(database_url, tmp_path, plugins=fakes.found()) as app:
        await app.webhook_url()
        await app.call("POST", "/webhooks/test")
        waits = []
        async with app.working() as worker:
            for tries in range(1, 5):
                await app.until_value(tries, "SELECT attempts FROM webhook_logs")
                (row,) = await app.rows("SELECT * FROM webhook_logs")
                assert row["status"] == "pending"
                waits.append((row["next_retry_at"] - row["last_attempt_at"]).total_seconds())
                await app.rows("UPDATE webhook_logs SET next_retry_at = now() - interval '1 s'")
                worker.wake("webhooks")
            await app.until_value("failed", "SELECT status FROM webhook_logs")

    assert waits == [60.0, 300.0, 1800.0, 7200.0]


async def test_production_attempts_are_0_60_300_1800_and_7200_seconds_apart(
    database_url: str, tmp_path: Path
):
    """By the database's clock: each row is made due after its wait was read."""
    waits = []
    async with running_app(database_url, tmp_path, environ={"TEST_MODE": "false"}) as app:
        await app.webhook_url("http://127.0.0.1:9/nobody-listens")
        await app.call("POST", "/webhooks/test")
        async with app.working() as worker:
            for attempts in range(1, 5):
                await app.until_value(attempts, "SELECT attempts FROM webhook_logs")
                waits.append(
                    await app.value(
                        "SELECT extract(epoch FROM next_retry_at - last_attempt_at)::float8 "
                        "FROM webhook_logs"
                    )
                )
                await app.rows("UPDATE webhook_logs SET next_retry_at = clock_timestamp()")
                worker.wake("webhooks")
            await app.until_value("failed", "SELECT status FROM webhook_logs")
        (row,) = await app.rows("SELECT attempts, next_retry_at FROM webhook_logs")

    assert [round(wait) for wait in waits] == [60, 300, 1800, 7200]
    assert (row["attempts"], row["next_retry_at"]) == (5, None)
