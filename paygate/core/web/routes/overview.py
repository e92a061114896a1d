"""Figures, and who works on what."""

from __future__ import annotations

from uuid import UUID

from quart import Blueprint, Response, request

from ...accounts.model import Role
from ...deps import Deps
from ...overview import overview, release_stuck, resolve_attention, work_in_detail
from .. import parse
from ..auth import caller_of_request, merchant_of_request
from ..body import body_of_request
from ..errors import json_response
from ..idempotency import changed
from ..openapi import Audited, documented
from ..openapi import operations as examples
from ..present import overview as present
from ..wire import lists
from ..wire import overview as wire

ATTENTION_ROWS_MAX = 200


def blueprint(deps: Deps) -> Blueprint:
    """``/overview`` and ``/workers``."""
    routes = Blueprint("overview", __name__)

    async def whose() -> UUID | None:
        """Whose work may be seen: everybody's by operators, else one's own."""
        caller = await caller_of_request(deps)
        return None if caller.is_operator else caller.merchant.id

    @routes.get("/overview")
    @documented(
        "Sum the last hours up",
        wire.Overview,
        examples.OVERVIEW,
        query=lists.OverviewQuery,
        about="Payments are counted when they were made. Buckets begin at whole hours, the last "
        "is still under way: an hour long up to two days back, three hours up to a week, then "
        "twelve.",
    )
    async def sums() -> Response:
        merchant = await merchant_of_request(deps)
        hours = parse.overview_hours(request.args)
        window, figures = await overview(merchant.id, hours, deps)
        return json_response(present.overview(window, figures))

    @routes.get("/attention")
    @documented(
        "List money that needs attention",
        wire.AttentionList,
        examples.ATTENTION,
        query=lists.AttentionQuery,
        about="Answers and callbacks that contradict what is settled, callbacks that fit nothing "
        "of ours, and failed payments whose money was not given back: the newest 200 that are "
        "open, those that fit nothing of ours last, or that were resolved. Of all merchants to "
        "operators, to others their own.",
    )
    async def attention() -> Response:
        owner = await whose()
        items = deps.storage.attention
        find = items.resolved if parse.is_resolved(request.args) else items.open
        return json_response(present.attention(await find(owner, limit=ATTENTION_ROWS_MAX)))

    @routes.post("/attention/<item_id>/resolve")
    @documented(
        "Resolve what needs attention",
        wire.AttentionItem,
        examples.ATTENTION_RESOLVED,
        needs=Role.SUPPORT,
        needs_operator=True,
        audit=Audited("attention.resolve", shows=("note",)),
        body=wire.ResolveRequest,
        body_examples={"example": {"note": "The bank confirmed the charge."}},
        about="For operators. The item leaves the list and stays in its history. Nothing else "
        "changes: no money moves.",
    )
    async def resolve(item_id: str) -> Response:
        caller = await caller_of_request(deps)
        note = parse.resolution(await body_of_request())

        async def do(bound: Deps) -> tuple[object, int]:
            item = await resolve_attention(item_id, note, caller, bound)
            return present.attention_item(item), 200

        return await changed(deps, do)

    @routes.get("/workers")
    @documented(
        "Say who works on what",
        wire.Workers,
        examples.WORKERS,
        about="The work of all merchants to operators, to others their own.",
    )
    async def workers() -> Response:
        return json_response(present.workers(*await work_in_detail(await whose(), deps)))

    @routes.post("/workers/stuck/<queue>/<row_id>/release")
    @documented(
        "Make stuck work due again",
        wire.Released,
        examples.RELEASED,
        needs=Role.SUPPORT,
        audit=Audited("work.release"),
        about="What was set aside is asked of its processor, never told on a guess.",
    )
    async def release(queue: str, row_id: str) -> Response:
        owner = await whose()

        async def do(bound: Deps) -> tuple[object, int]:
            named, due_at = await release_stuck(queue, row_id, owner, bound)
            return present.released(row_id, named, due_at), 200

        return await changed(deps, do)

    return routes
