"""Concurrent requests for payments share a transaction, without affecting each other."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

import pytest

from paygate.core.api.group_commit import GROUP
from paygate.core.batching import Batcher
from tests.harness.apps import Answer, TestApp

# A statement that stores payments of several requests is refused, as a deadlock would be.
REFUSE_GROUPS = """
CREATE FUNCTION refuse_groups() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT count(*) FROM added) > 1 THEN
        RAISE EXCEPTION 'not together' USING ERRCODE = '{code}';
    END IF;
    RETURN NULL;
END $$;
"""
REFUSE_GROUPS_TRIGGER = """
CREATE TRIGGER refuse_groups AFTER INSERT ON payments REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION refuse_groups()
"""


async def pay(app: TestApp, order_id: str, key: str | None = None, **more: object) -> Answer:
    headers = {} if key is None else {"Idempotency-Key": key}
    body = {"order_id": order_id, "method": "coin", **more}
    return await app.call("POST", "/payments", json=body, headers=headers)


async def orders(app: TestApp, count: int) -> Sequence[str]:
    return [await app.order() for _ in range(count)]


@pytest.fixture
def sizes(app: TestApp, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Provide the sizes of the next groups; the first one waits for more requests."""
    seen: list[int] = []
    group: Batcher[object, object] = app.client.app.extensions[GROUP]
    process = group._process

    async def observed(requests: Sequence[object]) -> Sequence[object]:
        seen.append(len(requests))
        if len(seen) == 1:
            await asyncio.sleep(0.2)
        return await process(requests)

    monkeypatch.setattr(group, "_process", observed)
    monkeypatch.setattr(group, "_batches_max", 1)
    return seen


@pytest.mark.parametrize("is_keyed", [False, True])
async def test_concurrent_requests_share_a_transaction(
    app: TestApp, sizes: list[int], is_keyed: bool
):
    named = await orders(app, 12)

    answers = await asyncio.gather(*(pay(app, each, each if is_keyed else None) for each in named))

    assert [answer.status for answer in answers] == [201] * 12
    assert [answer.json["order_id"] for answer in answers] == list(named)
    assert sum(sizes) == 12
    transactions = "SELECT count(DISTINCT xmin::text) FROM payments"
    assert await app.value(transactions) == len(sizes) < 12
    for table, rows in {"operations": 12, "events": 24, "payment_transitions": 12}.items():
        assert await app.value(f"SELECT count(*) FROM {table}") == rows
    keys = await app.value("SELECT count(*) FROM idempotency_keys")
    assert keys == (12 if is_keyed else 0)


async def test_of_several_requests_for_one_order_one_succeeds(app: TestApp, sizes: list[int]):
    (order,) = await orders(app, 1)

    answers = await asyncio.gather(*(pay(app, order) for _ in range(8)))

    assert sorted(answer.status for answer in answers) == [201] + [400] * 7
    refused = {answer.json["error"]["description"] for answer in answers if answer.status == 400}
    assert refused == {"Payment already in progress for this order"}
    assert await app.value("SELECT count(*) FROM payments") == 1


async def test_of_several_requests_with_one_key_one_is_executed(app: TestApp, sizes: list[int]):
    (order,) = await orders(app, 1)

    answers = await asyncio.gather(*(pay(app, order, "k") for _ in range(8)))

    assert {answer.status for answer in answers} == {201}
    assert len({answer.body for answer in answers}) == 1
    replayed = [answer.headers.get("Idempotent-Replayed") for answer in answers]
    assert sorted(map(str, replayed)) == ["None"] + ["true"] * 7
    assert await app.value("SELECT count(*) FROM payments") == 1


async def test_a_key_for_several_orders_pays_one_of_them(app: TestApp, sizes: list[int]):
    named = await orders(app, 6)

    answers = await asyncio.gather(*(pay(app, each, "k") for each in named))

    assert sorted(answer.status for answer in answers) == [201] + [422] * 5
    assert await app.value("SELECT count(*) FROM payments") == 1


async def test_refused_requests_do_not_affect_the_others(app: TestApp, sizes: list[int]):
    first, good, twice = await orders(app, 3)
    assert (await pay(app, twice)).status == 201
    sizes.clear()

    answers = await asyncio.gather(
        pay(app, first, "a"),
        pay(app, "order_unknown", "b"),
        pay(app, twice, "c"),
        pay(app, good, "d"),
        pay(app, good, "e", method="none"),
    )

    assert [answer.status for answer in answers] == [201, 404, 400, 201, 400]
    # A refusal of the business is stored under its key, in its own transaction.
    keys = {row["key"] for row in await app.rows("SELECT key FROM idempotency_keys")}
    assert keys == {"a", "c", "d"}


async def test_a_locked_order_is_waited_for_by_its_own_request_only(app: TestApp, sizes: list[int]):
    locked, free = await orders(app, 2)

    async with app.app.storage.transaction() as storage:
        assert await storage.orders.lock(locked) is not None
        waits = asyncio.create_task(pay(app, locked))
        answer = await pay(app, free)
        assert answer.status == 201
        await asyncio.sleep(0.3)
        assert not waits.done()

    assert (await waits).status == 201


async def test_a_locked_key_is_waited_for_by_its_own_request_only(app: TestApp, sizes: list[int]):
    one, other = await orders(app, 2)
    (merchant,) = await app.rows("SELECT merchant_id FROM orders LIMIT 1")

    async with app.app.storage.transaction() as storage:
        assert await storage.idempotency.lock(merchant["merchant_id"], "k")
        waits = asyncio.create_task(pay(app, one, "k"))
        answer = await pay(app, other, "l")
        assert answer.status == 201
        await asyncio.sleep(0.3)
        assert not waits.done()

    assert (await waits).status == 201


async def test_an_uncommitted_payment_of_an_unlocked_order_delays_no_other_request(
    app: TestApp, sizes: list[int]
):
    taken, free = await orders(app, 2)
    insert = """
    INSERT INTO payments (id, order_id, merchant_id, amount, method)
    SELECT 'pay_by_sql', id, merchant_id, amount, 'coin' FROM orders WHERE id = $1
    """
    async with app.app.storage.executor.transaction() as sql:
        await sql.fetch(insert, taken)
        waits = asyncio.create_task(pay(app, taken))
        async with asyncio.timeout(4):
            answer = await pay(app, free)
        assert answer.status == 201
        assert not waits.done()

    assert (await waits).status == 400


async def test_another_merchants_order_is_not_locked(app: TestApp, sizes: list[int]):
    (order,) = await orders(app, 1)
    other = UUID(int=1)

    async with app.app.storage.transaction() as storage:
        assert await storage.orders.lock(order, merchant_id=other) is None
        assert await storage.orders.lock_free([(order, other)]) == {}
        async with asyncio.timeout(4):
            assert (await pay(app, order)).status == 201


@pytest.mark.parametrize("code", ["40P01", "23514", "22003", "55P03"])
async def test_a_group_that_the_database_refuses_is_handled_one_by_one(
    app: TestApp, sizes: list[int], code: str
):
    await app.rows(REFUSE_GROUPS.replace("{code}", code))
    await app.rows(REFUSE_GROUPS_TRIGGER)
    named = await orders(app, 5)

    answers = await asyncio.gather(*(pay(app, each, each) for each in named))

    assert [answer.status for answer in answers] == [201] * 5
    assert max(sizes) > 1
    assert await app.value("SELECT count(DISTINCT xmin::text) FROM payments") == 5
    assert await app.value("SELECT count(*) FROM idempotency_keys") == 5


async def test_a_disconnected_client_does_not_affect_the_others(app: TestApp, sizes: list[int]):
    named = await orders(app, 4)

    requests = [asyncio.create_task(pay(app, each)) for each in named]
    await asyncio.sleep(0.1)
    requests[2].cancel()
    answers = await asyncio.gather(*requests, return_exceptions=True)

    assert isinstance(answers.pop(2), asyncio.CancelledError)
    assert [answer.status for answer in answers if isinstance(answer, Answer)] == [201] * 3
