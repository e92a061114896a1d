"""What happens around every request."""

from __future__ import annotations

from quart import Quart, Response, request

ALLOWED_METHODS = "GET, POST, PUT, PATCH, DELETE, OPTIONS"
ALLOWED_HEADERS = (
    "Content-Type, X-Api-Key, X-Api-Secret, X-Client-Secret, Idempotency-Key, Paygate-Scenario"
)
EXPOSED_HEADERS = "Idempotent-Replayed, Retry-After"
PREFLIGHT_AGE_S = 600


def register_middleware(app: Quart) -> None:
    """Answer preflights, and put the standing headers on every answer."""

    @app.before_request
    async def preflight() -> Response | None:
        if request.method == "OPTIONS":
            return Response(status=204)
        return None

    @app.after_request
    async def standing_headers(response: Response) -> Response:
        # Every route here is authenticated by headers that a foreign page cannot
        # send on its own, or not at all; none reads a cookie.
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Allow-Methods"] = ALLOWED_METHODS
        response.headers["Access-Control-Allow-Headers"] = ALLOWED_HEADERS
        response.headers["Access-Control-Expose-Headers"] = EXPOSED_HEADERS
        response.headers["Access-Control-Max-Age"] = str(PREFLIGHT_AGE_S)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers.setdefault("Cache-Control", "no-store")
        return response
