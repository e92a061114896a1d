"""A call of a processor's plugin, stored for the time line without what must not be stored."""

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
Answer = Outcome | NotSentError


@dataclass(frozen=True, slots=True)
class Question:
    """One call that is about to be made.

    Args:
        name: Of the plugin's method.
        request: What it is given.
        ask: Makes the call.
    """

    name: str
    request: Request
    ask: Callable[[], Awaitable[Outcome]]


async def recorded(question: Question, clock: Clock) -> tuple[Answer, RecordedCall]:
    """Make the call; what came back, and what may be stored of it.

    Whatever reason the answer gives no longer repeats what the plugin was told in
    confidence: it is noted, logged and shown.
    """
    started_at, began_s = clock.now(), time.monotonic()
    try:
        answer: Answer = await question.ask()
    except NotSentError as error:
        answer = error
    # The app's own clock may stand still, and a plugin is slow all the same.
    took_ms = round(1000 * (time.monotonic() - began_s))
    secrets = (question.request.instrument.secret or {}).values()
    answer = _discreet(answer, secrets)
    return answer, RecordedCall(
        name=question.name,
        started_at=started_at,
        took_ms=took_ms,
        given=given(question.request),
        answer=answered(answer, secrets=secrets),
    )


def _discreet(answer: Answer, secrets: Collection[str]) -> Answer:
    match answer:
        case Declined(processor_code=str(theirs)):
            return replace(answer, processor_code=mask_secrets(theirs, secrets))
        case Unknown(reason=reason):
            return Unknown(mask_secrets(reason, secrets))
        case NotSentError(reason=reason, plugin=plugin):
            return NotSentError(mask_secrets(reason, secrets), plugin=plugin)
        case _:
            return answer


def given(request: Request) -> Mapping[str, Any]:
    """What of a request may be stored: its instrument as it is displayed, never its secret."""
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


def answered(answer: Answer, *, secrets: Collection[str] = ()) -> Mapping[str, Any]:
    """What of an answer may be stored: its class and its fields.

    Args:
        answer: What came back.
        secrets: What the plugin was told in confidence, and may have repeated.
    """
    fields = {"class": type(answer).__name__, **_fields(answer)}
    stored: Mapping[str, Any] = redact_json(fields, secrets=secrets)
    return stored


def _fields(answer: Answer) -> Mapping[str, Any]:
    match answer:
        case Approved(reference=reference, amount=amount):
            return {"reference": reference, **_plain_money(amount)}
        case Declined(code=code, retry=retry, processor_code=theirs, shopper_message_key=key):
            said = {"code": str(code), "retry": retry}
            return said | {"processor_code": theirs, "shopper_message_key": key}
        case Unknown(reason=reason) | Released(reason=reason) | NotSentError(reason=reason):
            return {"reason": reason}
        case ActionRequired(action=action, data=data):
            return {"action": action, "data": data, **_waiting(answer)}
        case Pending():
            return _waiting(answer)


def _waiting(answer: ActionRequired | Pending) -> Mapping[str, Any]:
    return {
        "resolve_after_s": _seconds(answer.resolve_after),
        "expires_at": _iso(answer.expires_at),
        # Only what it is about: a state is the processor's own, and may hold anything.
        "state_keys": sorted(answer.state) if answer.state is not None else None,
    }


def _plain_money(amount: Money) -> Mapping[str, Any]:
    return {"amount": amount.minor, "currency": amount.currency}


def _seconds(wait: timedelta) -> float:
    return wait.total_seconds()


def _iso(at: object) -> str | None:
    # A plugin may have put anything there; the host checks only what it uses.
    return at.isoformat() if isinstance(at, datetime) else None
