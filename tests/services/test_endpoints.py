"""Endpoints that fail, are disabled and enabled, and rotate secrets during deliveries."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from paygate import DeliverableEvent, DeliveryResult, Endpoint
from paygate.core.errors import InfrastructureError
from paygate.core.queue.work import Finished
from paygate.core.webhooks.deliver import Attempt, DeliveryJob, DeliveryWork
from tests.harness.apps import TestApp, running_app
from tests.harness.fakes import Fakes

FAILED = DeliveryResult(False, 500, "no")
GONE = DeliveryResult(False, 410, "gone")
DELIVERED = DeliveryResult(True, 200, "OK")
BOOKS = "http://localhost:9/books"


async def added(app: TestApp, **fields: Any) -> dict[str, Any]:
    answer = await app.call("POST", "/webhook-endpoints", json={"url": BOOKS, **fields})
    assert answer.status == 201, answer
    return dict(answer.json)


async def default_id(app: TestApp) -> str:
    return str(await app.value("SELECT id FROM merchants"))


async def shown(app: TestApp, endpoint_id: str) -> dict[str, Any]:
    return dict((await app.call("GET", f"/webhook-endpoints/{endpoint_id}")).json)


async def asked(app: TestApp, endpoint_id: str) -> str:
    answer = await app.call("POST", f"/webhook-endpoints/{endpoint_id}/test")
    assert answer.status == 200, answer
    # Like the delivery of a normal event.
    await app.rows("UPDATE webhook_logs SET is_manual = false")
    return str(answer.json["delivery_id"])


def work(app: TestApp) -> DeliveryWork:
    return DeliveryWork(app.app.deps, f"test-{uuid4()}")


async def claim_one(app: TestApp, by: DeliveryWork) -> Sequence[DeliveryJob]:
    """Claim one delivery, although the worker has room for more.

    It is due for a second: the app's clock may be milliseconds behind the database's.
    """
    await app.rows(
        "UPDATE webhook_logs SET next_retry_at = now() + CASE WHEN id = (SELECT id "
        "FROM webhook_logs WHERE status = 'pending' AND lease_token IS NULL "
        "ORDER BY created_at DESC LIMIT 1) "
        "THEN interval '-1 second' ELSE interval '1 hour' END "
        "WHERE status = 'pending' AND lease_token IS NULL"
    )
    return await by.claim(100)


async def came(
    app: TestApp, by: DeliveryWork, claims: Any, result: DeliveryResult, *, later: timedelta
) -> frozenset[str]:
    """Store that these claims came to this, so much later."""
    at = app.app.deps.clock.now() + later
    settled = [Finished(claim, Attempt(result, at, at, 1, True)) for claim in claims]
    return (await by.record(settled)).stored


async def try_once(
    app: TestApp, result: DeliveryResult, *, later: timedelta = timedelta(0)
) -> frozenset[str]:
    await app.rows(
        "UPDATE webhook_logs SET next_retry_at = now() - interval '5 seconds' "
        "WHERE status = 'pending'"
    )
    by = work(app)
    return await came(app, by, await by.claim(10), result, later=later)


@pytest.fixture(params=["default", "further"])
async def endpoint(request: pytest.FixtureRequest, app: TestApp) -> str:
    """Provide an endpoint of each kind: both must behave the same."""
    if request.param == "default":
        await app.webhook_url()
        return await default_id(app)
    return str((await added(app))["id"])


async def test_a_410_response_disables_the_endpoint_and_keeps_pending_deliveries(
    app: TestApp, endpoint: str
):
    delivery = await asked(app, endpoint)
    await try_once(app, GONE)
    found = await shown(app, endpoint)

    assert (found["is_enabled"], found["disabled_reason"]) == (False, "gone")
    assert found["disabled_at"] is not None
    (row,) = await app.rows("SELECT status, attempts FROM webhook_logs WHERE id = $1", delivery)
    assert (row["status"], row["attempts"]) == ("pending", 1)
    assert await work(app).claim(10) == []


async def test_five_days_of_failures_disable_an_endpoint(app: TestApp, endpoint: str):
    await asked(app, endpoint)
    await asked(app, endpoint)
    await try_once(app, FAILED)
    await try_once(app, FAILED, later=timedelta(days=5, seconds=-60))
    assert (await shown(app, endpoint))["is_enabled"]
    assert (await shown(app, endpoint))["consecutive_failures"] == 4
    await try_once(app, FAILED, later=timedelta(days=5, seconds=60))

    found = await shown(app, endpoint)
    assert (found["is_enabled"], found["disabled_reason"]) == (False, "failing")


@pytest.mark.parametrize("elsewhere", [True, False])
async def test_results_of_other_sinks_do_not_affect_the_endpoint(
    database_url: str, tmp_path: Path, elsewhere: bool
):
    fakes = Fakes()
    fakes.sink.script += [FAILED]
    if elsewhere:
        fakes.sink.concerns_endpoint = False
    async with running_app(database_url, tmp_path, plugins=fakes.found()) as app:
        await app.webhook_url()
        await asked(app, await default_id(app))
        by = work(app)
        (claim,) = await by.claim(10)
        attempt = await by.perform(claim)
        await by.record([Finished(claim, attempt)])
        found = await shown(app, await default_id(app))

    assert (attempt.result.delivered, attempt.concerns_endpoint) == (False, not elsewhere)
    assert found["consecutive_failures"] == (0 if elsewhere else 1)


async def test_occasional_successes_keep_an_endpoint_enabled(app: TestApp, endpoint: str):
    await asked(app, endpoint)
    await try_once(app, FAILED)
    await asked(app, endpoint)
    await try_once(app, DELIVERED, later=timedelta(days=3))
    found = await shown(app, endpoint)
    await asked(app, endpoint)
    await try_once(app, FAILED, later=timedelta(days=6))

    assert (found["consecutive_failures"], found["first_failure_at"]) == (0, None)
    found = await shown(app, endpoint)
    assert (found["is_enabled"], found["consecutive_failures"]) == (True, 1)


async def test_concurrent_failures_are_all_counted(app: TestApp):
    # Open connections are what makes the statements meet.
    await asyncio.gather(*(app.value("SELECT pg_sleep(0.05)") for _ in range(4)))
    counted = []
    for _ in range(20):
        endpoint = str((await added(app))["id"])
        for _ in range(4):
            await asked(app, endpoint)
        workers = [work(app) for _ in range(4)]
        claims = [await claim_one(app, by) for by in workers]
        await asyncio.gather(
            *(
                came(app, by, theirs, GONE, later=timedelta(0))
                for by, theirs in zip(workers, claims, strict=True)
            )
        )
        counted.append((await shown(app, endpoint))["consecutive_failures"])
        await app.call("DELETE", f"/webhook-endpoints/{endpoint}")

    assert counted == [4] * 20


async def test_concurrent_last_failures_disable_once_with_one_event(app: TestApp, endpoint: str):
    other = await added(app, events=["endpoint.*"])
    for _ in range(4):
        await asked(app, endpoint)
    workers = [work(app) for _ in range(4)]
    claims = [await claim_one(app, by) for by in workers]
    assert [len(each) for each in claims] == [1, 1, 1, 1]
    await asyncio.gather(
        *(
            came(app, by, theirs, GONE, later=timedelta(0))
            for by, theirs in zip(workers, claims, strict=True)
        )
    )

    notices = await app.rows("SELECT id FROM events WHERE type = 'endpoint.disabled'")
    sent = await app.rows("SELECT endpoint_id FROM webhook_logs WHERE event = 'endpoint.disabled'")
    assert len(notices) == 1
    # The default endpoint gets every event; no endpoint is notified of itself.
    expected = {other["id"], await default_id(app)} - {endpoint}
    if not await app.value("SELECT webhook_url IS NOT NULL FROM merchants"):
        expected = {other["id"]}
    assert {str(row["endpoint_id"]) for row in sent} == expected
    assert (await shown(app, endpoint))["consecutive_failures"] == 4


async def test_held_deliveries_continue_after_enabling(app: TestApp, fakes: Fakes, endpoint: str):
    await asked(app, endpoint)
    await app.call("POST", f"/webhook-endpoints/{endpoint}/disable")
    async with app.working():
        await asyncio.sleep(0.3)
        held = len(fakes.sink.delivered)
        enabled = await app.call("POST", f"/webhook-endpoints/{endpoint}/enable")
        await app.until_value("success", "SELECT status FROM webhook_logs")

    assert held == 0
    assert enabled.json["is_enabled"]
    assert len(fakes.sink.delivered) == 1


@pytest.mark.parametrize(
    "change",
    [
        "webhook_url = 'http://localhost:9/new'",
        "webhook_secret = 'whsec_another_one'",
        "webhook_url = webhook_url",
        "webhook_disabled_at = NULL",
    ],
)
async def test_the_default_endpoint_is_enabled_by_sql(app: TestApp, change: str):
    await app.webhook_url()
    endpoint = await default_id(app)
    await asked(app, endpoint)
    await try_once(app, GONE)
    assert not (await shown(app, endpoint))["is_enabled"]
    await app.rows(f"UPDATE merchants SET {change}")

    found = await shown(app, endpoint)
    assert (found["is_enabled"], found["disabled_reason"]) == (True, None)
    assert (found["consecutive_failures"], found["first_failure_at"]) == (0, None)
    assert len(await work(app).claim(10)) == 1


async def test_a_manual_retry_of_a_disabled_endpoint_is_one_attempt(
    app: TestApp, fakes: Fakes, endpoint: str
):
    fakes.sink.script = [FAILED] * 9
    delivery = await asked(app, endpoint)
    await app.call("POST", f"/webhook-endpoints/{endpoint}/disable")
    async with app.working():
        await app.call("POST", f"/webhooks/{delivery}/retry")
        await app.until_value(1, "SELECT attempts FROM webhook_logs")
        await asyncio.sleep(0.3)

    assert len(fakes.sink.delivered) == 1
    (row,) = await app.rows("SELECT * FROM webhook_logs")
    assert (row["status"], row["attempts"], row["is_manual"]) == ("pending", 1, False)


async def test_a_manual_retry_replaces_the_automatic_one(app: TestApp, fakes: Fakes, endpoint: str):
    fakes.sink.script = [FAILED]
    delivery = await asked(app, endpoint)
    await try_once(app, FAILED)
    await app.rows("UPDATE webhook_logs SET next_retry_at = now() + interval '1 hour'")
    await app.call("POST", f"/webhooks/{delivery}/retry")
    async with app.working():
        await app.until_value("success", "SELECT status FROM webhook_logs")
        await asyncio.sleep(0.2)

    # The one before it was stored by this test, not sent.
    assert len(fakes.sink.delivered) == 2
    assert await app.value("SELECT attempts FROM webhook_logs") == 2


async def test_an_endpoint_disabled_after_the_claim_gets_nothing(
    app: TestApp, endpoint: str, monkeypatch: pytest.MonkeyPatch
):
    await asked(app, endpoint)
    by, deliveries = work(app), type(app.app.deps.storage.deliveries)
    claim = deliveries.claim

    async def claim_then_disable(self: Any, **asked: Any) -> Any:
        claimed = await claim(self, **asked)
        await app.call("POST", f"/webhook-endpoints/{endpoint}/disable")
        return claimed

    monkeypatch.setattr(deliveries, "claim", claim_then_disable)
    assert await by.claim(10) == []
    (row,) = await app.rows("SELECT * FROM webhook_logs")
    assert (row["status"], row["lease_token"], row["claims"]) == ("pending", None, 0)


async def test_a_deleted_endpoint_gets_no_webhooks(app: TestApp, fakes: Fakes):
    made = await added(app)
    await asked(app, made["id"])
    await app.call("DELETE", f"/webhook-endpoints/{made['id']}")
    async with app.working():
        await app.until_value("failed", "SELECT status FROM webhook_logs")

    assert fakes.sink.delivered == []
    assert await app.value("SELECT response_body FROM webhook_logs") == "endpoint_deleted"
    delivery = await app.value("SELECT id::text FROM webhook_logs")
    assert (await app.call("GET", f"/webhooks/{delivery}")).json["endpoint"]["url"] is None


async def seen_while(app: TestApp, fakes: Fakes, endpoint: str) -> Endpoint:
    seen: list[Endpoint] = []
    fakes.sink.before_answer = lambda _, to: seen.append(to)
    await asked(app, endpoint)
    async with app.working():
        await app.until_value(0, "SELECT count(*) FROM webhook_logs WHERE status = 'pending'")
    return seen[-1]


async def test_the_previous_secret_signs_for_a_day(app: TestApp, fakes: Fakes, endpoint: str):
    before = (await seen_while(app, fakes, endpoint)).secret
    rotated = (await app.call("POST", f"/webhook-endpoints/{endpoint}/rotate")).json
    during = await seen_while(app, fakes, endpoint)

    assert (during.secret, during.previous_secret) == (rotated["secret"], before)
    assert rotated["previous_secret_until"] is not None
    await app.rows("UPDATE merchants SET webhook_previous_until = now()")
    await app.rows("UPDATE webhook_endpoints SET previous_until = now()")
    after = await seen_while(app, fakes, endpoint)
    assert (after.secret, after.previous_secret) == (rotated["secret"], None)
    assert (await shown(app, endpoint))["previous_secret_until"] is None


async def test_the_alias_for_a_new_secret_keeps_the_previous_one(app: TestApp, fakes: Fakes):
    await app.webhook_url()
    endpoint = await default_id(app)
    answer = await app.call("POST", "/merchant/webhook/regenerate")
    during = await seen_while(app, fakes, endpoint)

    assert during.secret == answer.json["webhook_secret"]
    assert during.previous_secret == "whsec_test_abc123"


async def test_a_secret_written_by_sql_replaces_all_others(app: TestApp, fakes: Fakes):
    await app.webhook_url()
    await app.call("POST", "/merchant/webhook/regenerate")
    await app.rows("UPDATE merchants SET webhook_secret = 'whsec_by_sql'")
    found = await seen_while(app, fakes, await default_id(app))

    assert (found.secret, found.previous_secret) == ("whsec_by_sql", None)


async def test_a_rotation_during_a_delivery_causes_no_error(
    app: TestApp, fakes: Fakes, endpoint: str
):
    async def rotate(event: DeliverableEvent, to: Endpoint) -> None:
        await app.call("POST", f"/webhook-endpoints/{endpoint}/rotate")

    fakes.sink.before_answer = rotate
    await asked(app, endpoint)
    async with app.working():
        await app.until_value("success", "SELECT status FROM webhook_logs")

    assert len(fakes.sink.delivered) == 1


async def test_a_sealed_secret_is_unreadable_in_another_row(app: TestApp, fakes: Fakes):
    one, two = await added(app), await added(app)
    await app.rows(
        "UPDATE webhook_endpoints e SET sealed = o.sealed "
        "FROM webhook_endpoints o WHERE o.id <> e.id"
    )
    await asked(app, one["id"])
    by = work(app)
    (claim,) = await by.claim(10)
    with pytest.raises(InfrastructureError):
        await by.perform(claim)

    assert fakes.sink.delivered == []
    assert one["secret"] != two["secret"]


async def test_concurrent_creates_do_not_exceed_the_limit_of_endpoints(app: TestApp):
    answers = await asyncio.gather(
        *(app.call("POST", "/webhook-endpoints", json={"url": BOOKS}) for _ in range(25))
    )

    assert sorted(answer.status for answer in answers) == [201] * 19 + [400] * 6
    rows = await app.value("SELECT jsonb_array_length(webhook_endpoints) FROM merchants")
    assert rows == 19


async def test_recovery_does_not_change_claimed_deliveries(app: TestApp, endpoint: str):
    for _ in range(3):
        await asked(app, endpoint)
    by = work(app)
    held = [*await claim_one(app, by), *await claim_one(app, by)]
    body = {"since": "2020-01-01T00:00:00Z", "statuses": ["pending"], "dry_run": False}
    answer = await app.call("POST", "/webhooks/recover", json=body)

    assert (answer.json["matching"], answer.json["resent"]) == (3, 1)
    assert len(await came(app, by, held, DELIVERED, later=timedelta(0))) == 2


async def test_recovery_during_deliveries_loses_and_duplicates_nothing(
    app: TestApp, fakes: Fakes, endpoint: str
):
    under_way: set[str] = set()
    doubled: list[str] = []

    async def watch(event: DeliverableEvent, to: Endpoint) -> None:
        if event.id in under_way:
            doubled.append(event.id)
        under_way.add(event.id)
        await asyncio.sleep(0.01)
        under_way.discard(event.id)

    fakes.sink.before_answer = watch
    for _ in range(20):
        await asked(app, endpoint)
    body = {
        "since": "2020-01-01T00:00:00Z",
        "statuses": ["pending", "failed", "success"],
        "dry_run": False,
    }
    async with AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context(app.working())
        for _ in range(10):
            answer = await app.call("POST", "/webhooks/recover", json=body)
            assert answer.status == 200
            await asyncio.sleep(0.02)
        await app.until_value(20, "SELECT count(*) FROM webhook_logs WHERE status = 'success'")

    assert doubled == []
    assert len({event.id for event in fakes.sink.delivered}) == 20


async def test_a_worker_that_lost_its_lease_disables_no_endpoint(app: TestApp, endpoint: str):
    await asked(app, endpoint)
    by = work(app)
    claims: Any = await by.claim(10)
    assert isinstance(claims[0], DeliveryJob)
    await app.rows("UPDATE webhook_logs SET lease_token = $1", UUID(int=1))
    won = await came(app, by, claims, GONE, later=timedelta(0))

    assert won == frozenset()
    assert (await shown(app, endpoint))["is_enabled"]
    assert await app.value("SELECT count(*) FROM events WHERE type = 'endpoint.disabled'") == 0
