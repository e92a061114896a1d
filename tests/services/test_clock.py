"""The test clock: work is done at its due time, without waiting in real time."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from paygate import (
    ActionRequired,
    Approved,
    CallContext,
    DeclineCode,
    Declined,
    DeliveryResult,
    FollowUp,
    Money,
    Outcome,
    Pending,
)
from paygate.adapters.postgres.tables.operations import PostgresOperations
from paygate.bootstrap import open_app
from paygate.core.errors import InvalidInputError
from paygate.core.move_clock import (
    AdvanceClock,
    HoldClock,
    advance_clock,
    hold_clock,
    release_clock,
)
from paygate.settings import read_settings
from tests.harness.apps import TestApp, running_app
from tests.harness.fakes import Fakes, ScriptedProcessor

FAILED = DeliveryResult(False, 500, "no")
PRODUCTION_S = (60.0, 300.0, 1800.0, 7200.0)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
# Than the hours and days that pass on the clock. How long it really takes is for
# `bench/story.py` measures that; here other tests use the machine too.
MUCH_LESS_S = 30.0


async def until_alive(app: TestApp) -> None:
    await app.until_value(1, "SELECT count(*) FROM workers")


async def tries(app: TestApp) -> list[float]:
    """Return the seconds from the first attempt to each attempt."""
    rows = await app.rows("SELECT finished_at FROM delivery_attempts ORDER BY delivery_id, ordinal")
    return [(row["finished_at"] - rows[0]["finished_at"]).total_seconds() for row in rows]


async def test_a_delivery_to_a_silent_receiver_fails_within_one_advance(
    database_url: str, tmp_path: Path
):
    fakes = Fakes(delivery_waits_s=PRODUCTION_S)
    fakes.sink.script = [FAILED] * 5
    async with running_app(database_url, tmp_path, plugins=fakes.found()) as app:
        await app.webhook_url()
        await app.call("POST", "/webhooks/test")
        async with app.working():
            await until_alive(app)
            began = time.monotonic()
            advanced = await advance_clock(AdvanceClock(3 * HOUR), app.app.deps)
            took_s = time.monotonic() - began

        (row,) = await app.rows("SELECT * FROM webhook_logs")
        assert (advanced.steps, advanced.is_idle) == (4, True)
        assert (row["status"], row["attempts"]) == ("failed", 5)
        assert await tries(app) == [0, 60, 360, 2160, 9360]
        assert took_s < MUCH_LESS_S


async def test_an_advance_of_three_days_settles_a_payment(database_url: str, tmp_path: Path):
    fakes = Fakes(delivery_waits_s=PRODUCTION_S)
    fakes.sink.script = [FAILED] * 15
    money = Money(50_000, "INR")
    fakes.processor.authorizations = [Pending(timedelta(seconds=7))]
    fakes.processor.queries = [Pending(timedelta(hours=30)), Approved("ref", money)]
    async with running_app(database_url, tmp_path, plugins=fakes.found()) as app:
        await app.webhook_url()
        async with app.working():
            await until_alive(app)
            payment_id = await app.paid()
            began = time.monotonic()
            advanced = await advance_clock(AdvanceClock(3 * DAY), app.app.deps)
            took_s = time.monotonic() - began

        payment = await app.payment(payment_id)
        assert (payment["status"], advanced.is_idle) == ("success", True)
        ends = await app.rows("SELECT status, attempts FROM webhook_logs")
        assert [(row["status"], row["attempts"]) for row in ends] == [("failed", 5)] * 3
        asked_at = await app.value("SELECT created_at FROM payments")
        settled_at = await app.value("SELECT updated_at FROM payments")
        late = settled_at - asked_at - timedelta(hours=30, seconds=7)
        # How long it took until a worker asked, in real time.
        assert timedelta() <= late < timedelta(seconds=MUCH_LESS_S)
        assert took_s < MUCH_LESS_S


async def test_an_advance_to_the_next_due_time_does_only_the_work_due_then(
    app: TestApp, fakes: Fakes
):
    waits = [timedelta(seconds=10), timedelta(seconds=20)]
    fakes.processor.authorizations = [Pending(waits[0])]
    fakes.processor.queries = [Pending(waits[1])]
    deps = app.app.deps
    async with app.working():
        await until_alive(app)
        await app.paid()
        moments, steps = [], []
        for _ in range(3):
            steps.append((await advance_clock(AdvanceClock(None, hold=True), deps)).steps)
            moments.append(deps.clock.now())

    assert steps == [1, 1, 0]
    assert moments[1] - moments[0] == waits[1]
    assert moments[2] == moments[1]
    assert await app.value("SELECT status FROM payments") == "success"


async def test_a_held_clock_does_not_advance_and_a_released_one_shows_the_real_time(app: TestApp):
    deps = app.app.deps
    real = deps.clock.now()
    await hold_clock(HoldClock(NEW_YEAR), deps)
    shown = [deps.clock.now()]
    await asyncio.sleep(0.02)
    shown.append(deps.clock.now())
    await release_clock(deps)

    assert shown == [NEW_YEAR, NEW_YEAR]
    assert timedelta() < deps.clock.now() - real < timedelta(seconds=30)


async def test_the_clock_runs_on_from_the_target_of_an_advance(app: TestApp):
    deps = app.app.deps
    before = deps.clock.now()
    await advance_clock(AdvanceClock(DAY), deps)
    arrived = deps.clock.now()
    await asyncio.sleep(0.05)
    later = deps.clock.now()

    assert DAY < arrived - before < DAY + timedelta(seconds=MUCH_LESS_S)
    assert timedelta(seconds=0.05) <= later - arrived < timedelta(seconds=MUCH_LESS_S)
    assert not deps.test_clock.shown.is_held


async def test_a_payment_created_after_an_advance_is_settled(app: TestApp, fakes: Fakes):
    fakes.processor.authorizations = [Pending(timedelta(milliseconds=300))]
    async with app.working():
        await until_alive(app)
        await advance_clock(AdvanceClock(DAY), app.app.deps)
        payment = await app.until(await app.paid(), "success")

    assert payment["status"] == "success"


@pytest.mark.parametrize(
    ("was_held", "hold", "is_held"),
    [
        (True, None, True),
        (True, True, True),
        (True, False, False),
        (False, None, False),
        (False, True, True),
        (False, False, False),
    ],
)
async def test_only_a_held_clock_is_held_after_an_advance(
    app: TestApp, was_held: bool, hold: bool | None, is_held: bool
):
    deps = app.app.deps
    if was_held:
        await hold_clock(HoldClock(NEW_YEAR), deps)
    await advance_clock(AdvanceClock(HOUR, hold), deps)
    clock = deps.test_clock.shown
    first = clock.now()
    await asyncio.sleep(0.02)

    assert clock.is_held is is_held
    assert (clock.now() == first) is is_held


async def test_a_running_clock_never_goes_back(app: TestApp):
    """Nor does a process that reads the real time a little behind the database's."""
    deps = app.app.deps
    await advance_clock(AdvanceClock(HOUR), deps)
    state = await deps.test_clock.moves.find()

    assert state.time_at(state.resumed_at - timedelta(milliseconds=3)) == state.resumed_from
    assert state.time_at(state.resumed_at + HOUR) == state.resumed_from + HOUR


async def test_holding_a_running_clock_goes_back_in_no_process(app: TestApp):
    deps = app.app.deps
    await advance_clock(AdvanceClock(DAY), deps)
    before = deps.clock.now()
    await hold_clock(HoldClock(None), deps)
    stopped = deps.clock.now()
    await hold_clock(HoldClock(None), deps)

    assert timedelta() < stopped - before < timedelta(seconds=MUCH_LESS_S)
    assert deps.clock.now() == stopped
    assert deps.test_clock.shown.is_held


async def test_a_late_notification_does_not_move_the_clock_back(app: TestApp, database_url: str):
    slow = await asyncpg.connect(database_url, server_settings={"application_name": FOLLOWER})
    try:
        advancing = asyncio.create_task(advance_clock(AdvanceClock(HOUR, hold=True), app.app.deps))
        await asyncio.sleep(0.3)
        row = await slow.fetchrow("SELECT version, clock_timestamp() AS heard_at FROM test_clock")
        await slow.execute(f"SET application_name = '{FOLLOWER[:-1]}{row['version']}'")
        await advancing
    finally:
        await slow.close()

    assert app.app.deps.clock.now() - HOUR > row["heard_at"]


async def test_a_moved_running_clock_goes_back_only_by_a_release(app: TestApp):
    deps = app.app.deps
    now = deps.clock.now()
    await advance_clock(AdvanceClock(DAY), deps)
    with pytest.raises(InvalidInputError, match="release the clock first"):
        await hold_clock(HoldClock(now), deps)
    await release_clock(deps)
    await hold_clock(HoldClock(now), deps)

    assert deps.clock.now() == now


async def test_a_new_process_uses_the_moved_clock(app: TestApp, database_url: str, tmp_path: Path):
    deps = app.app.deps
    await advance_clock(AdvanceClock(DAY), deps)
    async with running_app(database_url, tmp_path) as later:
        apart = later.app.deps.clock.now() - deps.clock.now()
        shift = later.app.deps.test_clock.shown.shift

    assert abs(apart) < timedelta(seconds=MUCH_LESS_S)
    assert abs(shift - DAY) < timedelta(seconds=MUCH_LESS_S)


async def test_a_clock_runs_on_after_the_moving_process_died(app: TestApp):
    deps = app.app.deps
    await deps.test_clock.moves.hold(NEW_YEAR, is_passing=True)
    async with asyncio.timeout(60):
        while deps.test_clock.shown.is_held or not deps.test_clock.shown.is_moved:
            await asyncio.sleep(0.01)

    assert NEW_YEAR <= deps.clock.now() < NEW_YEAR + timedelta(seconds=30)


async def test_an_advance_after_a_dead_move_starts_from_a_running_clock(app: TestApp):
    deps = app.app.deps
    await deps.test_clock.moves.hold(NEW_YEAR, is_passing=True)
    await advance_clock(AdvanceClock(HOUR), deps)

    assert not deps.test_clock.shown.is_held
    assert deps.clock.now() >= NEW_YEAR + HOUR


async def test_concurrent_advances_run_one_after_the_other(app: TestApp):
    deps = app.app.deps
    await hold_clock(HoldClock(NEW_YEAR), deps)
    async with asyncio.timeout(60):
        await asyncio.gather(*(advance_clock(AdvanceClock(HOUR), deps) for _ in range(5)))

    assert deps.clock.now() == NEW_YEAR + 5 * HOUR


async def test_without_a_worker_an_advance_reports_remaining_work(app: TestApp):
    deps = app.app.deps
    await app.paid()
    began = time.monotonic()
    before = deps.clock.now()
    advanced = await advance_clock(AdvanceClock(DAY), deps)

    assert not advanced.is_idle
    assert timedelta() <= deps.clock.now() - before - DAY < timedelta(seconds=MUCH_LESS_S)
    assert time.monotonic() - began < MUCH_LESS_S


async def test_an_advance_waits_at_most_ten_seconds_for_work(
    app: TestApp, fakes: Fakes, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("paygate.core.move_clock.STEPPING_MAX_S", 0.3)
    answered = asyncio.Event()

    async def hang(_: str) -> None:
        await answered.wait()

    fakes.processor.before_answer = hang
    deps = app.app.deps
    async with app.working():
        await until_alive(app)
        payment_id = await app.paid()
        late = await advance_clock(AdvanceClock(HOUR, hold=True), deps)
        answered.set()
        payment = await app.until(payment_id, "success")

    assert (late.steps, late.is_idle) == (0, False)
    # The answer came at the later moment, and is stored as having come then.
    assert await app.value("SELECT updated_at FROM payments") == deps.clock.now()
    assert payment["status"] == "success"


class AskedOnReturn(ScriptedProcessor):
    """Still waits for its shopper, as long as it did when it was asked."""

    async def complete_action(
        self, request: FollowUp, params: object, context: CallContext
    ) -> Outcome:
        return await self._next([waits_for_shopper(context.clock.now())], request, context)


def waits_for_shopper(now: datetime) -> ActionRequired:
    after = timedelta(seconds=300)
    return ActionRequired("three_ds", expires_at=now + after, resolve_after=after)


async def test_a_shoppers_return_during_an_advance_does_not_delay_due_work(
    database_url: str, tmp_path: Path
):
    fakes = Fakes(processor=AskedOnReturn())
    fakes.processor.authorizations = [waits_for_shopper(NEW_YEAR)]
    fakes.processor.queries = [Declined(DeclineCode.PAYER_TIMED_OUT)]
    async with running_app(database_url, tmp_path, plugins=fakes.found()) as app:
        deps = app.app.deps
        await hold_clock(HoldClock(NEW_YEAR), deps)
        async with app.working():
            payment_id = await app.paid()
            await app.until_value("pending", "SELECT state FROM operations")

        async def move(_: str) -> None:
            await hold_clock(HoldClock(NEW_YEAR + timedelta(seconds=301)), deps)

        fakes.processor.before_answer = move
        came_back = await app.call("POST", f"/payments/{payment_id}/complete", keys={})
        fakes.processor.before_answer = None
        async with app.working():
            payment = await app.until(payment_id, "failed")

    assert (came_back.status, came_back.json["status"]) == (200, "pending")
    assert payment["decline_code"] == "payer_timed_out"


async def test_a_worker_does_not_poll_while_the_clock_is_held(
    app: TestApp, fakes: Fakes, monkeypatch: pytest.MonkeyPatch
):
    """Due in a thousandth of a second that never passes."""
    looks = 0
    claim = PostgresOperations.claim

    async def counted(self: PostgresOperations, **given: Any) -> Any:
        nonlocal looks
        looks += 1
        return await claim(self, **given)

    monkeypatch.setattr(PostgresOperations, "claim", counted)
    deps = app.app.deps
    await hold_clock(HoldClock(NEW_YEAR), deps)
    fakes.processor.authorizations = [Pending(timedelta(milliseconds=1))]
    async with app.working():
        payment_id = await app.paid()
        await app.until_value(1, "SELECT count(*) FROM operations WHERE run_at > $1", NEW_YEAR)
        looks, before = 0, time.process_time()
        await asyncio.sleep(2)
        looks_in_2_s, spent_s = looks, time.process_time() - before
        await advance_clock(AdvanceClock(timedelta(seconds=1)), deps)

        assert (await app.payment(payment_id))["status"] == "success"
    # Two queue workers that look about once a second.
    assert looks_in_2_s <= 12
    assert spent_s < 0.5


async def test_a_lost_connection_is_reopened_and_missed_moves_are_read(
    app: TestApp, database_url: str, tmp_path: Path
):
    async with running_app(database_url, tmp_path) as other:
        await app.until_value(2, LISTENING)
        await app.rows(LISTENING.replace("count(*)", "pg_terminate_backend(pid)"))
        await hold_clock(HoldClock(NEW_YEAR), app.app.deps)
        async with asyncio.timeout(60):
            while other.app.deps.clock.now() != NEW_YEAR:
                await asyncio.sleep(0.01)
        await app.until_value(2, LISTENING)


async def test_a_new_process_shows_the_held_time_immediately(
    app: TestApp, database_url: str, tmp_path: Path
):
    await hold_clock(HoldClock(NEW_YEAR), app.app.deps)
    async with running_app(database_url, tmp_path) as later:
        assert later.app.deps.clock.now() == NEW_YEAR


async def test_production_uses_the_real_time(app: TestApp, database_url: str, tmp_path: Path):
    await hold_clock(HoldClock(NEW_YEAR), app.app.deps)
    given = {
        "DATABASE_URL": database_url,
        "PAYGATE_HOME": str(tmp_path),
        "PAYGATE_ENV": "production",
        "PAYGATE_VAULT_KEY": "PqfT9pYXyTtzIhV9fDWbCtUvFKxIeFbY6mZ7T7t0bqE=",
        "PAYGATE_ALLOW_SIMULATORS": "true",
    }
    await app.app.storage.merchants.deactivate_tests()
    listening = await app.value(LISTENING)
    async with open_app(read_settings(given), given, notifier=app.app.deps.notifier) as strict:
        assert strict.deps.test_clock is None
        assert strict.deps.clock.now() < NEW_YEAR
        assert await app.value(LISTENING) == listening


# What a process that follows the clock calls its connection before it has seen anything.
FOLLOWER = "paygate clock 0"
LISTENING = (
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND application_name LIKE 'paygate clock %'"
)
