"""Record a call of a processor's plugin for the timeline, without secrets."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from ..clock import Clock
from ..errors import NotSentError
from ..money import Money
from ..outcome import ActionRequired, Approved, Declined, Outcome, Pending, Released, Unknown
from ..plugin_api.processor import AuthorizeRequest, FollowUp
from ..redaction import mask_secrets, redact_json
from .store import RecordedCall

Request = AuthorizeRequest | FollowUp
CallOutcome = Outcome | NotSentError


@dataclass(frozen=True, slots=True)
class PendingCall:
    """A call that is about to be made.

    Args:
        name: The plugin's method.
        request: Its argument.
        ask: Makes the call.
    """

    name: str
    request: Request
    ask: Callable[[], Awaitable[Outcome]]


async def record_call(pending: PendingCall, clock: Clock) -> tuple[CallOutcome, RecordedCall]:
    """Make the call; return its outcome and what may be stored of it.

    Secrets of the request are masked in the reason of the outcome, because it is stored,
    logged and shown.
    """
    started_at, began_s = clock.now(), time.monotonic()
    try:
        outcome: CallOutcome = await pending.ask()
    except NotSentError as error:
        outcome = error
    # Measured in real time, because the app's clock may be held.
    took_ms = round(1000 * (time.monotonic() - began_s))
    secrets = (pending.request.instrument.secret or {}).values()
    outcome = _mask_secrets(outcome, secrets)
    return outcome, RecordedCall(
        name=pending.name,
        started_at=started_at,
        took_ms=took_ms,
        given=request_to_json(pending.request),
        answer=outcome_to_json(outcome, secrets=secrets),
    )


def _mask_secrets(outcome: CallOutcome, secrets: Collection[str]) -> CallOutcome:
    match outcome:
        case Declined(processor_code=str(own_code)):
            return replace(outcome, processor_code=mask_secrets(own_code, secrets))
        case Unknown(reason=reason):
            return Unknown(mask_secrets(reason, secrets))
        case NotSentError(reason=reason, plugin=plugin):
            return NotSentError(mask_secrets(reason, secrets), plugin=plugin)
        case _:
            return outcome


def request_to_json(request: Request) -> Mapping[str, Any]:
    """Return what may be stored of a request: the displayed instrument, never its secret."""
    stored = {
        "payment_id": request.payment_id,
        **_plain_money(request.amount),
        "method": request.instrument.method,
        "flow": request.instrument.flow,
        "instrument": request.instrument.display,
    }
    match request:
        case AuthorizeRequest(capture=capture):
            stored |= {"capture": capture}
        case FollowUp(operation_id=operation_id, reference=reference, is_final=is_final):
            stored |= {"operation_id": operation_id, "reference": reference, "is_final": is_final}
    secrets = (request.instrument.secret or {}).values()
    safe: Mapping[str, Any] = redact_json(stored, secrets=secrets)
    return safe


def outcome_to_json(outcome: CallOutcome, *, secrets: Collection[str] = ()) -> Mapping[str, Any]:
    """Return what may be stored of an outcome: its class and its fields.

    Args:
        outcome: The outcome.
        secrets: Secrets of the request, which the plugin may have repeated.
    """
    fields = {"class": type(outcome).__name__, **_fields(outcome)}
    stored: Mapping[str, Any] = redact_json(fields, secrets=secrets)
    return stored


def _fields(outcome: CallOutcome) -> Mapping[str, Any]:
    match outcome:
        case Approved(reference=reference, amount=amount):
            return {"reference": reference, **_plain_money(amount)}
        case Declined(code=code, retry=retry, processor_code=own_code, shopper_message_key=key):
            fields = {"code": str(code), "retry": retry}
            return fields | {"processor_code": own_code, "shopper_message_key": key}
        case Unknown(reason=reason) | Released(reason=reason) | NotSentError(reason=reason):
            return {"reason": reason}
        case ActionRequired(action=action, data=data):
            return {"action": action, "data": data, **_waiting(outcome)}
        case Pending():
            return _waiting(outcome)


def _waiting(outcome: ActionRequired | Pending) -> Mapping[str, Any]:
    return {
        "resolve_after_s": _seconds(outcome.resolve_after),
        "expires_at": _iso(outcome.expires_at),
        # Only the keys: the values are the processor's own, and may be secret.
        "state_keys": sorted(outcome.state) if outcome.state is not None else None,
    }


def _plain_money(amount: Money) -> Mapping[str, Any]:
    return {"amount": amount.minor, "currency": amount.currency}


def _seconds(wait: timedelta) -> float:
    return wait.total_seconds()


def _iso(at: object) -> str | None:
    # The plugin may return any value; the host checks only what it uses.
    return at.isoformat() if isinstance(at, datetime) else None
