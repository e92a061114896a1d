"""The one table from what went wrong to what the client sees."""

from __future__ import annotations

import logging

from quart import Quart, Response
from werkzeug.exceptions import HTTPException

from ..errors import (
    AuthenticationError,
    ClientError,
    ForbiddenError,
    IdempotencyInProgressError,
    IdempotencyKeyReusedError,
    InfrastructureError,
    InvalidInputError,
    InvalidInstrumentError,
    NotFoundError,
    TooManyError,
    UnsupportedError,
)
from . import present
from .json_bodies import write
from .wire import answers as wire

log = logging.getLogger(__name__)

# The first class that matches decides, so the special ones stand first.
TABLE: tuple[tuple[type[Exception], int, str], ...] = (
    (AuthenticationError, 401, "AUTHENTICATION_ERROR"),
    (IdempotencyKeyReusedError, 422, "IDEMPOTENCY_KEY_REUSED"),
    (IdempotencyInProgressError, 409, "IDEMPOTENCY_IN_PROGRESS"),
    (ForbiddenError, 403, "FORBIDDEN"),
    (NotFoundError, 404, "NOT_FOUND_ERROR"),
    (TooManyError, 429, "RATE_LIMIT_ERROR"),
    (UnsupportedError, 422, "BAD_REQUEST_ERROR"),
    (ClientError, 400, "BAD_REQUEST_ERROR"),
    (InfrastructureError, 503, "SERVER_ERROR"),
)
RETRY_AFTER_S = 1


def json_response(body: object, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(write(body), status=status, content_type="application/json")


def register_errors(app: Quart) -> None:
    """Make the app answer every failure with the table."""
    for kind in (ClientError, InfrastructureError):
        app.register_error_handler(kind, known_error)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unknown)


async def known_error(error: Exception) -> Response:
    """Answer an error of ours."""
    status, shown = answer_to(error)
    response = json_response(shown, status)
    if isinstance(error, InfrastructureError | IdempotencyInProgressError | TooManyError):
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return response


def answer_to(error: Exception) -> tuple[int, wire.Error]:
    """The status and body for an error of ours."""
    status, code = next((s, c) for kind, s, c in TABLE if isinstance(error, kind))
    if isinstance(error, InfrastructureError):
        log.warning("answered %d: %s", status, error)
        return status, present.error(code=code, description="Temporarily unavailable, please retry")
    if isinstance(error, InvalidInstrumentError) and error.code != ClientError.code:
        # The method's own code, for example INVALID_VPA.
        code = error.code.upper()
    field = error.field if isinstance(error, InvalidInputError) else None
    return status, present.error(code=code, description=str(error), field=field)


async def _http(error: HTTPException) -> Response:
    """What the framework refuses before a route is reached."""
    status = error.code or 500
    if error.response is not None and status < 400:
        return error.response  # type: ignore[return-value]  # a redirect made by Quart's router
    code = {404: "NOT_FOUND_ERROR"}.get(
        status, "BAD_REQUEST_ERROR" if status < 500 else "SERVER_ERROR"
    )
    texts = {404: "Route not found", 413: "The body is too large", 408: "The body came too slowly"}
    description = texts.get(status, error.name)
    response = json_response(present.error(code=code, description=description), status)
    if status == 405 and getattr(error, "valid_methods", None):
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))  # type: ignore[attr-defined]  # of MethodNotAllowed
    return response


async def _unknown(error: Exception) -> Response:
    log.error("answered 500", exc_info=error)
    body = present.error(code="SERVER_ERROR", description="Internal server error")
    return json_response(body, 500)
