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
from ..fields import Request, parse_time
from ..idempotency import audit_afterwards
from ..shapes import At, seconds, timestamp

# The resolution of timestamps in the database; and ten years.
CLOCK_ADVANCE_MIN_S = 0.000_001
CLOCK_ADVANCE_MAX_S = 315_576_000


def _seconds(value: object) -> float | None:
    """Parse seconds above zero and up to ten years; a boolean is not a number here."""
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        if CLOCK_ADVANCE_MIN_S <= value <= CLOCK_ADVANCE_MAX_S:
            return float(value)
        raise ValueError(f"must be above 0 and at most {CLOCK_ADVANCE_MAX_S} (ten years)")
    raise ValueError("must be a number")


class HoldClockRequest(Request):
    """Body of ``POST /test/clock/set``."""

    at: Annotated[
        datetime | None, BeforeValidator(parse_time), Field(examples=["2026-01-01T00:00:00Z"])
    ] = Field(
        None, description="the time to show; ISO 8601 with a time zone. Default: the current time"
    )


class AdvanceClockRequest(Request):
    """Body of ``POST /test/clock/advance``: ``seconds`` or ``to_next``."""

    seconds: Annotated[
        Annotated[float, Field(gt=0, le=CLOCK_ADVANCE_MAX_S)] | None, BeforeValidator(_seconds)
    ] = Field(None, description="how far to advance, at most ten years")
    to_next: bool = Field(False, description="advance to the next due time instead")
    hold: bool | None = Field(
        None,
        description="whether to stop the clock afterwards; default: as before",
    )


class ClockShownJson(TypedDict):
    """The app's clock."""

    now: At
    held: Annotated[bool, Field(description="it is stopped until it is moved or released")]
    shift_seconds: Annotated[
        float,
        Field(
            description="how far it is ahead of the real time; 0 "
            "if it shows the real time or is stopped"
        ),
    ]


class ClockAdvancedJson(ClockShownJson):
    """The app's clock after an advance, and the result of the advance."""

    steps: Annotated[int, Field(description="number of due times on the way", ge=0)]
    idle: Annotated[bool, Field(description="all work was done, each at its due time")]


def clock_to_json(shown: MovableClock) -> ClockShownJson:
    """Return the response of ``GET /test/clock``."""
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
    "Every process shows that time until the clock is moved or released. Work that "
    "becomes due by then is done at that time. Without `at` the clock stops where it is. "
    "A moved clock cannot go backwards: release it first."
)
ABOUT_ADVANCE = (
    "Stops at every due time on the way until the work is done, and "
    "responds at the target: at the latest after ten seconds, with `idle` false if "
    "work was not done. The clock continues from there, unless it was stopped "
    "before or `hold` stops it."
)


routes = Blueprint("testing_clock", __name__)


async def moved(shown: ClockShownJson | ClockAdvancedJson) -> Response:
    deps = deps_of_app()
    await audit_afterwards(shown, deps)
    return json_response(shown)


@routes.get("")
@documented("Show the clock", ClockShownJson, CLOCK_RUNNING_EXAMPLE, access="anyone")
async def show() -> Response:
    deps = deps_of_app()
    return json_response(_shown(deps))


@routes.post("/set")
@documented(
    "Stop the clock at a time",
    ClockShownJson,
    CLOCK_HELD_EXAMPLE,
    access="anyone",
    needs=Role.DEVELOPER,
    audit=Audited("clock.hold", shows=("at",)),
    body=HoldClockRequest,
    body_examples={"example": {"at": "2026-01-18T10:30:00Z"}},
    about=ABOUT_SET,
    operation_id="setClock",
)
async def hold() -> Response:
    deps = deps_of_app()
    await identify_caller(deps)
    asked = await _asked(HoldClockRequest)
    await hold_clock(HoldClock(asked.at), deps)
    return await moved(_shown(deps))


@routes.post("/advance")
@documented(
    "Advance the clock",
    ClockAdvancedJson,
    CLOCK_ADVANCED_EXAMPLE,
    access="anyone",
    needs=Role.DEVELOPER,
    audit=Audited("clock.advance", shows=("seconds", "to_next", "hold")),
    body=AdvanceClockRequest,
    body_examples={
        "three days": {"seconds": 259_200},
        "one hour, then stop": {"seconds": 3600, "hold": True},
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
    "Show the real time again",
    ClockShownJson,
    CLOCK_RUNNING_EXAMPLE,
    access="anyone",
    needs=Role.DEVELOPER,
    audit=Audited("clock.release"),
    operation_id="releaseClock",
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
    assert clock is not None, "these routes are only served with a test clock"
    return clock_to_json(clock.shown)
