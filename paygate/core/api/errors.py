"""Map errors to responses, and record refused access."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from traceback import extract_tb

from quart import Quart, Response, g, request
from werkzeug.exceptions import HTTPException

from ..accounts.audit import actor_of
from ..accounts.model import Caller
from ..accounts.refusals import Refusal
from ..deps import Deps
from ..errors import (
    INVALID_CREDENTIALS,
    AuthenticationError,
    ClientError,
    CredentialsMissingError,
    ForbiddenError,
    ForeignPageError,
    IdempotencyInProgressError,
    IdempotencyKeyReusedError,
    InfrastructureError,
    InvalidInputError,
    InvalidInstrumentError,
    NotFoundError,
    PaygateError,
    PluginError,
    TooManyError,
    UnsupportedError,
)
from .bodies import write
from .shapes import ErrorJson, error_to_json

log = logging.getLogger(__name__)

# The first matching class decides, so subclasses come first.
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
REASONS: Mapping[int, str] = {
    404: "route_not_found",
    405: "method_not_allowed",
    408: "body_too_slow",
    413: "body_too_large",
}
"""The reasons of errors that the framework finds, by status; any other is ``invalid_http``."""
REASON = "Paygate-Reason"
"""The header with the reason of an error: not every body has it."""
PAYGATE = str(Path(__file__).parents[2])
PLACES_MAX = 3
API_KEYS = 'ApiKey realm="paygate", headers="X-Api-Key, X-Api-Secret"'
RETRY_AFTER_S = 1


def json_response(body: object, status: int = 200) -> Response:
    """Return a JSON response."""
    return Response(write(body), status=status, content_type="application/json")


def register_errors(app: Quart) -> None:
    """Register the table of error responses."""
    for kind in (ClientError, InfrastructureError):
        app.register_error_handler(kind, paygate_error)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unknown)


async def paygate_error(error: PaygateError) -> Response:
    """Return the response to a paygate error."""
    status, shown = answer_to(error)
    response = json_response(shown, status)
    response.headers[REASON] = reason_of(error)
    if isinstance(error, CredentialsMissingError):
        response.headers["WWW-Authenticate"] = API_KEYS
    if isinstance(error, InfrastructureError | IdempotencyInProgressError | TooManyError):
        response.headers["Retry-After"] = str(getattr(error, "retry_after_s", RETRY_AFTER_S))
    return response


def answer_to(error: PaygateError) -> tuple[int, ErrorJson]:
    """Return the status and body for a paygate error."""
    status, code = next((s, c) for kind, s, c in TABLE if isinstance(error, kind))
    if isinstance(error, InfrastructureError):
        log.warning("answered %d: %s", status, error)
        description = "Temporarily unavailable, please retry"
        return status, error_to_json(code=code, description=description, reason=reason_of(error))
    if isinstance(error, InvalidInstrumentError) and error.code != InvalidInputError.code:
        # The payment method's own code, for example INVALID_VPA.
        code = error.code.upper()
    field = error.field if isinstance(error, InvalidInputError) else None
    return status, error_to_json(
        code=code,
        description=str(error),
        # Clients of other gateways compare this body as a whole.
        reason=None if str(error) == INVALID_CREDENTIALS else reason_of(error),
        field=field,
        hint=error.hint,
    )


def reason_of(error: PaygateError) -> str:
    """Return the reason of an error, for programs."""
    # What is wrong with the installation is not for clients.
    return InfrastructureError.code if isinstance(error, InfrastructureError) else error.code


def place_in_plugin(error: PluginError) -> str:
    """Return where a plugin failed, for its author's log: the first lines of code outside paygate.

    Empty if the plugin raised nothing: it was late, or its result was refused.
    """
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    outside = [
        f"{Path(each.filename).name}:{each.lineno} in {each.name}"
        for each in extract_tb(cause.__traceback__)
        if not each.filename.startswith(PAYGATE)
    ]
    return f" at {', '.join(outside[:PLACES_MAX])}" if outside else ""


async def _http(error: HTTPException) -> Response:
    """Return the response to an error of the framework."""
    status = error.code or 500
    if error.response is not None and status < 400:
        return error.response  # type: ignore[return-value]  # a redirect made by Quart's router
    code = {404: "NOT_FOUND_ERROR"}.get(
        status, "BAD_REQUEST_ERROR" if status < 500 else "SERVER_ERROR"
    )
    texts = {
        404: "Route not found",
        413: "The body is too large",
        408: "The body was sent too slowly",
    }
    description = texts.get(status, error.name)
    reason = REASONS.get(status, "invalid_http")
    response = json_response(
        error_to_json(code=code, description=description, reason=reason), status
    )
    response.headers[REASON] = reason
    if status == 405 and getattr(error, "valid_methods", None):
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))  # type: ignore[attr-defined]  # of MethodNotAllowed
    return response


async def _unknown(error: Exception) -> Response:
    log.error("answered 500", exc_info=error)
    body = error_to_json(
        code="SERVER_ERROR", description="Internal server error", reason="internal_error"
    )
    response = json_response(body, 500)
    response.headers[REASON] = "internal_error"
    return response


def register_refusals(app: Quart, deps: Deps) -> None:
    """Log every 403 response: a role that is too low, or a foreign page.

    The caller is known if its role is too low. A foreign page is refused earlier; the user
    of the session is looked up for the log.
    """

    async def foreign_page(error: ForeignPageError) -> Response:
        reason = "a page of another origin, or without its CSRF token"
        deps.refusals.count(_refusal("csrf.refused", reason, g.get("claimed")))
        return await paygate_error(error)

    async def forbidden(error: ForbiddenError) -> Response:
        caller: Caller | None = g.get("caller")
        if caller is not None:
            deps.refusals.count(_refusal("role.refused", str(error), caller))
        return await paygate_error(error)

    app.register_error_handler(ForeignPageError, foreign_page)
    app.register_error_handler(ForbiddenError, forbidden)


def _refusal(action: str, reason: str, caller: Caller | None) -> Refusal:
    if caller is None:
        return Refusal(action, reason, request.remote_addr)
    # Not the path: its ids come from the caller.
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
