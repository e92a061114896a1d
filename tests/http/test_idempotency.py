"""Repeated requests with an idempotency key are executed once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from paygate.adapters.notifier.local import LocalNotifier
from paygate.core.api import idempotency
from paygate.core.queue.notifier import Queue
from tests.harness.apps import Answer, TestApp, running_app
from tests.harness.fakes import Fakes
from tests.harness.patience import PATIENCE_S

# The statements of a transaction succeed, and its end does not.
REFUSE_COMMITS = (
    """CREATE FUNCTION refuse_commits() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'not now'; END $$""",
    """CREATE CONSTRAINT TRIGGER refuse_commits AFTER INSERT ON refunds
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_commits()""",
)


class Recording(LocalNotifier):
    """Keeps which queues it was notified of."""

    def __init__(self) -> None:
        super().__init__()
        self.queues: list[str] = []

    def notify(self, queue: Queue, row_id: str) -> None:
        self.queues.append(queue)
        super().notify(queue, row_id)


async def pay(app: TestApp, order_id: str, key: str, **more: Any) -> Answer:
    body = {"order_id": order_id, "method": "coin", **more}
    return await app.call("POST", "/payments", json=body, headers={"Idempotency-Key": key})


async def test_a_replay_has_the_same_status_and_bytes_and_a_header(app: TestApp):
    order_id = await app.order()

    first = await pay(app, order_id, "k1")
    second = await pay(app, order_id, "k1")

    assert (first.status, second.status) == (201, 201)
    assert first.body == second.body
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert await app.value("SELECT count(*) FROM payments") == 1


@pytest.mark.parametrize("round_", range(5))
async def test_thirty_concurrent_requests_create_one_payment_and_get_equal_responses(
    app: TestApp, round_: int, monkeypatch: pytest.MonkeyPatch
):
    # A busy machine may take longer for thirty; that their wait ends is tested elsewhere.
    monkeypatch.setattr(idempotency, "WAIT_MAX", timedelta(seconds=60))
    order_id = await app.order()

    answers = await asyncio.gather(*(pay(app, order_id, f"k{round_}") for _ in range(30)))

    assert {answer.status for answer in answers} == {201}
    assert len({answer.body for answer in answers}) == 1
    assert await app.value("SELECT count(*) FROM payments") == 1
    assert await app.value("SELECT count(*) FROM operations") == 1


async def test_concurrent_orders_with_one_key_are_one_order_with_equal_responses(
    app: TestApp, monkeypatch: pytest.MonkeyPatch
):
    """Nothing but the key keeps them apart, unlike payments of one order."""
    monkeypatch.setattr(idempotency, "WAIT_MAX", timedelta(seconds=60))
    asked = {"json": {"amount": 100}, "headers": {"Idempotency-Key": "k1"}}

    answers = await asyncio.gather(*(app.call("POST", "/orders", **asked) for _ in range(20)))

    assert {answer.status for answer in answers} == {201}
    assert len({answer.body for answer in answers}) == 1
    assert await app.value("SELECT count(*) FROM orders") == 1


async def test_a_reused_key_for_another_request_is_422(app: TestApp):
    first_order, second_order = await app.order(), await app.order()
    first = await pay(app, first_order, "k1")

    other = await pay(app, second_order, "k1")
    again = await pay(app, first_order, "k1")

    assert other.status == 422
    assert other.json["error"]["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert again.body == first.body
    assert await app.value("SELECT count(*) FROM payments") == 1


async def test_white_space_and_field_order_do_not_change_a_request(app: TestApp):
    order_id = await app.order()
    headers = {"Idempotency-Key": "k1"}
    bodies = [
        f'{{"order_id":"{order_id}","method":"coin"}}',
        f'{{ "method" : "coin",\n "order_id" : "{order_id}" }}',
    ]

    answers = [await app.call("POST", "/payments", data=b, headers=headers) for b in bodies]

    assert answers[0].body == answers[1].body


async def test_the_numbers_500_and_500_point_0_are_different_requests(app: TestApp):
    order_id = await app.order()

    first = await pay(app, order_id, "k1", metadata={"x": 500})
    second = await pay(app, order_id, "k1", metadata={"x": 500.0})

    assert (first.status, second.status) == (201, 422)


async def test_keys_are_separate_per_merchant(app: TestApp):
    await app.rows(
        "INSERT INTO merchants (name, email, api_key, api_secret) "
        "VALUES ('O', 'o@example.com', 'key_other', encode(sha256('secret_other'), 'hex'))"
    )
    theirs = {"X-Api-Key": "key_other", "X-Api-Secret": "secret_other"}
    headers = {"Idempotency-Key": "k1"}

    ours = await app.call("POST", "/orders", json={"amount": 100}, headers=headers)
    other = await app.call("POST", "/orders", json={"amount": 100}, headers=headers, keys=theirs)

    assert (ours.status, other.status) == (201, 201)
    assert ours.json["id"] != other.json["id"]


async def test_conflicts_are_stored_and_validation_errors_are_not(app: TestApp, fakes: Fakes):
    order_id = await app.order()
    await app.pay(order_id)
    in_progress = await pay(app, order_id, "k1")
    async with app.working():
        await app.until_value("paid", "SELECT status FROM orders")

    replayed = await pay(app, order_id, "k1")
    invalid = await app.call("POST", "/orders", json={}, headers={"Idempotency-Key": "k2"})
    mended = await app.call(
        "POST", "/orders", json={"amount": 100}, headers={"Idempotency-Key": "k2"}
    )
    missing = await pay(app, "order_AAAAAAAAAAAAAAAA", "k3")

    assert in_progress.status == 400
    assert replayed.body == in_progress.body
    assert replayed.headers["Idempotent-Replayed"] == "true"
    assert (invalid.status, mended.status, missing.status) == (400, 201, 404)
    assert await app.value("SELECT count(*) FROM idempotency_keys WHERE key = 'k3'") == 0


async def test_a_key_is_reusable_after_a_day(app: TestApp):
    headers = {"Idempotency-Key": "k1"}
    first = await app.call("POST", "/orders", json={"amount": 100}, headers=headers)
    await app.rows("UPDATE idempotency_keys SET expires_at = now() + interval '1 minute'")
    kept = await app.call("POST", "/orders", json={"amount": 100}, headers=headers)
    await app.rows("UPDATE idempotency_keys SET expires_at = now() - interval '1 minute'")
    fresh = await app.call("POST", "/orders", json={"amount": 100}, headers=headers)

    assert kept.json["id"] == first.json["id"]
    assert fresh.json["id"] != first.json["id"]
    assert "Idempotent-Replayed" not in fresh.headers


async def test_a_request_waits_for_a_concurrent_one_with_its_key(
    app: TestApp, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(idempotency, "WAIT_MAX", timedelta(seconds=60))
    merchant_id = await app.value("SELECT id FROM merchants")
    headers = {"Idempotency-Key": "k1"}
    async with app.app.storage.transaction() as other:
        assert await other.idempotency.lock(merchant_id, "k1")
        asking = asyncio.create_task(
            app.call("POST", "/orders", json={"amount": 100}, headers=headers)
        )
        done, _ = await asyncio.wait({asking}, timeout=0.5)

    assert not done
    assert (await asking).status == 201


async def test_a_key_in_use_is_409_after_two_seconds(app: TestApp):
    merchant_id = await app.value("SELECT id FROM merchants")
    headers = {"Idempotency-Key": "k1"}
    async with app.app.storage.transaction() as other, asyncio.timeout(PATIENCE_S):
        assert await other.idempotency.lock(merchant_id, "k1")
        answer = await app.call("POST", "/orders", json={"amount": 100}, headers=headers)
    after = await app.call("POST", "/orders", json={"amount": 100}, headers=headers)

    assert answer.status == 409
    assert answer.json["error"]["code"] == "IDEMPOTENCY_IN_PROGRESS"
    assert answer.headers["Retry-After"] == "1"
    assert after.status == 201
    assert await app.value("SELECT count(*) FROM orders") == 1


async def test_a_failed_transaction_stores_neither_work_nor_key(app: TestApp, fakes: Fakes):
    order_id = await app.order()
    await app.rows("ALTER TABLE idempotency_keys ADD CONSTRAINT broken CHECK (false)")
    failed = await pay(app, order_id, "k1")
    await app.rows("ALTER TABLE idempotency_keys DROP CONSTRAINT broken")

    after = await pay(app, order_id, "k1")

    assert failed.status == 500
    assert after.status == 201
    assert "Idempotent-Replayed" not in after.headers
    assert await app.value("SELECT count(*) FROM payments") == 1


async def test_a_commit_that_fails_stores_no_key_and_notifies_no_worker(
    database_url: str, tmp_path: Path, fakes: Fakes
):
    notifier = Recording()
    headers = {"Idempotency-Key": "k1"}
    async with running_app(database_url, tmp_path, plugins=fakes.found(), notifier=notifier) as app:
        async with app.working():
            payment_id = await app.paid()
            await app.until(payment_id, "success")
        path = f"/payments/{payment_id}/refunds"
        for statement in REFUSE_COMMITS:
            await app.rows(statement)
        notifier.queues.clear()
        failed = await app.call("POST", path, json={"amount": 100}, headers=headers)
        notified = list(notifier.queues)
        await app.rows("DROP TRIGGER refuse_commits ON refunds")
        after = await app.call("POST", path, json={"amount": 100}, headers=headers)

    assert (failed.status, notified) == (500, [])
    assert (after.status, notifier.queues) == (201, ["refunds"])
    assert "Idempotent-Replayed" not in after.headers


@pytest.mark.parametrize("key", ["k" * 256, "schlüssel", "a\tb"])
async def test_an_invalid_key_is_refused(app: TestApp, key: str):
    answer = await app.call(
        "POST", "/orders", json={"amount": 100}, headers={"Idempotency-Key": key}
    )

    assert answer.status == 400
    assert answer.json["error"]["field"] == "Idempotency-Key"
    assert await app.value("SELECT count(*) FROM orders") == 0


async def test_quotes_are_optional_and_an_empty_key_is_none(app: TestApp):
    async def order(key: str) -> Answer:
        return await app.call(
            "POST", "/orders", json={"amount": 100}, headers={"Idempotency-Key": key}
        )

    bare, quoted, empty, empty_again = [
        (await order(key)).json["id"] for key in ("abc", '"abc"', "", '""')
    ]

    assert bare == quoted
    assert len({bare, empty, empty_again}) == 3


async def test_expired_keys_are_purged_and_others_kept(app: TestApp):
    for key in ("old", "new"):
        await app.call("POST", "/orders", json={"amount": 100}, headers={"Idempotency-Key": key})
    await app.rows(
        "UPDATE idempotency_keys SET expires_at = now() - interval '1 s' WHERE key = 'old'"
    )
    async with app.working():
        await app.until_value(1, "SELECT count(*) FROM idempotency_keys")

    assert await app.value("SELECT key FROM idempotency_keys") == "new"


async def test_the_setting_replays_a_reused_key(database_url: str, tmp_path: Path, fakes: Fakes):
    environ = {"PAYGATE_IDEMPOTENCY_MISMATCH": "replay"}
    async with running_app(
        database_url, tmp_path, plugins=fakes.found(), environ=environ
    ) as lenient:
        headers = {"Idempotency-Key": "k1"}
        first = await lenient.call("POST", "/orders", json={"amount": 100}, headers=headers)
        other = await lenient.call("POST", "/orders", json={"amount": 200}, headers=headers)

    assert other.body == first.body
