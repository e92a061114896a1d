"""What test suites ask. Not served in production."""

from __future__ import annotations

from quart import Blueprint, Response

from ...domain.errors import NotFoundError
from ...services.deps import Deps
from ...services.queries import find_test_merchant, work_status
from .. import present
from ..errors import json_response


def blueprint(deps: Deps) -> Blueprint:
    """``/test``."""
    routes = Blueprint("testing", __name__)

    @routes.get("/merchant")
    async def merchant() -> Response:
        found = await find_test_merchant(deps)
        if found is None:
            raise NotFoundError("Test merchant")
        return json_response(present.test_merchant(found))

    @routes.get("/jobs/status")
    async def jobs() -> Response:
        counts, is_worked_on = await work_status(deps)
        return json_response(present.work(counts, is_worked_on=is_worked_on))

    return routes
