"""Positions of events: every reader gets each event once, in any order of commits."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from random import Random
from uuid import UUID, uuid4

import asyncpg
import pytest

from paygate.core.webhooks import stream as live_module
from tests.harness.apps import TestApp

MERCHANT = UUID("550e8400-e29b-41d4-a716-446655440000")
ADD = """
INSERT INTO events (id, merchant_id, type, payload, created_at)
VALUES ($1, $2, 'webhook.test', $3::json, now())
"""


async def connect(app: TestApp) -> asyncpg.Connection:
    return await asyncpg.connect(app.app.settings.database_url)


async def follow(app: TestApp, wanted: int, *, cursor: int = 0, breaks: Random | None = None):
    """Return the bodies that a reader gets that reconnects after each disconnection."""
    got: list[str] = []
    live = app.app.deps.live
    async with asyncio.timeout(60):
        while len(got) < wanted:
            leave_after = breaks.randint(1, 40) if breaks else wanted
            async with live.following(MERCHANT, cursor) as follower:
                async for batch in live.batches(follower, quiet_s=1):
                    for event in batch[:leave_after]:
                        got.append(event.body.decode())
                        cursor = event.position
                    leave_after -= len(batch)
                    if leave_after <= 0 or len(got) >= wanted:
                        break
    return got


async def test_writers_that_commit_out_of_order_are_read_once_and_in_order(app: TestApp):
    writers, each = 8, 40

    async def write(writer: int) -> None:
        random, connection = Random(writer), await connect(app)
        try:
            number = 0
            while number < each:
                size = random.randint(1, 3)
                async with connection.transaction():
                    for _ in range(min(size, each - number)):
                        await connection.execute(
                            ADD, f"evt_{writer}_{number}", MERCHANT, f'"{writer}:{number}"'
                        )
                        number += 1
                        await asyncio.sleep(random.random() * 0.02)
                    if random.random() < 0.2:
                        # What is rolled back leaves a hole in the positions.
                        await connection.execute("SAVEPOINT s")
                        await connection.execute(ADD, f"gone_{uuid4()}", MERCHANT, '"gone"')
                        await connection.execute("ROLLBACK TO s")
        finally:
            await connection.close()

    readers = [
        asyncio.create_task(follow(app, writers * each, breaks=Random(seed))) for seed in range(3)
    ]
    readers.append(asyncio.create_task(follow(app, writers * each)))
    await asyncio.gather(*(write(writer) for writer in range(writers)))
    read = await asyncio.gather(*readers)

    for got in read:
        by_subject = defaultdict(list)
        for body in got:
            writer, number = body.strip('"').split(":")
            by_subject[int(writer)].append(int(number))
        assert by_subject == {writer: list(range(each)) for writer in range(writers)}
    assert all(got == read[0] for got in read)


async def test_the_reader_waits_for_an_event_that_is_committed_late(app: TestApp):
    late, early = await connect(app), await connect(app)
    try:
        live = app.app.deps.live
        async with live.following(MERCHANT, None) as follower:
            batches = live.batches(follower, quiet_s=0.6)
            transaction = late.transaction()
            await transaction.start()
            await late.execute(ADD, "evt_late", MERCHANT, '"late"')
            await early.execute(ADD, "evt_early", MERCHANT, '"early"')
            assert await anext(batches) == []
            await transaction.commit()
            async with asyncio.timeout(60):
                got: list[bytes] = []
                async for batch in batches:
                    got += [event.body for event in batch]
                    if len(got) == 2:
                        break
        assert got == [b'"late"', b'"early"']
    finally:
        await late.close()
        await early.close()


async def test_a_long_transaction_without_events_delays_no_event(app: TestApp):
    other = await connect(app)
    try:
        transaction = other.transaction()
        await transaction.start()
        await other.execute("UPDATE merchants SET name = 'slow'")
        await app.rows(ADD + " RETURNING id", "evt_1", MERCHANT, '"1"')

        assert await follow(app, 1) == ['"1"']
        await transaction.rollback()
    finally:
        await other.close()


async def test_a_writer_that_does_not_end_is_named_in_the_log(
    app: TestApp, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(live_module, "LOG_STALLED_AFTER_S", 0.1)
    live, stuck = app.app.deps.live, await connect(app)
    try:
        async with live.following(MERCHANT, None) as follower:
            transaction = stuck.transaction()
            await transaction.start()
            await stuck.execute(ADD, "evt_stuck", MERCHANT, '"stuck"')
            batches = live.batches(follower, quiet_s=2)
            assert await anext(batches) == []
            assert live.is_held
            await transaction.commit()
            assert [event.body for event in await anext(batches)] == [b'"stuck"']
            assert not live.is_held
    finally:
        await stuck.close()
    assert "transaction that writes events" in caplog.text


async def test_a_slow_reader_is_disconnected_and_continues_with_its_cursor(
    app: TestApp, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(live_module, "FOLLOWER_EVENTS_MAX", 5)
    live = app.app.deps.live
    async with live.following(MERCHANT, 0) as follower:
        batches = live.batches(follower, quiet_s=0.3)
        assert await anext(batches) == []
        for number in range(12):
            await app.rows(ADD + " RETURNING id", f"evt_{number}", MERCHANT, f'"{number}"')
        await asyncio.sleep(1)
        got = [event.body.decode() async for batch in batches for event in batch]

    assert follower.is_too_slow
    assert got == [f'"{number}"' for number in range(5)]
    rest = await follow(app, 7, cursor=follower.position)
    assert got + rest == [f'"{number}"' for number in range(12)]


async def test_a_payments_events_keep_their_order_when_sets_are_recorded(app: TestApp):
    await app.webhook_url()
    ids = [await app.paid() for _ in range(30)]
    async with app.working():
        for id in ids:
            await app.until(id, "success")
    rows = await app.rows("SELECT payment_id, seq FROM events ORDER BY position")
    by_payment = defaultdict(list)
    for row in rows:
        by_payment[row["payment_id"]].append(row["seq"])

    assert len(by_payment) == 30
    assert all(seqs == sorted(seqs) for seqs in by_payment.values())
