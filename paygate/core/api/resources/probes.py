"""Probes for supervisors: whether the process lives, and whether it can serve."""

from __future__ import annotations

from typing import Literal

from quart import Blueprint, Response
from typing_extensions import TypedDict

from ...observe.readiness import Problem, Readiness
from ..documented import documented
from ..errors import json_response


class LiveJson(TypedDict):
    """The process lives."""

    status: Literal["live"]


class ReadyJson(TypedDict):
    """Whether the process can serve."""

    status: Literal["ready", "not_ready"]
    problems: list[Problem]


LIVE: LiveJson = {"status": "live"}
READY: ReadyJson = {"status": "ready", "problems": []}


def blueprint(readiness: Readiness) -> Blueprint:
    """Serve ``/livez`` and ``/readyz``."""
    routes = Blueprint("probes", __name__)

    @routes.get("/livez")
    @documented(
        "Check that the process lives",
        LiveJson,
        LIVE,
        access="anyone",
        from_any_page=True,
        rate="none",
        about="It answers if the event loop of the process runs. It asks nothing else, so that "
        "a supervisor does not restart a process because of its database.",
        operation_id="checkLiveness",
    )
    async def livez() -> Response:
        return json_response(LIVE)

    @routes.get("/readyz")
    @documented(
        "Check that the process can serve",
        ReadyJson,
        READY,
        access="anyone",
        from_any_page=True,
        rate="none",
        also=frozenset({503}),
        about="Ready means: the database answers within two seconds, no migration is missing, "
        "the worker of this process runs if it has one, and the process is not stopping. Else "
        "the status is 503. The answer may be one second old.",
        operation_id="checkReadiness",
    )
    async def readyz() -> Response:
        problems = await readiness.problems()
        if not problems:
            return json_response(READY)
        shown: ReadyJson = {"status": "not_ready", "problems": list(problems)}
        return json_response(shown, 503)

    return routes
