"""Refusals of whoever is known, and of pages of other origins, as security events."""

from __future__ import annotations

from quart import Quart, Response, g, request

from ..accounts.audit import actor_of
from ..accounts.model import Caller
from ..accounts.refusals import Refusal
from ..deps import Deps
from ..errors import ForbiddenError, ForeignPageError
from .errors import known_error


def register_refusals(app: Quart, deps: Deps) -> None:
    """Write down what is answered 403: a role that is too low, a page that may not ask.

    A caller is known when their role is refused. A page is refused before that; whose
    session it would have used is known all the same.
    """

    async def foreign_page(error: ForeignPageError) -> Response:
        reason = "a page of another origin, or without its CSRF token"
        deps.refusals.note(_refusal("csrf.refused", reason, g.get("claimed")))
        return await known_error(error)

    async def forbidden(error: ForbiddenError) -> Response:
        caller: Caller | None = g.get("caller")
        if caller is not None:
            deps.refusals.note(_refusal("role.refused", str(error), caller))
        return await known_error(error)

    app.register_error_handler(ForeignPageError, foreign_page)
    app.register_error_handler(ForbiddenError, forbidden)


def _refusal(action: str, reason: str, caller: Caller | None) -> Refusal:
    if caller is None:
        return Refusal(action, reason, request.remote_addr)
    # Never the path itself: ids in it are what the caller wrote.
    rule = request.url_rule
    return Refusal(
        action,
        reason,
        request.remote_addr,
        caller.merchant.id,
        caller.id,
        actor_of(caller),
        {"route": f"{request.method} {rule.rule if rule else ''}"},
    )
