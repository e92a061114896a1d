"""A queue worker claims rows in batches, processes each one, and records results in batches."""

import asyncio
from datetime import timedelta

import pytest

from paygate.core.errors import InfrastructureError
from paygate.core.limits import CLAIM_ROWS_MAX, CLAIMS_MAX
from paygate.core.queue import queue_worker as module
from paygate.core.queue.lease import backoff
from paygate.core.queue.queue_worker import GATHER_S
from tests.unit.workers.table import DEADLINE_S, Table, queue_worker, running, until

UNAVAILABLE = InfrastructureError("the database is unavailable")
HUNDRED = [f"row_{n:03}" for n in range(100)]


@pytest.fixture
def table():
    return Table()


@pytest.fixture(autouse=True)
def _patient(monkeypatch):
    """Provide a queue worker that polls once an hour, and immediately after an outage.

    So whatever it finds, it finds because it was told or because it was due.
    """
    monkeypatch.setattr(module, "SWEEP_EVERY", timedelta(hours=1))
    monkeypatch.setattr(module, "DATABASE_RETRY_S", 0.01)


async def test_rows_that_finish_together_are_recorded_in_one_batch(table):
    table.add(*HUNDRED)
    gate = table.gate(*HUNDRED)

    async with running(queue_worker(table)):
        await until(lambda: len(table.performing) == 100)
        gate.set()
        await until(lambda: len(table.done) == 100)

    assert [sorted(ids) for ids in table.recorded] == [HUNDRED]


async def test_every_row_is_performed_and_recorded_once(table):
    table.add(*HUNDRED)

    async with running(queue_worker(table, in_flight_max=7)):
        await until(lambda: len(table.done) == 100)

    assert sorted(id for ids in table.recorded for id in ids) == HUNDRED
    assert table.rows == {}
    assert (table.released, table.handed_back) == ({}, [])


async def test_no_more_rows_are_in_flight_than_there_are_slots(table):
    table.add(*HUNDRED)
    gate = table.gate(*HUNDRED)
    working = queue_worker(table, in_flight_max=7)

    async with running(working):
        await until(lambda: len(table.performing) == 7)
        working.wake()
        gate.set()
        await until(lambda: len(table.done) == 100)

    assert table.busiest == 7
    assert all(0 < limit <= 7 for limit in table.limits)


async def test_a_claim_is_limited_to_the_maximum_of_a_statement(table):
    async with running(queue_worker(table, in_flight_max=10 * CLAIM_ROWS_MAX)):
        await until(lambda: table.limits)

    assert set(table.limits) == {CLAIM_ROWS_MAX}


async def test_a_row_that_raises_is_rescheduled_and_does_not_stop_others(table):
    table.add("bad", claims=2)
    table.add("good", "fine")
    table.raising["bad"] = ZeroDivisionError("division by zero")

    async with running(queue_worker(table)):
        await until(lambda: table.released and len(table.done) == 2)

    assert table.done == {"good", "fine"}
    assert table.released == {"bad": ("ZeroDivisionError: division by zero", backoff(3))}


async def test_a_row_that_keeps_raising_is_dead_lettered(table):
    table.add("bad", claims=CLAIMS_MAX - 1)
    table.raising["bad"] = ValueError("always")

    async with running(queue_worker(table)):
        await until(lambda: table.released)

    assert table.released == {"bad": ("ValueError: always", None)}


async def test_a_row_that_cancels_itself_does_not_stop_others(table):
    table.add("bad", "good")
    table.raising["bad"] = asyncio.CancelledError()
    working = queue_worker(table)

    async with running(working):
        await until(lambda: table.done == {"good"})
        table.add("later")
        working.wake()
        await until(lambda: table.done == {"good", "later"})


async def test_a_slow_row_occupies_only_its_own_slot(table):
    table.add("slow", *HUNDRED[:20])
    gate = table.gate("slow")

    async with running(queue_worker(table, in_flight_max=2)):
        await until(lambda: len(table.done) == 20)
        assert table.performing == {"slow"}
        gate.set()

    assert "slow" in table.done


async def test_a_notification_causes_a_claim(table):
    working = queue_worker(table)

    async with running(working):
        await until(lambda: table.limits)
        table.add("new")
        working.wake()
        await until(lambda: table.done == {"new"})


async def test_a_notification_during_a_claim_is_not_lost(table):
    working = queue_worker(table)
    claim = table.claim

    async def claim_and_ring(limit):
        claims = await claim(limit)
        if len(table.limits) == 1:
            table.add("just too late")
            working.wake()
        return claims

    table.claim = claim_and_ring

    async with running(working):
        await until(lambda: table.done == {"just too late"})


async def test_several_notifications_cause_one_claim(table):
    working = queue_worker(table)

    async with running(working):
        await until(lambda: table.limits)
        for _ in range(1000):
            working.wake()
        table.add("new")
        await until(lambda: table.done)

    assert len(table.limits) < 10


async def test_a_due_row_is_found_without_a_notification(table):
    table.add("soon", after=timedelta(milliseconds=50))

    async with running(queue_worker(table)):
        await until(lambda: table.done == {"soon"})


async def test_polling_replaces_a_lost_notification(table, monkeypatch):
    monkeypatch.setattr(module, "SWEEP_EVERY", timedelta(milliseconds=10))

    async with running(queue_worker(table)):
        await until(lambda: table.limits)
        table.add("unheard of")
        await until(lambda: table.done == {"unheard of"})


async def test_an_idle_queue_worker_waits(table, monkeypatch):
    monkeypatch.setattr(module, "SWEEP_EVERY", timedelta(milliseconds=10))
    before = table.clock.now()

    async with running(queue_worker(table)):
        await until(lambda: len(table.limits) == 10)

    assert table.clock.now() - before > 9 * timedelta(seconds=GATHER_S)


async def test_a_notification_causes_one_claim(table):
    working = queue_worker(table)

    async with running(working):
        await until(lambda: table.limits)
        table.add("in a while", after=timedelta(milliseconds=150))
        working.wake()
        await until(lambda: table.done == {"in a while"})

    assert len(table.limits) < 8


async def test_stopping_finishes_work_in_progress_and_claims_nothing(table):
    table.add("begun")
    gate = table.gate("begun")
    working = queue_worker(table)

    async with running(working) as task:
        await until(lambda: table.performing)
        working.stop()
        table.add("too late")
        working.wake()
        ended, _ = await asyncio.wait({task}, timeout=10 * GATHER_S)
        assert not ended
        gate.set()
        async with asyncio.timeout(DEADLINE_S):
            await task

    assert table.done == {"begun"}
    assert list(table.rows) == ["too late"]


async def test_stopping_an_idle_queue_worker_ends_it_at_once(table):
    async with running(queue_worker(table)) as task:
        await until(lambda: table.limits)

    assert task.done()
    assert task.exception() is None


async def test_abandoning_releases_unfinished_rows(table):
    table.add("stuck", "also stuck", "quick")
    table.gate("stuck", "also stuck")
    working = queue_worker(table)

    async with running(working) as task:
        await until(lambda: table.done == {"quick"})
        working.stop()
        await working.abandon()
        async with asyncio.timeout(DEADLINE_S):
            await task

    assert sorted(table.handed_back) == ["also stuck", "stuck"]
    assert table.performing == set()
    assert table.released == {}


async def test_abandoning_nothing_runs_no_statement(table):
    working = queue_worker(table)

    async with running(working):
        table.is_away = AssertionError("nobody asked")
        await working.abandon()

    assert table.handed_back == []


async def test_abandoning_ends_without_a_database(table):
    table.add("stuck")
    table.gate("stuck")
    working = queue_worker(table)

    async with running(working) as task:
        await until(lambda: table.performing)
        table.is_away = UNAVAILABLE
        working.stop()
        await working.abandon()
        async with asyncio.timeout(DEADLINE_S):
            await task

    assert table.performing == set()


async def test_cancelling_drops_all_work_immediately(table):
    table.add("stuck")
    table.gate("stuck")

    async with running(queue_worker(table)) as task:
        await until(lambda: table.performing)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            async with asyncio.timeout(DEADLINE_S):
                await task
        await until(lambda: not table.performing)

    assert table.recorded == []


async def test_a_row_whose_write_was_too_late_is_released(table):
    table.add("stale", "good")
    table.losing = {"stale"}

    async with running(queue_worker(table)):
        await until(lambda: table.handed_back and table.done)

    assert table.handed_back == ["stale"]
    assert table.done == {"good"}
    assert table.released == {}


async def test_a_row_that_the_database_refuses_is_rescheduled_and_others_are_stored(table):
    table.add("refused", "good")
    table.refusing = {"refused": "value too long"}

    async with running(queue_worker(table)):
        await until(lambda: table.released and table.done)

    assert table.released == {"refused": ("value too long", backoff(1))}
    assert table.done == {"good"}
    assert table.handed_back == []


@pytest.mark.parametrize("odd", [UNAVAILABLE, RuntimeError("odd")])
async def test_a_claim_that_fails_is_made_again(table, odd):
    table.claim_errors = [odd, odd]
    table.add("row")

    async with running(queue_worker(table)):
        await until(lambda: table.done == {"row"})

    assert len(table.limits) >= 3


async def test_rows_of_a_lost_claim_response_are_claimed_again(table):
    gate = table.gate("held")
    table.add("held")
    working = queue_worker(table)
    async with running(working):
        await until(lambda: table.performing == {"held"})
        table.lost_answers = [UNAVAILABLE]
        table.add("unseen")
        working.wake()

        await until(lambda: table.done == {"unseen"})
        gate.set()
        await until(lambda: table.done == {"unseen", "held"})


async def test_an_outage_while_recording_loses_nothing(table):
    table.record_errors = [UNAVAILABLE, UNAVAILABLE, UNAVAILABLE]
    table.add(*HUNDRED)

    async with running(queue_worker(table)):
        await until(lambda: len(table.done) == 100)

    assert sorted(id for ids in table.recorded for id in ids) == HUNDRED
    assert table.released == {}


async def test_an_outage_longer_than_a_lease_loses_no_result(table, monkeypatch):
    monkeypatch.setattr(module, "DATABASE_RETRY_S", 0.001)
    # At the usual pause, twice as long as a lease.
    table.record_errors = [UNAVAILABLE] * 60
    table.add("answered")

    async with running(queue_worker(table)):
        await until(lambda: table.done == {"answered"})

    assert table.released == {}
    assert table.handed_back == []


async def test_a_locked_row_is_stored_later_and_others_immediately(table):
    table.locked = {"locked"}
    table.add("locked", "free")

    async with running(queue_worker(table)):
        await until(lambda: table.done == {"free"})
        assert "locked" in table.rows
        table.locked = set()
        await until(lambda: table.done == {"free", "locked"})

    assert (table.released, table.handed_back) == ({}, [])


async def test_a_batch_that_cannot_be_recorded_is_rescheduled(table):
    table.record_errors = [TypeError("a mistake of ours")]
    table.add("one")
    working = queue_worker(table)

    async with running(working):
        await until(lambda: table.released)
        table.add("other")
        working.wake()
        await until(lambda: table.done == {"other"})

    assert table.released == {"one": ("TypeError: a mistake of ours", backoff(1))}


async def test_a_failing_reschedule_does_not_stop_the_queue_worker(table):
    table.add("bad")
    table.raising["bad"] = ValueError("bad")
    table.is_away = UNAVAILABLE
    working = queue_worker(table)

    async with running(working):
        await until(lambda: "bad" in table.rows and table.rows["bad"].token)
        table.add("good")
        working.wake()
        await until(lambda: table.done == {"good"})


async def test_the_leases_of_rows_in_flight_are_renewed_and_no_others(table, monkeypatch):
    monkeypatch.setattr(module, "RENEW_EVERY", timedelta(milliseconds=5))
    table.add("slow", "quick")
    gate = table.gate("slow")

    async with running(queue_worker(table)):
        await until(lambda: table.done == {"quick"})
        table.renewed.clear()
        await until(lambda: len(table.renewed) > 3)
        gate.set()
        await until(lambda: "slow" in table.done)
        after = len(table.renewed)

    assert all(ids == ["slow"] for ids in table.renewed[:after])


async def test_a_renewal_that_fails_is_tried_again(table, monkeypatch):
    monkeypatch.setattr(module, "RENEW_EVERY", timedelta(milliseconds=5))
    table.add("slow")
    table.gate("slow")
    table.is_away = UNAVAILABLE

    async with running(queue_worker(table)) as task:
        await until(lambda: table.performing)
        table.is_away = None
        await until(lambda: table.renewed)
        table.gates["slow"].set()

    assert task.exception() is None
    assert table.done == {"slow"}
