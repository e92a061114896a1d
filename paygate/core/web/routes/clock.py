"""The app's time, moved by test suites. Not served in production."""

from __future__ import annotations

from datetime import timedelta
from typing import TypeVar

from pydantic import ValidationError
from quart import Blueprint, Response

from ...accounts.model import Role
from ...deps import Deps
from ...errors import InvalidInputError
from ...move_clock import AdvanceClock, HoldClock, advance_clock, hold_clock, release_clock
from .. import present
from ..auth import notice_caller
from ..body import body_of_request
from ..errors import json_response
from ..idempotency import written_down
from ..openapi import Audited, documented, examples
from ..wire import request_bodies, stories

Model = TypeVar("Model", bound=request_bodies.Request)

ABOUT_SET = (
    "Every process shows that moment until the clock is moved or released. Work that "
    "falls due by then is done at that moment. Without `at` the clock stops where it is. "
    "A moved clock does not run backwards: release it first."
)
ABOUT_ADVANCE = (
    "Stops at every moment on the way at which work falls due until that is done, and "
    "answers when it has arrived: at the latest after ten seconds, with `idle` false if "
    "work was left over. Time goes on running from there, unless the clock was stopped "
    "before or `hold` stops it."
)


def blueprint(deps: Deps) -> Blueprint:
    """``/test/clock``."""
    routes = Blueprint("testing_clock", __name__)

    async def moved(shown: stories.ClockShown | stories.ClockAdvanced) -> Response:
        await written_down(shown, deps)
        return json_response(shown)

    @routes.get("")
    @documented("Tell the time", stories.ClockShown, examples.CLOCK_RUNNING, access="anyone")
    async def tell() -> Response:
        return json_response(_shown(deps))

    @routes.post("/set")
    @documented(
        "Stop the clock at a moment",
        stories.ClockShown,
        examples.CLOCK_HELD,
        access="anyone",
        needs=Role.DEVELOPER,
        audit=Audited("clock.hold", shows=("at",)),
        body=request_bodies.HoldClockRequest,
        body_examples={"example": {"at": "2026-01-18T10:30:00Z"}},
        about=ABOUT_SET,
    )
    async def hold() -> Response:
        await notice_caller(deps)
        asked = await _asked(request_bodies.HoldClockRequest)
        await hold_clock(HoldClock(asked.at), deps)
        return await moved(_shown(deps))

    @routes.post("/advance")
    @documented(
        "Move the clock on",
        stories.ClockAdvanced,
        examples.CLOCK_ADVANCED,
        access="anyone",
        needs=Role.DEVELOPER,
        audit=Audited("clock.advance", shows=("seconds", "to_next", "hold")),
        body=request_bodies.AdvanceClockRequest,
        body_examples={
            "three days": {"seconds": 259_200},
            "an hour, and stop there": {"seconds": 3600, "hold": True},
            "next": {"to_next": True},
        },
        about=ABOUT_ADVANCE,
    )
    async def advance() -> Response:
        await notice_caller(deps)
        asked = await _asked(request_bodies.AdvanceClockRequest)
        done = await advance_clock(_command(asked), deps)
        answer: stories.ClockAdvanced = {**_shown(deps), "steps": done.steps, "idle": done.is_idle}
        return await moved(answer)

    @routes.post("/release")
    @documented(
        "Let the clock run",
        stories.ClockShown,
        examples.CLOCK_RUNNING,
        access="anyone",
        needs=Role.DEVELOPER,
        audit=Audited("clock.release"),
    )
    async def release() -> Response:
        await notice_caller(deps)
        await release_clock(deps)
        return await moved(_shown(deps))

    return routes


def _command(asked: request_bodies.AdvanceClockRequest) -> AdvanceClock:
    if asked.to_next:
        if asked.seconds is not None:
            raise InvalidInputError("to_next and seconds exclude each other", field="to_next")
        return AdvanceClock(None, asked.hold)
    if asked.seconds is None:
        raise InvalidInputError("seconds is required", field="seconds")
    return AdvanceClock(timedelta(seconds=asked.seconds), asked.hold)


async def _asked(model: type[Model]) -> Model:
    try:
        return model.model_validate(await body_of_request())
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
    field = str(first["loc"][0])
    reasons = {"missing": "is required", "bool_type": "must be true or false"}
    reason = reasons.get(first["type"]) or str(first["ctx"]["error"])
    raise InvalidInputError(f"{field} {reason}", field=field)


def _shown(deps: Deps) -> stories.ClockShown:
    clock = deps.test_clock
    assert clock is not None, "these routes are not served without it"
    return present.clock(clock.shown)
