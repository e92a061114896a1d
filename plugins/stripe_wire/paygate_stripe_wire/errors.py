"""Errors in the dialect's shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paygate import WireRefusal, WireReply

BAD_REQUEST, UNAUTHORIZED, FAILED, FORBIDDEN, NOT_FOUND = 400, 401, 402, 403, 404
CONFLICT, UNPROCESSABLE, TOO_MANY, SERVER_ERROR, NOT_SUPPORTED = 409, 422, 429, 500, 501
UNEXPECTED_STATE = "payment_intent_unexpected_state"
CODES = {
    "order_not_payable": UNEXPECTED_STATE,
    "payment_link_ended": UNEXPECTED_STATE,
    "payment_link_in_use": UNEXPECTED_STATE,
    "payment_not_cancellable": UNEXPECTED_STATE,
    "payment_not_capturable": UNEXPECTED_STATE,
    "capture_exceeds_authorization": "amount_too_large",
    "rate_limited": "rate_limit",
}
"""paygate's reason → the dialect's code; it has none for many others."""
PARAMS = {"capture": "capture_method", "Paygate-Scenario": "payment_method"}
"""A field of paygate's request → the parameter it comes from, if that has another name."""


class StripeError(WireRefusal):
    """A refused request, with all fields of its error.

    Args:
        status: The HTTP status.
        message: One sentence for people.
        type: The type of error.
        code: The code for programs.
        param: The parameter that is wrong.
        more: Further fields of the error, such as ``decline_code``.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        type: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(status, "STRIPE", message, reason=code, field=param)
        self.error: dict[str, Any] = {"type": type, "message": message}
        if code is not None:
            self.error["code"] = code
        if param is not None:
            self.error["param"] = param
        self.error.update(more or {})


def missing(thing: str, id: str, *, param: str = "id") -> StripeError:
    """Return the refusal of a request that names something that does not exist."""
    return StripeError(
        NOT_FOUND if param == "id" else BAD_REQUEST,
        f"No such {thing}: '{id[:100]}'",
        code="resource_missing",
        param=param,
    )


def unknown_parameter(name: str) -> StripeError:
    """Return the refusal of a parameter that the dialect does not support."""
    return StripeError(
        BAD_REQUEST,
        f"Received unknown parameter: {name[:100]} (paygate does not support it)",
        code="parameter_unknown",
        param=name[:100],
    )


def busy() -> StripeError:
    """Return the refusal of a request that another one got ahead of."""
    return StripeError(
        CONFLICT, "Another request changes this object now: try again", code="lock_timeout"
    )


def refuse(refusal: WireRefusal) -> WireReply:
    """Return a refusal as ``{"error": {…}}``."""
    if isinstance(refusal, StripeError):
        return WireReply({"error": refusal.error}, refusal.status)
    status, reason = refusal.status, refusal.reason or ""
    hint = f". {refusal.hint}" if refusal.hint else ""
    message = f"{refusal.description}{hint}"
    error: dict[str, Any] = {"type": "invalid_request_error", "message": message}
    headers: dict[str, str] = {}
    if reason == "idempotency_key_reused":
        status = BAD_REQUEST
        error |= {"type": "idempotency_error"}
    elif reason == "idempotency_in_progress":
        error |= {"type": "idempotency_error", "code": "idempotency_key_in_use"}
    elif status == UNAUTHORIZED:
        error["message"] = "Invalid API key: it is sk_test_<api key>:<api secret>"
    elif status == NOT_FOUND:
        error["code"] = "resource_missing"
    elif status == NOT_SUPPORTED:
        error |= {"type": "api_error", "code": "not_supported"}
        # No retry makes a difference.
        headers["Stripe-Should-Retry"] = "false"
    elif status >= SERVER_ERROR:
        error["type"] = "api_error"
        status = SERVER_ERROR
    elif status == UNPROCESSABLE:
        status = BAD_REQUEST
    if reason in CODES:
        error["code"] = CODES[reason]
    if refusal.field is not None:
        error["param"] = PARAMS.get(refusal.field, refusal.field)
        if refusal.field == "amount" and "at least" in refusal.description:
            error["code"] = "amount_too_small"
        elif refusal.field == "amount" and "at most" in refusal.description:
            error["code"] = "amount_too_large"
    return WireReply({"error": error}, status, headers)
