"""The test clock. Not served in production."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, TypeVar

from pydantic import BeforeValidator, Field, ValidationError
from quart import Blueprint, Response
from typing_extensions import TypedDict

from ...accounts.model import Role
from ...clock import MovableClock
from ...deps import Deps
from ...errors import InvalidInputError
from ...move_clock import AdvanceClock, HoldClock, advance_clock, hold_clock, release_clock
from ..auth import identify_caller
from ..bodies import body_of_request
from ..context import deps_of_app
from ..documented import MADE_AT, Audited, documented
from ..errors import json_response
from ..fields import Request, moment
from ..idempotency import audit_afterwards
from ..shapes import At, seconds, timestamp

# What a timestamp in the database can tell apart; and ten years.
CLOCK_ADVANCE_MIN_S = 0.000_001
CLOCK_ADVANCE_MAX_S = 315_576_000


def _seconds(value: object) -> float | None:
    """Between nothing and ten years; a boolean is not a number here."""
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        if CLOCK_ADVANCE_MIN_S <= value <= CLOCK_ADVANCE_MAX_S:
            return float(value)
        raise ValueError(f"must be above 0 and at most {CLOCK_ADVANCE_MAX_S} (ten years)")
    raise ValueError("must be a number")


class HoldClockRequest(Request):
    """``POST /test/clock/set``."""

    at: Annotated[
        datetime | None, BeforeValidator(moment), Field(examples=["2026-01-01T00:00:00Z"])
    ] = Field(None, description="where to stop it; ISO 8601 with a time zone. Without it: here")


class AdvanceClockRequest(Request):
    """``POST /test/clock/advance``: ``seconds`` or ``to_next``."""

    seconds: Annotated[
        Annotated[float, Field(gt=0, le=CLOCK_ADVANCE_MAX_S)] | None, BeforeValidator(_seconds)
    ] = Field(None, description="how far to move it, at most ten years")
    to_next: bool = Field(False, description="to the moment the next work falls due, instead")
    hold: bool | None = Field(
        None,
        description="whether it stands still afterwards; without it, it does if it did before",
    )


class ClockShownJson(TypedDict):
    """The app's time."""

    now: At
    held: Annotated[bool, Field(description="it stands still until it is moved or released")]
    shift_seconds: Annotated[
        float,
        Field(
            description="how far it runs ahead of the real time, until it is released; 0 "
            "while it shows the real time or stands still"
        ),
    ]


class ClockAdvancedJson(ClockShownJson):
    """The app's time after an advance, and what that came to."""

    steps: Annotated[int, Field(description="moments on the way at which work was due", ge=0)]
    idle: Annotated[bool, Field(description="all of that work was done, each at its moment")]


def clock_to_json(shown: MovableClock) -> ClockShownJson:
    """``GET /test/clock``."""
    return {
        "now": timestamp(shown.now()),
        "held": shown.is_held,
        "shift_seconds": seconds(shown.shift),
    }


CLOCK_HELD_EXAMPLE: ClockShownJson = {
    "now": "2026-01-18T10:30:00.000Z",
    "held": True,
    "shift_seconds": 0.0,
}
CLOCK_RUNNING_EXAMPLE: ClockShownJson = {"now": MADE_AT, "held": False, "shift_seconds": 0.0}
CLOCK_ADVANCED_EXAMPLE: ClockAdvancedJson = {
    "now": "2026-01-18T10:30:00.052Z",
    "held": False,
    "shift_seconds": 259_200.05,
    "steps": 5,
    "idle": True,
}
Model = TypeVar("Model", bound=Request)
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


routes = Blueprint("testing_clock", __name__)


async def moved(shown: ClockShownJson | ClockAdvancedJson) -> Response:
    deps = deps_of_app()
    await audit_afterwards(shown, deps)
    return json_response(shown)


@routes.get("")
@documented("Tell the time", ClockShownJson, CLOCK_RUNNING_EXAMPLE, access="anyone")
async def tell() -> Response:
    deps = deps_of_app()
    return json_response(_shown(deps))


@routes.post("/set")
@documented(
    "Stop the clock at a moment",
    ClockShownJson,
    CLOCK_HELD_EXAMPLE,
    access="anyone",
    needs=Role.DEVELOPER,
    audit=Audited("clock.hold", shows=("at",)),
    body=HoldClockRequest,
    body_examples={"example": {"at": "2026-01-18T10:30:00Z"}},
    about=ABOUT_SET,
)
async def hold() -> Response:
    deps = deps_of_app()
    await identify_caller(deps)
    asked = await _asked(HoldClockRequest)
    await hold_clock(HoldClock(asked.at), deps)
    return await moved(_shown(deps))


@routes.post("/advance")
@documented(
    "Move the clock on",
    ClockAdvancedJson,
    CLOCK_ADVANCED_EXAMPLE,
    access="anyone",
    needs=Role.DEVELOPER,
    audit=Audited("clock.advance", shows=("seconds", "to_next", "hold")),
    body=AdvanceClockRequest,
    body_examples={
        "three days": {"seconds": 259_200},
        "an hour, and stop there": {"seconds": 3600, "hold": True},
        "next": {"to_next": True},
    },
    about=ABOUT_ADVANCE,
)
async def advance() -> Response:
    deps = deps_of_app()
    await identify_caller(deps)
    asked = await _asked(AdvanceClockRequest)
    done = await advance_clock(_command(asked), deps)
    answer: ClockAdvancedJson = {**_shown(deps), "steps": done.steps, "idle": done.is_idle}
    return await moved(answer)


@routes.post("/release")
@documented(
    "Let the clock run",
    ClockShownJson,
    CLOCK_RUNNING_EXAMPLE,
    access="anyone",
    needs=Role.DEVELOPER,
    audit=Audited("clock.release"),
)
async def release() -> Response:
    deps = deps_of_app()
    await identify_caller(deps)
    await release_clock(deps)
    return await moved(_shown(deps))


def _command(asked: AdvanceClockRequest) -> AdvanceClock:
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


def _shown(deps: Deps) -> ClockShownJson:
    clock = deps.test_clock
    assert clock is not None, "these routes are not served without it"
    return clock_to_json(clock.shown)
