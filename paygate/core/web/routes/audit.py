"""Who did what."""

from __future__ import annotations

from quart import Blueprint, Response, request

from ...deps import Deps
from .. import parse
from ..auth import caller_of_request
from ..errors import json_response
from ..openapi import account_examples as examples
from ..openapi import documented
from ..openapi.examples import page as page_example
from ..present import accounts as present
from ..present import page as present_page
from ..wire import accounts as wire
from ..wire import answers


def blueprint(deps: Deps) -> Blueprint:
    """``/audit``."""
    routes = Blueprint("audit", __name__)

    @routes.get("/audit")
    @documented(
        "List who did what",
        answers.Page[wire.AuditEntry],
        page_example(examples.AUDIT_ENTRY),
        query=wire.AuditQuery,
        about="Every change that a person or a key made, and every refused access, the newest "
        "first. Orders and payments that keys create are not among them.",
    )
    async def index() -> Response:
        caller = await caller_of_request(deps)
        limit, offset = parse.page(request.args)
        wanted = parse.audit(request.args)
        found = await deps.storage.audit.page(
            caller.merchant.id, wanted, limit=limit, offset=offset
        )
        return json_response(present_page(found, present.audit_entry))

    return routes
