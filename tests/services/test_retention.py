"""Old rows are deleted when the settings say so, and never while something still needs them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from paygate.adapters.postgres.tables import housekeeping
from paygate.core.deps import Deps
from paygate.core.queue import retention
from paygate.core.queue.housekeeping import purge_expired
from paygate.core.queue.retention import BEGINNING, purge_old_rows
from paygate.core.queue.store import OldRows, Retention
from tests.harness.apps import TestApp, running_app
from tests.harness.fakes import Fakes

WEEK = timedelta(days=7)
ALL = Retention(WEEK, WEEK, WEEK, WEEK, WEEK, WEEK)
TABLES = {
    "delivery_attempts": "started_at",
    "webhook_logs": "created_at",
    "events": "created_at",
    "payment_decisions": "decided_at",
    "plugin_calls": "started_at",
    "processor_callbacks": "received_at",
    "audit_log": "at",
}
CALLBACK = """
INSERT INTO processor_callbacks (processor, received_at, headers, body, effect, payment_id)
VALUES ('scripted', now(), '{}', 'x', 'applied', $1)
"""
DECISION = """
INSERT INTO payment_decisions (payment_id, kind, chosen, decided_at, took_ms, data)
VALUES ($1, 'route', 'scripted', now(), 1, '{}')
"""


def keeping(app: TestApp, kept: Retention) -> Deps:
    deps = app.app.deps
    return replace(deps, policy=replace(deps.policy, retention=kept))


async def without_triggers(app: TestApp, sql: str, *args: Any) -> None:
    async with app.app.storage.executor.transaction() as bound:
        await bound.fetch("SET LOCAL session_replication_role = replica")
        await bound.fetch(sql, *args)


async def make_older(app: TestApp, age: timedelta) -> None:
    for table, at in TABLES.items():
        await without_triggers(app, f"UPDATE {table} SET {at} = {at} - $1::interval", age)


async def counts(app: TestApp) -> dict[str, int]:
    return {table: await app.value(f"SELECT count(*) FROM {table}") for table in TABLES}


async def one_payment(app: TestApp) -> str:
    """Return a payment that has succeeded, with rows in every table."""
    await app.webhook_url()
    payment = await app.paid()
    async with app.working():
        await app.until(payment, "success")
        await app.until_value(0, "SELECT count(*) FROM webhook_logs WHERE attempts = 0")
    await app.rows("UPDATE webhook_logs SET status = 'success', next_retry_at = NULL")
    await app.rows(CALLBACK, payment)
    await app.rows(DECISION, payment)
    # Of the housekeeping of that worker, which may have been stopped as it began.
    await app.rows("DELETE FROM retention_lease")
    await app.rows("DELETE FROM retention_progress")
    return payment


async def begin_again(app: TestApp) -> None:
    """Let the progress of housekeeping be a day old."""
    await app.rows("UPDATE retention_progress SET began_at = began_at - interval '1 day'")


async def test_only_old_rows_are_deleted(app: TestApp):
    await one_payment(app)
    before = await counts(app)
    assert min(before.values()) > 0

    await make_older(app, timedelta(days=6))
    await purge_old_rows(keeping(app, ALL))
    assert await counts(app) == before

    await make_older(app, timedelta(days=2))
    await begin_again(app)
    purged = await purge_old_rows(keeping(app, ALL))

    assert await counts(app) == dict.fromkeys(TABLES, 0)
    # The attempts of a delivery may be deleted with it.
    assert purged == sum(before.values())


async def test_by_default_only_calls_and_callbacks_are_deleted(app: TestApp):
    await one_payment(app)
    before = await counts(app)
    await make_older(app, timedelta(days=1000))
    await begin_again(app)

    await purge_expired(app.app.deps)

    assert await counts(app) == {**before, "plugin_calls": 0, "processor_callbacks": 0}


@pytest.mark.parametrize(
    ("kept", "deleted"),
    [
        (Retention(attempts=WEEK, calls=None, callbacks=None), {"delivery_attempts"}),
        (
            Retention(deliveries=WEEK, calls=None, callbacks=None),
            {"delivery_attempts", "webhook_logs"},
        ),
        (
            Retention(events=WEEK, calls=None, callbacks=None),
            {"delivery_attempts", "webhook_logs", "events", "payment_decisions"},
        ),
        (Retention(calls=WEEK, callbacks=None), {"plugin_calls"}),
        (Retention(calls=None, callbacks=WEEK), {"processor_callbacks"}),
        (Retention(calls=None, callbacks=None, audit_entries=WEEK), {"audit_log"}),
    ],
    ids=["attempts", "deliveries", "events", "calls", "callbacks", "audit"],
)
async def test_each_setting_deletes_its_rows_only(app: TestApp, kept: Retention, deleted: set[str]):
    await one_payment(app)
    before = await counts(app)
    await make_older(app, timedelta(days=8))

    await purge_old_rows(keeping(app, kept))

    assert await counts(app) == {
        table: 0 if table in deleted else count for table, count in before.items()
    }


async def test_rows_of_an_open_payment_are_kept_until_it_ends(app: TestApp):
    payment = await one_payment(app)
    move = "UPDATE payments SET status = $1 WHERE id = $2"
    await without_triggers(app, move, "authorized", payment)
    await app.rows("UPDATE operations SET state = 'unknown', lease_state = 'ready'")
    await app.rows("DELETE FROM webhook_logs")
    before = await counts(app)
    await make_older(app, timedelta(days=8))

    await purge_old_rows(keeping(app, ALL))
    kept = await counts(app)
    await without_triggers(app, move, "cancelled", payment)
    await app.rows("UPDATE operations SET state = 'succeeded', lease_state = 'done'")
    await begin_again(app)
    await purge_old_rows(keeping(app, ALL))

    assert kept == {**before, "audit_log": 0}
    assert await counts(app) == dict.fromkeys(TABLES, 0)


async def test_a_pending_delivery_keeps_its_event_and_its_attempts(app: TestApp):
    await one_payment(app)
    await app.rows(
        "UPDATE webhook_logs SET status = 'pending' "
        "WHERE id = (SELECT id FROM webhook_logs LIMIT 1)"
    )
    await make_older(app, timedelta(days=8))

    await purge_old_rows(keeping(app, ALL))

    assert await app.value("SELECT status FROM webhook_logs") == "pending"
    kept = await counts(app)
    assert (kept["webhook_logs"], kept["events"], kept["delivery_attempts"]) == (1, 1, 1)


async def test_retention_uses_the_clock_of_the_app(app: TestApp):
    payment = await one_payment(app)
    at = (datetime.now(UTC) + timedelta(days=89)).isoformat()
    await app.call("POST", "/test/clock/set", json={"at": at})
    await purge_old_rows(app.app.deps)
    kept = await counts(app)
    at = (datetime.now(UTC) + timedelta(days=91)).isoformat()
    await app.call("POST", "/test/clock/set", json={"at": at})
    await purge_old_rows(app.app.deps)

    assert kept["plugin_calls"] > 0
    assert (await counts(app))["plugin_calls"] == 0
    assert (await app.call("GET", f"/payments/{payment}/timeline")).status == 200


async def test_audit_entries_are_deleted_by_housekeeping_only(app: TestApp):
    await app.webhook_url()
    refused = "cannot be changed or deleted"
    for sql in (
        "DELETE FROM audit_log",
        "UPDATE audit_log SET subject = ''",
        "TRUNCATE audit_log",
        "SELECT set_config('paygate.audit_kept_since', '2001-01-01', true); DELETE FROM audit_log",
    ):
        with pytest.raises(asyncpg.RestrictViolationError, match=refused):
            async with app.app.storage.executor.client.acquire_connection() as connection:
                await connection.execute(sql)

    assert await app.value("SELECT count(*) FROM audit_log") == 1


async def test_one_worker_deletes_at_a_time(app: TestApp):
    await one_payment(app)
    await make_older(app, timedelta(days=8))
    lease, deps = app.app.storage.retention, keeping(app, ALL)

    assert await lease.begin("another") is True
    assert await purge_old_rows(deps) == 0
    # The other one has died.
    await app.rows("UPDATE retention_lease SET until = now() - interval '1 second'")
    purged = await asyncio.gather(*(purge_old_rows(deps) for _ in range(3)))

    assert sorted(purged)[:2] == [0, 0]
    assert max(purged) > 0
    assert await app.rows("SELECT * FROM retention_lease") == []


async def test_a_worker_that_has_lost_its_lease_stops(
    app: TestApp, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(retention, "ROWS_MAX", 1)
    await one_payment(app)
    await make_older(app, timedelta(days=8))
    found = app.app.storage.retention
    purge = type(found).purge

    async def purge_and_lose(self: Any, rows: OldRows, *args: Any, **how: Any) -> int:
        count = await purge(self, rows, *args, **how)
        await app.rows("UPDATE retention_lease SET owner = 'another'")
        return count

    monkeypatch.setattr(type(found), "purge", purge_and_lose)
    deps = keeping(app, Retention(audit_entries=WEEK, calls=None, callbacks=None))
    await app.rows("DELETE FROM retention_progress")
    await app.webhook_url()
    await app.webhook_url()
    await make_older(app, timedelta(days=8))

    assert await purge_old_rows(deps) == 1
    assert await app.value("SELECT owner FROM retention_lease") == "another"
    assert await app.rows("SELECT * FROM retention_progress") == []


async def test_a_worker_that_has_lost_its_lease_deletes_no_rows_of_other_kinds(
    app: TestApp, monkeypatch: pytest.MonkeyPatch
):
    await one_payment(app)
    await make_older(app, timedelta(days=8))
    before = await counts(app)
    found = type(app.app.storage.retention)
    purge = found.purge

    async def lose_and_purge(self: Any, rows: OldRows, *args: Any, **how: Any) -> int:
        await app.rows("UPDATE retention_lease SET owner = 'another'")
        return await purge(self, rows, *args, **how)

    monkeypatch.setattr(found, "purge", lose_and_purge)

    await purge_old_rows(keeping(app, ALL))

    assert await counts(app) == {**before, "delivery_attempts": 0}


async def test_a_statement_that_takes_too_long_is_repeated_for_a_shorter_period(
    app: TestApp, monkeypatch: pytest.MonkeyPatch
):
    payment = await app.paid()
    operation = await app.value("SELECT id FROM operations WHERE payment_id = $1", payment)
    call = """
    INSERT INTO plugin_calls (payment_id, operation_id, name, started_at, took_ms, given, answer)
    SELECT 'p', $1, 'x', now() - interval '100 days' - n * interval '1 minute', 1, '{}', '{}'
    FROM generate_series(1, $2) n"""
    await app.rows(call, operation, 100_000)
    await app.rows(call, "op_of_a_deleted_payment", 5)
    monkeypatch.setattr(housekeeping, "TIMEOUT", "20ms")

    purged = await purge_old_rows(keeping(app, Retention(calls=WEEK, callbacks=None)))

    assert purged == 5


async def test_a_run_continues_where_the_last_one_stopped(
    app: TestApp, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(retention, "ROWS_MAX", 10)
    await app.rows(
        """INSERT INTO plugin_calls
            (payment_id, operation_id, name, started_at, took_ms, given, answer)
        SELECT 'p', 'o', 'x', now() - n * interval '1 day', 1, '{}', '{}'
        FROM generate_series(1, 200) n"""
    )
    deps = keeping(app, Retention(calls=timedelta(days=20), callbacks=None))
    await begin_again(app)
    periods: list[tuple[datetime, datetime]] = []
    found = type(app.app.storage.retention)
    purge = found.purge

    async def purge_and_stop(
        self: Any, rows: OldRows, since: datetime, until: datetime, *, limit: int
    ) -> int:
        periods.append((since, until))
        count = await purge(self, rows, since, until, limit=limit)
        # The time of a run is over as soon as rows of a whole period are deleted.
        if count < limit:
            monkeypatch.setattr(retention, "RUN_MAX_S", -1.0)
        return count

    monkeypatch.setattr(found, "purge", purge_and_stop)
    await app.rows("DELETE FROM retention_progress")
    left = []
    for _ in range(60):
        monkeypatch.setattr(retention, "RUN_MAX_S", 45.0)
        await purge_old_rows(deps)
        left.append(await app.value("SELECT count(*) FROM plugin_calls"))

    assert left[-1] == 19
    assert left == sorted(left, reverse=True)
    sinces = [since for since, _ in periods]
    assert sinces == sorted(sinces)
    assert sinces[0] == BEGINNING


async def test_a_key_is_kept_as_long_as_the_setting_says(database_url: str, tmp_path: Any):
    environ = {"PAYGATE_KEEP_IDEMPOTENCY_KEYS_HOURS": "72"}
    async with running_app(database_url, tmp_path, environ=environ, plugins=Fakes().found()) as app:
        order, key = await app.order(), {"Idempotency-Key": "again"}
        body = {"order_id": order, "method": "coin"}

        async def pay_after(hours: int) -> Any:
            at = (datetime.now(UTC) + timedelta(hours=hours)).isoformat()
            await app.call("POST", "/test/clock/set", json={"at": at})
            await purge_expired(app.app.deps)
            return await app.call("POST", "/payments", json=body, headers=key)

        first = await app.call("POST", "/payments", json=body, headers=key)
        other = await app.call("POST", "/orders", json={"amount": 500}, headers=key)
        replayed, refused = await pay_after(71), await pay_after(73)

    assert (first.status, other.status) == (201, 422)
    assert (replayed.status, replayed.body) == (201, first.body)
    # A new request, for an order that is being paid.
    assert refused.status == 400


async def test_retention_periods_are_read_from_settings(database_url: str, tmp_path: Any):
    environ = {
        "PAYGATE_KEEP_EVENTS_DAYS": "400",
        "PAYGATE_KEEP_DELIVERIES_DAYS": "90",
        "PAYGATE_KEEP_ATTEMPTS_DAYS": "30",
        "PAYGATE_KEEP_CALLS_DAYS": "60",
        "PAYGATE_KEEP_AUDIT_DAYS": "3650",
    }
    async with running_app(database_url, tmp_path, environ=environ) as app:
        periods = app.app.deps.policy.retention.periods()

    assert {rows: period.days for rows, period in periods.items()} == {
        "attempts": 30,
        "deliveries": 90,
        "events": 400,
        "decisions": 400,
        "calls": 60,
        "callbacks": 60,
        "audit_entries": 3650,
    }
