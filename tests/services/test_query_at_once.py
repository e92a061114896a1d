"""A processor with a short delay is queried by the same job."""

from __future__ import annotations

from datetime import timedelta

import pytest

from paygate import DeclineCode, Declined, Pending, Unknown
from paygate.core.limits import QUERY_AT_ONCE_MAX
from paygate.core.move_clock import AdvanceClock, HoldClock, advance_clock, hold_clock
from tests.harness.apps import TestApp
from tests.harness.fakes import Fakes, Step

A_MOMENT = timedelta(milliseconds=5)
STATE = "SELECT state FROM operations"
CALLS = "SELECT name FROM plugin_calls ORDER BY started_at, id"


async def states_at_calls(app: TestApp, fakes: Fakes) -> list[str]:
    """Collect the operation's stored state at each call."""
    states: list[str] = []

    async def note(_payment_id: str) -> None:
        states.append(await app.value(STATE))

    fakes.processor.before_answer = note
    return states


@pytest.mark.parametrize(
    ("outcome", "status"), [(None, "success"), (Declined(DeclineCode.DECLINED), "failed")]
)
async def test_its_outcome_is_recorded_with_the_first_response(
    app: TestApp, fakes: Fakes, outcome: Declined | None, status: str
):
    fakes.processor.authorizations = [Pending(A_MOMENT, state={"note": 1})]
    fakes.processor.queries = [] if outcome is None else [outcome]
    states = await states_at_calls(app, fakes)
    async with app.working():
        await app.until(await app.paid(), status)

    assert states == ["sent", "sent"]
    assert [call[0] for call in fakes.processor.calls] == ["authorize", "query"]
    assert [row["name"] for row in await app.rows(CALLS)] == ["authorize", "query"]


async def test_the_query_gets_the_state_of_the_first_response(app: TestApp, fakes: Fakes):
    fakes.processor.authorizations = [Pending(A_MOMENT, state={"note": 1})]
    given: list[object] = []
    query = fakes.processor.query

    async def noting(kind, request, context):
        given.append(context.state)
        return await query(kind, request, context)

    vars(fakes.processor)["query"] = noting
    async with app.working():
        await app.until(await app.paid(), "success")
    del vars(fakes.processor)["query"]

    assert given == [{"note": 1}]


@pytest.mark.parametrize(
    ("query", "stored"),
    [
        (Pending(A_MOMENT), '{"note": 1}'),
        (Pending(A_MOMENT, state={"note": 2}), '{"note": 2}'),
        (Unknown("no idea"), '{"note": 1}'),
        (RuntimeError("the line broke"), '{"note": 1}'),
    ],
)
async def test_without_an_outcome_it_is_claimed_again_a_second_later(
    app: TestApp, fakes: Fakes, query: Step, stored: str
):
    fakes.processor.authorizations = [Pending(A_MOMENT, state={"note": 1})]
    fakes.processor.queries = [query]
    states = await states_at_calls(app, fakes)
    async with app.working():
        payment_id = await app.paid()
        await app.until_value("pending", STATE)
        wait = await app.value("SELECT run_at - created_at FROM operations")
        notes = await app.value("SELECT processor_state FROM operations")
        await app.until(payment_id, "success")

    assert states == ["sent", "sent", "pending"]
    assert wait >= timedelta(seconds=1)
    assert notes == stored


async def test_a_longer_delay_is_a_new_claim(app: TestApp, fakes: Fakes):
    wait = QUERY_AT_ONCE_MAX + timedelta(milliseconds=1)
    fakes.processor.authorizations = [Pending(wait)]
    states = await states_at_calls(app, fakes)
    async with app.working():
        await app.until(await app.paid(), "success")

    assert states == ["sent", "pending"]


async def test_while_the_clock_is_held_nothing_is_awaited(app: TestApp, fakes: Fakes):
    fakes.processor.authorizations = [Pending(A_MOMENT)]
    states = await states_at_calls(app, fakes)
    deps = app.app.deps
    await hold_clock(HoldClock(deps.clock.now()), deps)
    async with app.working():
        payment_id = await app.paid()
        await app.until_value("pending", STATE)
        await advance_clock(AdvanceClock(timedelta(seconds=1)), deps)
        await app.until(payment_id, "success")

    assert states == ["sent", "pending"]
