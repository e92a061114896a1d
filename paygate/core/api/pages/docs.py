"""The OpenAPI document, and the API reference that shows it to people."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from quart import Blueprint, Quart, Response

from ...deps import Deps
from ...errors import NotFoundError
from ..bodies import write
from ..openapi import aliases_document, openapi_document

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; worker-src blob:; base-uri 'none'; frame-ancestors 'none'"
)
PAGES = files("paygate.core.api") / "static" / "reference"
SCRIPTS = ("redoc.js", "start.js")
SCRIPT_AGE_S = 3600


def blueprint(deps: Deps, app: Quart, *, version: str) -> Blueprint:
    """The OpenAPI documents and ``/docs/api``, over what the app serves when first asked."""
    routes = Blueprint("docs", __name__)

    @cache
    def document() -> bytes:
        return write(openapi_document(app, deps.registry, version=version))

    @cache
    def aliases() -> bytes:
        return write(aliases_document(app, deps.registry, version=version))

    @cache
    def file(name: str) -> bytes:
        return (PAGES / name).read_bytes()

    @routes.get("/openapi.json")
    async def as_json() -> Response:
        return Response(document(), content_type="application/json")

    @routes.get("/openapi/aliases.json")
    async def aliases_as_json() -> Response:
        return Response(aliases(), content_type="application/json")

    @routes.get("/docs/api")
    async def reference() -> Response:
        response = Response(file("index.html"), content_type="text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = POLICY
        return response

    @routes.get("/docs/reference/<name>")
    async def script(name: str) -> Response:
        if name not in SCRIPTS:
            raise NotFoundError("Page")
        response = Response(file(name), content_type="text/javascript; charset=utf-8")
        response.headers["Cache-Control"] = f"public, max-age={SCRIPT_AGE_S}"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    return routes
