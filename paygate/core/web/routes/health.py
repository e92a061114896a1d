"""Is it up, and what is it?"""

from __future__ import annotations

from quart import Blueprint, Response

from ...services.deps import Deps
from .. import present
from ..errors import json_response


def blueprint(deps: Deps, *, version: str) -> Blueprint:
    """``/`` and ``/health``."""
    routes = Blueprint("health", __name__)

    @routes.get("/")
    async def index() -> Response:
        return json_response({"name": "paygate", "version": version, "health": "/health"})

    @routes.get("/health")
    async def health() -> Response:
        database = await deps.storage.is_connected()
        bell = await deps.bell.is_connected()
        shown = present.health(database=database, bell=bell, now=deps.clock.now())
        return json_response(shown)

    return routes
