import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import paygate
from paygate import (
    Approved,
    DeclineCode,
    Declined,
    OperationKind,
    Pending,
    Simulator,
    SimulatorSettings,
)

CHARGE = OperationKind.CHARGE
TICK = timedelta(microseconds=1)
NO_FUNDS = Declined(DeclineCode.INSUFFICIENT_FUNDS, retry="later")


def simulator(**settings):
    return Simulator("acme", SimulatorSettings(**settings))


def in_test_mode(**settings):
    return simulator(test_mode=True, **settings)


async def endings(simulator, desk, count):
    """Return which operations are approved, each queried when it is due."""
    approved = set()
    for ordinal in range(count):
        id = f"op_{ordinal}"
        answer = await simulator.authorize(desk.request(), desk.context(id))
        if answer.state["approved"]:
            approved.add(id)
    return approved


async def test_without_a_delay_a_charge_is_approved_immediately(desk):
    answer = await in_test_mode(test_processing_delay_ms=0).authorize(
        desk.request(), desk.context()
    )

    assert answer == Approved(reference="acme_op_1", amount=desk.amount)


async def test_without_a_delay_a_charge_is_declined_immediately(desk):
    acme = in_test_mode(test_processing_delay_ms=0, test_payment_success=False)

    answer = await acme.authorize(desk.request(), desk.context())

    assert answer == Declined(DeclineCode.DECLINED)


async def test_a_random_delay_of_zero_answers_immediately(desk):
    acme = simulator(processing_delay_min_ms=0, processing_delay_max_ms=0, success_rate=1)

    answer = await acme.authorize(desk.request(), desk.context())

    assert isinstance(answer, Approved)


async def test_in_test_mode_the_delay_is_the_configured_one(desk):
    answer = await in_test_mode(test_processing_delay_ms=1500).authorize(
        desk.request(), desk.context()
    )

    assert isinstance(answer, Pending)
    assert answer.resolve_after == timedelta(seconds=1.5)


async def test_the_state_of_a_pending_outcome_is_plain_json(desk):
    answer = await in_test_mode(test_payment_success=False).authorize(
        desk.request(), desk.context()
    )

    stored = json.loads(json.dumps(answer.state))
    assert stored == answer.state
    assert stored["approved"] is False
    assert stored["due_at"] == "2026-01-15T10:30:01+00:00"


async def test_random_delays_fill_the_range(desk):
    acme = simulator()

    answers = [
        await acme.authorize(desk.request(), desk.context(f"op_{ordinal}"))
        for ordinal in range(1000)
    ]

    delays = sorted(answer.resolve_after for answer in answers)
    assert timedelta(seconds=5) <= delays[0] < timedelta(seconds=5.1)
    assert timedelta(seconds=9.9) < delays[-1] <= timedelta(seconds=10)


@pytest.mark.parametrize(("rate", "least", "most"), [(0.90, 870, 930), (0.95, 925, 975)])
async def test_approvals_follow_the_success_rate(desk, rate, least, most):
    approved = await endings(simulator(success_rate=rate), desk, 1000)

    assert least <= len(approved) <= most


@pytest.mark.parametrize(("rate", "expected"), [(0.0, 0), (1.0, 200)])
async def test_success_rates_of_zero_and_one_are_exact(desk, rate, expected):
    assert len(await endings(simulator(success_rate=rate), desk, 200)) == expected


async def test_the_results_depend_on_the_seed(desk):
    acme = simulator(success_rate=0.5)

    first = await endings(acme, desk, 1000)

    assert await endings(acme, desk, 1000) == first
    assert await endings(acme, replace(desk, seed=8), 1000) != first


async def test_a_query_before_the_due_time_returns_the_remaining_delay(desk):
    acme = in_test_mode(test_processing_delay_ms=1000)
    first = await acme.authorize(desk.request(), desk.context())
    desk.clock.at += timedelta(seconds=1) - TICK

    answer = await acme.query(CHARGE, desk.follow_up(), desk.context(state=first.state))

    assert answer == Pending(resolve_after=TICK, state=first.state)


@pytest.mark.parametrize("late", [timedelta(0), TICK, timedelta(days=3)])
@pytest.mark.parametrize(
    ("success", "expected"), [(True, Approved), (False, Declined)], ids=["yes", "no"]
)
async def test_a_query_after_the_due_time_returns_the_result(desk, late, success, expected):
    acme = in_test_mode(test_payment_success=success)
    first = await acme.authorize(desk.request(), desk.context())
    desk.clock.at += first.resolve_after + late

    answer = await acme.query(CHARGE, desk.follow_up(), desk.context(state=first.state))

    assert isinstance(answer, expected)


async def test_the_reference_is_the_same_for_call_and_query(desk):
    at_once = await in_test_mode(test_processing_delay_ms=0).authorize(
        desk.request(), desk.context()
    )
    later = in_test_mode(test_processing_delay_ms=1)
    first = await later.authorize(desk.request(), desk.context())
    desk.clock.at += first.resolve_after

    answer = await later.query(CHARGE, desk.follow_up(), desk.context(state=first.state))

    assert answer == at_once


async def test_changed_settings_do_not_change_a_pending_operation(desk):
    first = await in_test_mode(test_payment_success=True).authorize(desk.request(), desk.context())
    desk.clock.at += first.resolve_after

    restarted = in_test_mode(test_payment_success=False)
    answer = await restarted.query(CHARGE, desk.follow_up(), desk.context(state=first.state))

    assert isinstance(answer, Approved)


async def test_a_forced_decline_overrides_the_settings(desk):
    acme = in_test_mode(test_processing_delay_ms=0, test_payment_success=True)

    answer = await acme.authorize(desk.request(), desk.context(), decline=NO_FUNDS)

    assert answer == NO_FUNDS


async def test_a_forced_decline_is_stored_in_the_state(desk):
    acme = simulator(success_rate=1)
    first = await acme.authorize(desk.request(), desk.context(), decline=NO_FUNDS)
    desk.clock.at += first.resolve_after

    answer = await acme.query(CHARGE, desk.follow_up(), desk.context(state=first.state))

    assert answer == NO_FUNDS


async def test_a_forced_decline_takes_as_long_as_an_approval(desk):
    acme = simulator(success_rate=1)

    forced = await acme.authorize(desk.request(), desk.context(), decline=NO_FUNDS)
    free = await acme.authorize(desk.request(), desk.context())

    assert forced.resolve_after == free.resolve_after


@given(
    seed=st.integers(),
    id=st.text(min_size=1, max_size=30),
    rate=st.floats(0, 1),
    wait=st.timedeltas(timedelta(0), timedelta(seconds=20)),
)
async def test_a_query_never_contradicts_the_first_answer(make_desk, seed, id, rate, wait):
    here = make_desk(seed=seed)
    acme = simulator(success_rate=rate)
    first = await acme.authorize(here.request(), here.context(id))
    here.clock.at += wait

    answer = await acme.query(CHARGE, here.follow_up(id), here.context(id, first.state))

    if wait < first.resolve_after:
        assert answer == Pending(resolve_after=first.resolve_after - wait, state=first.state)
    else:
        assert isinstance(answer, Approved if first.state["approved"] else Declined)


def test_importing_paygate_loads_no_adapter_library():
    machines = ["quart", "tortoise", "saq", "redis", "aiohttp", "asyncpg"]
    script = f"import sys, paygate; print(*[m for m in {machines} if m in sys.modules])"
    root = str(Path(paygate.__file__).parents[1])

    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": root},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == ""
