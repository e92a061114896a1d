"""The API described: for programs and for people."""

from __future__ import annotations

from functools import cache

from quart import Blueprint, Quart, Response

from ...deps import Deps
from .. import openapi
from ..json_bodies import write

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"


def blueprint(deps: Deps, app: Quart, *, version: str) -> Blueprint:
    """``/openapi.json`` and ``/docs/api``, over whatever the app serves when first asked."""
    routes = Blueprint("docs", __name__)

    @cache
    def document() -> dict[str, object]:
        return openapi.document(app, deps.registry, version=version)

    @routes.get("/openapi.json")
    async def as_json() -> Response:
        return Response(write(document()), content_type="application/json")

    @routes.get("/docs/api")
    async def as_page() -> Response:
        response = Response(openapi.page(document()), content_type="text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = POLICY
        return response

    return routes
