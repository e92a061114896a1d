"""What an answer of the bank means.

Three endings must not be confused. *Declined*: the bank has decided against it. *Not sent*: it was
certainly never executed, and may be sent again. *Unknown*: everything else. Only the answers that
are listed here are definite.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from paygate import (
    ActionRequired,
    Approved,
    DeclineCode,
    Declined,
    HttpResponse,
    Money,
    NotSentError,
    Outcome,
    Pending,
    Released,
    Unknown,
)

DECLINES = {
    "14": Declined(DeclineCode.INVALID_INSTRUMENT),
    "17": Declined(DeclineCode.PAYER_REJECTED, retry="same_instrument"),
    "51": Declined(DeclineCode.INSUFFICIENT_FUNDS),
    "54": Declined(DeclineCode.EXPIRED_INSTRUMENT),
    "55": Declined(DeclineCode.AUTHENTICATION_FAILED, retry="same_instrument"),
    "59": Declined(DeclineCode.SUSPECTED_FRAUD, retry="never"),
    "61": Declined(DeclineCode.LIMIT_EXCEEDED, retry="later"),
    "62": Declined(DeclineCode.BLOCKED_INSTRUMENT),
    "68": Declined(DeclineCode.PAYER_TIMED_OUT, retry="same_instrument"),
    "91": Declined(DeclineCode.ISSUER_UNAVAILABLE, retry="later"),
    "96": Declined(DeclineCode.PROCESSING_ERROR, retry="later"),
}
"""The bank's response codes. Any other one is a plain decline."""

REFUSED = {"invalid_request", "no_charge", "not_approved", "wrong_currency", "amount_too_large"}
"""Errors with which the bank says that it does not execute this request, now or later."""

ACTIONS: Mapping[str, Literal["three_ds", "otp"]] = {"three_ds": "three_ds", "otp": "otp"}
"""What the bank may ask of a card's holder."""


def call_outcome(response: HttpResponse, operation_id: str) -> Outcome:
    """Return the outcome of a request that moves money."""
    content = _content(response)
    if response.status == 200:
        return _own_outcome(content, operation_id)
    error = _error_code(content)
    if response.status in {400, 422} and error in REFUSED:
        return Declined(DeclineCode.PROCESSING_ERROR, processor_code=error)
    # A 500, a proxy's page, a wrong API key: a query finds out whether anything happened.
    return Unknown(f"the bank has answered {response.status} {error}".rstrip())


def query_outcome(response: HttpResponse, operation_id: str) -> Outcome:
    """Return the outcome of an operation that was queried.

    Raises:
        NotSentError: The bank has not executed it.
    """
    content = _content(response)
    if response.status == 200:
        return _own_outcome(content, operation_id)
    error = _error_code(content)
    # The code counts and not the status: a proxy answers 404 too.
    if response.status == 404 and error == "not_found":
        raise NotSentError("the bank has not executed it", plugin="http_bank")
    return Unknown(f"the bank has answered a query with {response.status} {error}".rstrip())


def operation_outcome(operation: Mapping[str, Any]) -> Outcome:
    """Convert an operation of the bank, from an answer or a callback."""
    match operation:
        case {
            "status": "approved",
            "id": str(id),
            "amount": int(minor),
            "currency": str(currency),
            "reference": str(reference),
        }:
            # What the bank has approved, not what was asked for: the host compares.
            return Approved(id, Money(minor, currency), operation_id=reference)
        case {"status": "declined", "response_code": str(code)}:
            decline = DECLINES.get(code, Declined(DeclineCode.DECLINED))
            return Declined(decline.code, decline.retry, processor_code=code)
        case {"status": "pending", "check_after_s": int() | float() as seconds}:
            return Pending(timedelta(seconds=seconds))
        case {
            "status": "action_required",
            "action": str(action),
            "expires_at": str(text),
            "check_after_s": int() | float() as seconds,
        } if action in ACTIONS:
            expires_at, wait = datetime.fromisoformat(text), timedelta(seconds=seconds)
            return ActionRequired(ACTIONS[action], expires_at, resolve_after=wait)
        case {"status": "expired"}:
            return Released("the bank has released the held money")
    return Unknown("the bank's answer cannot be parsed, or it does not know either")


def _own_outcome(operation: Mapping[str, Any], operation_id: str) -> Outcome:
    if operation.get("reference") != operation_id:
        return Unknown("the bank has answered about another operation")
    return operation_outcome(operation)


def _content(response: HttpResponse) -> Mapping[str, Any]:
    """Return the parsed body; empty if it is incomplete or not a JSON object."""
    try:
        content = None if response.is_truncated else json.loads(response.body)
    except (ValueError, RecursionError):
        content = None
    return content if isinstance(content, dict) else {}


def _error_code(content: Mapping[str, Any]) -> str:
    match content:
        case {"error": {"code": str(code)}}:
            return code
    return ""
