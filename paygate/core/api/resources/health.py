"""Health and service information."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Literal, NotRequired

from pydantic import Field
from quart import Blueprint, Response
from typing_extensions import TypedDict

from ...clock import MovableClock
from ...deps import Deps
from ..context import dialect_of_app
from ..documented import MADE_AT, documented
from ..errors import json_response
from ..shapes import At, seconds, timestamp


class HealthJson(TypedDict):
    """The state of the connections."""

    status: Literal["healthy", "unhealthy", "ok", "error"]
    database: Literal["connected", "disconnected"]
    db: str
    redis: Literal["connected", "refusing", "disconnected", "not used"]
    degraded: bool
    worker: NotRequired[Literal["running", "stopped"]]
    timestamp: At
    clock: NotRequired[
        Annotated[Literal["stopped", "shifted"], Field(description="state of a moved test clock")]
    ]
    clock_shift_seconds: NotRequired[
        Annotated[float, Field(description="how far a shifted clock is ahead of the real time")]
    ]
    clock_release: NotRequired[Annotated[str, Field(description="the request that releases it")]]
    profile: NotRequired[str]


class IndexJson(TypedDict):
    """Information about the service."""

    name: str
    version: str
    health: str
    openapi: str
    docs: str


def health_to_json(
    *, database: bool, notifier: bool | None, refuses: bool, worker: bool | None, now: datetime
) -> HealthJson:
    """Return the response of ``GET /health``. Without Redis the service is degraded, not down.

    Args:
        database: Whether it responds.
        notifier: Whether Redis accepts commands; None if it is not used.
        refuses: Whether it responds and refuses them.
        worker: Whether the worker of this process runs; None without one.
        now: The app's time.
    """
    redis: Mapping[bool | None, Literal["connected", "disconnected", "not used"]] = {
        True: "connected",
        False: "disconnected",
        None: "not used",
    }
    shown: HealthJson = {
        "status": "healthy" if database and worker is not False else "unhealthy",
        "database": "connected" if database else "disconnected",
        "db": "connected" if database else "disconnected",
        "redis": "refusing" if refuses else redis[notifier],
        "degraded": notifier is False or not database or worker is False,
        "timestamp": timestamp(now),
    }
    if worker is not None:
        shown["worker"] = "running" if worker else "stopped"
    return shown


HEALTH_EXAMPLE: HealthJson = {
    "status": "healthy",
    "database": "connected",
    "db": "connected",
    "redis": "connected",
    "degraded": False,
    "timestamp": MADE_AT,
}
INDEX_EXAMPLE: IndexJson = {
    "name": "paygate",
    "version": "0.1.0",
    "health": "/health",
    "openapi": "/openapi.json",
    "docs": "/docs/api",
}


def blueprint(
    deps: Deps, *, version: str, worker_runs: Callable[[], bool] | None = None
) -> Blueprint:
    """Serve ``/`` and ``/health``.

    Args:
        deps: The app.
        version: Shown at ``/``.
        worker_runs: Whether the worker of this process runs; None without one.
    """
    routes = Blueprint("health", __name__)

    @routes.get("/")
    @documented(
        "Get service information",
        IndexJson,
        INDEX_EXAMPLE,
        access="anyone",
        from_any_page=True,
        rate="none",
    )
    async def index() -> Response:
        return json_response({**INDEX_EXAMPLE, "version": version})

    @routes.get("/health")
    @documented(
        "Check health",
        HealthJson,
        HEALTH_EXAMPLE,
        access="anyone",
        from_any_page=True,
        rate="none",
    )
    async def health() -> Response:
        database = await deps.storage.is_connected()
        notifier = await deps.notifier.is_connected()
        shown = health_to_json(
            database=database,
            notifier=notifier,
            refuses=notifier is False and deps.notifier.refusal is not None,
            worker=None if worker_runs is None else worker_runs(),
            now=deps.clock.now(),
        )
        if deps.test_clock is not None and deps.test_clock.shown.is_moved:
            shown = _with_moved_clock(shown, deps.test_clock.shown)
        return json_response(dialect_of_app().health(shown))

    return routes


def _with_moved_clock(shown: HealthJson, clock: MovableClock) -> HealthJson:
    shown = {**shown, "clock_release": "POST /api/v1/test/clock/release"}
    if clock.is_held:
        return {**shown, "clock": "stopped"}
    return {**shown, "clock": "shifted", "clock_shift_seconds": seconds(clock.shift)}
