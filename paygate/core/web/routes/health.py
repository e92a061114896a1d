"""Is it up, and what is it?"""

from __future__ import annotations

from collections.abc import Callable

from quart import Blueprint, Response

from ...clock import MovableClock
from ...deps import Deps
from .. import present
from ..dialect import dialect_of_app
from ..errors import json_response
from ..openapi import documented, examples
from ..wire import answers as wire


def blueprint(
    deps: Deps, *, version: str, worker_runs: Callable[[], bool] | None = None
) -> Blueprint:
    """``/`` and ``/health``.

    Args:
        deps: The app.
        version: Shown at ``/``.
        worker_runs: Whether the worker in this process does; None where there is none.
    """
    routes = Blueprint("health", __name__)

    @routes.get("/")
    @documented("Say what this is", wire.Index, examples.INDEX, access="anyone", from_any_page=True)
    async def index() -> Response:
        return json_response({**examples.INDEX, "version": version})

    @routes.get("/health")
    @documented(
        "Say what is connected",
        wire.Health,
        examples.HEALTH,
        access="anyone",
        from_any_page=True,
    )
    async def health() -> Response:
        database = await deps.storage.is_connected()
        notifier = await deps.notifier.is_connected()
        shown = present.health(
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


def _with_moved_clock(shown: wire.Health, clock: MovableClock) -> wire.Health:
    shown = {**shown, "clock_release": "POST /api/v1/test/clock/release"}
    if clock.is_held:
        return {**shown, "clock": "stopped"}
    return {**shown, "clock": "shifted", "clock_shift_seconds": present.seconds(clock.shift)}
