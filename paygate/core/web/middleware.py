"""What happens around every request."""

from __future__ import annotations

from quart import Quart, Response, request

ALLOWED_METHODS = "GET, POST, PUT, PATCH, DELETE, OPTIONS"
ALLOWED_HEADERS = (
    "Content-Type, X-Api-Key, X-Api-Secret, X-Client-Secret, X-Csrf-Token, Idempotency-Key, "
    "Paygate-Scenario"
)
EXPOSED_HEADERS = "Idempotent-Replayed, Retry-After"
PREFLIGHT_AGE_S = 600


def register_middleware(app: Quart, *, origins: frozenset[str] = frozenset()) -> None:
    """Answer preflights, and put the standing headers on every answer.

    Args:
        app: Whose answers.
        origins: Of pages that may send a session's cookie along and read the answer.
    """

    @app.before_request
    async def preflight() -> Response | None:
        if request.method == "OPTIONS":
            return Response(status=204)
        return None

    @app.after_request
    async def standing_headers(response: Response) -> Response:
        # A foreign page may read what it gets without a session: it cannot send the
        # keys' headers on its own, and browsers keep the cookie from it.
        origin = request.headers.get("Origin", "")
        is_ours = origin in origins
        response.headers["Access-Control-Allow-Origin"] = origin if is_ours else "*"
        if is_ours:
            response.headers["Access-Control-Allow-Credentials"] = "true"
        response.vary.add("Origin")
        response.headers["Access-Control-Allow-Methods"] = ALLOWED_METHODS
        response.headers["Access-Control-Allow-Headers"] = ALLOWED_HEADERS
        response.headers["Access-Control-Expose-Headers"] = EXPOSED_HEADERS
        response.headers["Access-Control-Max-Age"] = str(PREFLIGHT_AGE_S)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers.setdefault("Cache-Control", "no-store")
        return response
