"""Leases: claim, renew, fence, record and release."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from paygate import Approved
from paygate.core.errors import RowRefusedError, StaleWriteError
from paygate.core.payments.conclude import conclude_operation
from paygate.core.payments.operation import OperationKind
from paygate.core.payments.store import ClaimedOperation, Locked, OperationRecord
from paygate.core.queue.lease import FailedClaim
from tests.harness.apps import TestApp
from tests.harness.patience import PATIENCE_S

EXPIRE = "UPDATE operations SET lease_until = clock_timestamp() - interval '1 second'"
WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    " AND datname = current_database()"
)
LOCK_OPERATION = "SELECT FROM operations WHERE"
CHANGES = {
    "operations": "UPDATE operations SET queries = 7",
    "payments": "UPDATE payments SET scenario = 'changed'",
}


async def claim(app: TestApp, worker: str, limit: int = 100) -> list[ClaimedOperation]:
    deps = app.app.deps
    return list(
        await deps.storage.operations.claim(
            worker_id=worker, token=uuid4(), limit=limit, now=deps.clock.now()
        )
    )


async def claim_and_send(app: TestApp, worker: str) -> list[ClaimedOperation]:
    deps = app.app.deps
    return list(
        await deps.storage.operations.mark_sent(await claim(app, worker), at=deps.clock.now())
    )


def approval(app: TestApp, claimed: ClaimedOperation, reference: str = "ref") -> OperationRecord:
    answer = Approved(reference, claimed.operation.amount)
    return conclude_operation(claimed, answer, (), app.app.deps)


async def store(app: TestApp, *records: OperationRecord) -> None:
    deps = app.app.deps
    await deps.storage.operations.store(records, at=deps.clock.now())


async def lock_leased(app: TestApp, *claimed: ClaimedOperation) -> Locked:
    async with app.app.deps.storage.transaction() as storage:
        return await storage.operations.lock_leased([each.lease for each in claimed])


async def test_a_claimed_row_is_not_claimed_again(app: TestApp):
    await app.paid()

    first, second = await claim(app, "a"), await claim(app, "b")

    assert (len(first), len(second)) == (1, 0)


async def test_leases_of_a_lost_claim_response_are_released(app: TestApp):
    deps = app.app.deps
    charges = deps.storage.operations.only({OperationKind.CHARGE}, deps.registry.processors)
    refunds = deps.storage.operations.only({OperationKind.REFUND}, deps.registry.processors)
    ids = [await app.paid() for _ in range(3)]
    (held,) = await claim(app, "ours", limit=1)
    (unseen,) = await claim(app, "ours", limit=1)
    (theirs,) = await claim(app, "theirs", limit=1)

    await refunds.release_unheld("ours", [])
    assert await claim(app, "next") == []
    await charges.release_unheld("ours", [held.lease])

    (again,) = await claim(app, "next")
    assert again.operation.id == unseen.operation.id
    assert again.lease.claims == 1
    assert {each.payment.id for each in (held, unseen, theirs)} == set(ids)


async def test_a_row_with_an_expired_lease_is_claimed_again(app: TestApp):
    await app.paid()
    await claim(app, "a")
    await app.rows(EXPIRE)

    again = await claim(app, "b")

    assert [each.lease.claims for each in again] == [2]


async def test_a_worker_that_resumes_too_late_has_lost_its_row(app: TestApp):
    await app.paid()
    (zombie,) = await claim_and_send(app, "zombie")
    await app.rows(EXPIRE)
    (living,) = await claim(app, "living")

    assert (await lock_leased(app, zombie)) == Locked({}, frozenset())
    assert (await lock_leased(app, living)).ready.keys() == {living.operation.id}


async def test_an_expired_lease_is_lost_even_if_the_row_is_unclaimed(app: TestApp):
    await app.paid()
    (claimed,) = await claim_and_send(app, "a")
    await app.rows(EXPIRE)

    assert (await lock_leased(app, claimed)) == Locked({}, frozenset())


async def test_a_row_whose_payment_is_locked_is_busy_and_others_are_not(app: TestApp):
    await app.paid()
    await app.paid()
    locked, free = await claim_and_send(app, "a")
    async with app.app.deps.storage.transaction() as other:
        await other.payments.lock(locked.payment.id)
        found = await lock_leased(app, locked, free)

    assert found.ready.keys() == {free.operation.id}
    assert found.busy == {locked.operation.id}


async def test_a_row_whose_operation_is_locked_is_busy_and_others_are_not(app: TestApp):
    await app.paid()
    await app.paid()
    locked, free = await claim_and_send(app, "a")
    async with app.app.storage.transaction() as other:
        await other.executor.fetch(f"{LOCK_OPERATION} id = $1 FOR UPDATE", locked.operation.id)
        found = await lock_leased(app, locked, free)

    assert found.ready.keys() == {free.operation.id}
    assert found.busy == {locked.operation.id}


@pytest.mark.parametrize("table", CHANGES)
async def test_a_lock_waits_for_a_locked_row_and_reads_it_afterwards(app: TestApp, table: str):
    await app.paid()
    (claimed,) = await claim_and_send(app, "a")

    async def take() -> ClaimedOperation:
        async with app.app.storage.transaction() as mine:
            (found,) = await mine.operations.lock([claimed.operation.id])
            return found

    async with app.app.storage.transaction() as other:
        await other.executor.fetch(CHANGES[table])
        waiting = asyncio.create_task(take())
        await app.until_value(1, WAITING)
    found = await waiting

    changed = {"operations": found.operation.queries, "payments": found.payment.scenario}
    assert changed[table] in {7, "changed"}


async def test_rows_are_read_after_their_locks_are_held(app: TestApp):
    await app.paid()
    (claimed,) = await claim_and_send(app, "a")
    storage = app.app.deps.storage

    async def take() -> ClaimedOperation:
        async with storage.transaction() as mine:
            (found,) = await mine.operations.lock([claimed.operation.id])
            return found

    async with storage.transaction() as first:
        await first.operations.lock([claimed.operation.id])
        waiting = asyncio.create_task(take())
        await app.until_value(1, WAITING)
        await first.operations.store([approval(app, claimed)], at=app.app.deps.clock.now())
    found = await waiting

    assert (found.operation.state, found.payment.status) == ("succeeded", "success")


@pytest.mark.parametrize(
    "meanwhile",
    [
        EXPIRE,
        "UPDATE operations SET lease_token = gen_random_uuid()",
        "UPDATE operations SET state = 'sent'",
    ],
)
async def test_a_worker_that_lost_its_row_before_sending_sends_nothing(
    app: TestApp, meanwhile: str
):
    await app.paid()
    claimed = await claim(app, "a")
    await app.rows(meanwhile)
    deps = app.app.deps

    assert await deps.storage.operations.mark_sent(claimed, at=deps.clock.now()) == []
    assert await app.value("SELECT status FROM payments") == "pending"


async def test_a_payment_changed_meanwhile_refuses_the_outcome(app: TestApp):
    await app.paid()
    (claimed,) = await claim_and_send(app, "a")
    await app.rows("UPDATE payments SET version = version + 1")

    with pytest.raises(StaleWriteError):
        await store(app, approval(app, claimed))

    assert await app.value("SELECT state FROM operations") == "sent"
    assert await app.value("SELECT status FROM payments") == "processing"


async def test_a_refused_row_rolls_back_its_batch(app: TestApp):
    for _ in range(3):
        await app.paid()
    records = [approval(app, each) for each in await claim_and_send(app, "a")]
    records[1] = replace(records[1], operation=replace(records[1].operation, reference="x" * 999))

    with pytest.raises(RowRefusedError):
        await store(app, *records)

    assert await app.value("SELECT count(*) FROM payments WHERE status = 'success'") == 0


async def test_a_row_that_was_claimed_too_often_is_dead_lettered_with_the_reason(app: TestApp):
    payment_id = await app.paid()
    await app.rows("UPDATE operations SET claims = 25")

    assert await claim(app, "a") == []

    row = (await app.rows("SELECT state, lease_state, claims, last_error FROM operations"))[0]
    assert (row["state"], row["lease_state"], row["claims"]) == ("needs_review", "dead", 26)
    assert row["last_error"] == "claimed 25 times, and no worker has finished it"
    assert await app.value("SELECT status FROM payments WHERE id = $1", payment_id) == "unknown"


async def test_rows_that_were_claimed_without_result_are_claimed_one_at_a_time(app: TestApp):
    for _ in range(4):
        await app.paid()
    await app.rows("UPDATE operations SET claims = 3")
    fresh = await app.paid()

    first, second = await claim(app, "a"), await claim(app, "a")

    assert [len(first), len(second)] == [2, 1]
    assert fresh in {each.payment.id for each in first}


async def test_a_claim_takes_no_more_of_a_processor_than_there_is_room_for(app: TestApp):
    for _ in range(3):
        await app.paid()
    deps = app.app.deps
    asked = {"worker_id": "a", "limit": 10, "now": deps.clock.now()}
    charges = deps.storage.operations.only({OperationKind.CHARGE}, deps.registry.processors)

    claims = [
        await charges.claim(token=uuid4(), rooms={"scripted": room}, **asked) for room in (0, 2, 5)
    ]

    assert [len(each) for each in claims] == [0, 2, 1]


async def test_rows_of_an_uncommitted_claim_are_left_to_it(app: TestApp):
    ids = {await app.paid(), await app.paid(), await app.paid()}
    now = app.app.deps.clock.now()
    async with app.app.storage.transaction() as other, asyncio.timeout(PATIENCE_S):
        (first,) = await other.operations.claim(worker_id="a", token=uuid4(), limit=1, now=now)
        rest = await claim(app, "b")

    assert {each.payment.id for each in rest} == ids - {first.payment.id}


async def test_a_locked_row_does_not_prevent_other_claims(app: TestApp):
    locked, free = await app.paid(), await app.paid()
    async with app.app.storage.transaction() as other, asyncio.timeout(PATIENCE_S):
        await other.executor.fetch(f"{LOCK_OPERATION} payment_id = $1 FOR UPDATE", locked)
        found = await claim(app, "a")

    assert [each.payment.id for each in found] == [free]


async def test_a_locked_row_does_not_prevent_other_renewals(app: TestApp):
    await app.paid()
    await app.paid()
    locked, free = await claim(app, "a")
    almost = "UPDATE operations SET lease_until = clock_timestamp() + interval '5 seconds'"
    await app.rows(almost)
    async with app.app.deps.storage.transaction() as other:
        await other.operations.lock([locked.operation.id])
        await app.app.deps.storage.operations.renew([locked.lease, free.lease])

    running = "SELECT id FROM operations WHERE lease_until > clock_timestamp() + interval '9 s'"
    assert [row["id"] for row in await app.rows(running)] == [free.operation.id]


async def test_four_workers_claim_two_thousand_rows_once_each(app: TestApp):
    await app.rows(
        """
        WITH o AS (
            INSERT INTO orders (id, merchant_id, amount, notes)
            SELECT 'order_' || lpad(n::text, 16, '0'), (SELECT id FROM merchants), 100, '{}'
            FROM generate_series(1, 2000) n RETURNING id, merchant_id
        ), p AS (
            INSERT INTO payments (id, order_id, merchant_id, amount, method, flow, processor,
                instrument)
            SELECT replace(id, 'order_', 'pay_'), id, merchant_id, 100, 'coin', 'toss', 'scripted',
                '{}' FROM o RETURNING id, merchant_id
        )
        INSERT INTO operations (id, payment_id, merchant_id, kind, amount, currency, processor,
            state, run_at, created_at, updated_at)
        SELECT replace(id, 'pay_', 'op_'), id, merchant_id, 'charge', 100, 'INR', 'scripted',
            'reserved', now(), now(), now() FROM p
        """
    )

    async def take_all(worker: str) -> list[str]:
        taken: list[str] = []
        while rows := await claim(app, worker, limit=37):
            taken += [row.lease.row_id for row in rows]
        return taken

    everything = await asyncio.gather(*(take_all(f"w{n}") for n in range(4)))

    counted = Counter(row for taken in everything for row in taken)
    assert len(counted) == 2000
    assert set(counted.values()) == {1}


async def test_renewing_extends_only_leases_that_still_run(app: TestApp):
    await app.paid()
    await app.paid()
    claimed = await claim(app, "a")
    kept, lost = (each.lease for each in claimed)
    await app.rows(EXPIRE + " WHERE id = $1", lost.row_id)
    await app.rows(
        "UPDATE operations SET lease_until = clock_timestamp() + interval '1 second' WHERE id = $1",
        kept.row_id,
    )

    await app.app.deps.storage.operations.renew([kept, lost])

    running = "SELECT id FROM operations WHERE lease_until > clock_timestamp() + interval '9 s'"
    assert [row["id"] for row in await app.rows(running)] == [kept.row_id]


async def test_a_failed_claim_is_retried_and_then_dead_lettered(app: TestApp):
    payment_id = await app.paid()
    (claimed,) = await claim_and_send(app, "a")
    operations, now = app.app.deps.storage.operations, app.app.deps.clock.now()
    await operations.reschedule([FailedClaim(claimed.lease, "boom", timedelta(hours=1))], now=now)
    resting = await claim(app, "b")
    await app.rows("UPDATE operations SET run_at = now() - interval '1 s'")
    (again,) = await claim(app, "b")
    await operations.reschedule([FailedClaim(again.lease, "boom", None)], now=now)

    assert resting == []
    assert await app.value("SELECT lease_state FROM operations") == "dead"
    assert await app.value("SELECT last_error FROM operations") == "boom"
    assert await app.value("SELECT status FROM payments WHERE id = $1", payment_id) == "unknown"


async def test_leases_of_dead_workers_are_released_and_others_kept(app: TestApp):
    await app.paid()
    await app.paid()
    deps = app.app.deps
    await deps.storage.workers.heartbeat("here", kind="worker", breakers={})
    await claim(app, "here", limit=1)
    await claim(app, "gone", limit=1)

    freed = await deps.storage.operations.release_orphans(dead_after=timedelta(seconds=10))

    assert freed == 1
    assert [
        row["lease_owner"]
        for row in await app.rows("SELECT lease_owner FROM operations")
        if row["lease_owner"]
    ] == ["here"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE payments SET status = 'success', version = version + 1",
        "UPDATE payments SET status = 'processing'",
        "UPDATE payments SET amount_captured = amount + 1",
        "UPDATE payments SET amount_refunded = 1",
        "UPDATE orders SET amount = 99",
        "UPDATE operations SET lease_state = 'done'",
        "UPDATE operations SET sealed = 'x', state = 'succeeded', lease_state = 'done'",
    ],
)
async def test_the_database_refuses_transitions_that_the_model_forbids(
    app: TestApp, statement: str
):
    await app.paid()

    with pytest.raises(asyncpg.CheckViolationError):
        await app.rows(statement)


async def test_the_database_refuses_a_second_final_status(app: TestApp):
    payment_id = await app.paid()
    for status in ("processing", "success"):
        await app.rows("UPDATE payments SET status = $1, version = version + 1", status)

    with pytest.raises(asyncpg.CheckViolationError):
        await app.rows("UPDATE payments SET status = 'failed', version = version + 1")

    transitions = await app.rows(
        "SELECT to_status FROM payment_transitions WHERE payment_id = $1 ORDER BY version",
        payment_id,
    )
    assert [row["to_status"] for row in transitions] == ["pending", "processing", "success"]


async def test_an_operation_that_cannot_be_read_is_rescheduled_and_others_continue(app: TestApp):
    bad, good = await app.paid(), await app.paid()
    await app.rows("UPDATE operations SET currency = 'ZZZ' WHERE payment_id = $1", bad)
    async with app.working():
        await app.until(good, "success")

    (row,) = await app.rows("SELECT * FROM operations WHERE payment_id = $1", bad)
    assert row["lease_token"] is None
    assert "ZZZ" in row["last_error"]


async def test_operations_of_unknown_kinds_are_not_claimed(app: TestApp):
    newer, ours = await app.paid(), await app.paid()
    await app.rows("UPDATE operations SET kind = 'teleport' WHERE payment_id = $1", newer)
    async with app.working():
        await app.until(ours, "success")

    (row,) = await app.rows("SELECT * FROM operations WHERE payment_id = $1", newer)
    assert (row["claims"], row["state"], row["last_error"]) == (0, "reserved", None)
