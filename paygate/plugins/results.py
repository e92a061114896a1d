"""Checks of single fields that a plugin returns.

Each function except ``did_you_mean`` and ``quoted`` raises ``PluginContractError`` with a
sentence that names the field.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import Any, get_args

from ..core.errors import InvalidInputError, PluginContractError, PluginError
from ..core.instrument import Instrument
from ..core.limits import (
    ATTEMPT_HEADER_CHARS_MAX,
    ATTEMPT_HEADERS_MAX,
    PLUGIN_STATE_BYTES_MAX,
    PLUGIN_TEXT_CHARS_MAX,
    RESPONSE_BYTES_STORED_MAX,
    RETRY_AFTER_MAX,
    TEXT_CHARS_MAX,
    WAKE_UP_MAX,
)
from ..core.money import Money
from ..core.outcome import (
    ActionKind,
    ActionRequired,
    Approved,
    DeclineCode,
    Declined,
    Outcome,
    Pending,
    Released,
    RetryAdvice,
    Unknown,
)
from ..core.payments.operation import OperationKind
from ..core.plugin_api.method import MethodInfo
from ..core.plugin_api.plugin import WakeUp
from ..core.redaction import mask_named, mask_secrets, mask_state
from ..core.webhooks.model import DeliveryResult

# Any offset and any sum with a wait stays in the range of Python and PostgreSQL.
YEAR_MIN, YEAR_MAX = 2000, 9000
QUOTED_CHARS_MAX = 60


def quoted(value: object) -> str:
    """Return a short ``repr``; the type's name if ``repr`` fails."""
    try:
        written = repr(value)
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - the value's own code may raise anything
        return f"a {type(value).__name__}"
    return written if len(written) <= QUOTED_CHARS_MAX else f"{written[:QUOTED_CHARS_MAX]}…"


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """Return a hint with the nearest known word, or with all of them."""
    words = sorted(str(each) for each in known)
    near = get_close_matches(word, words, n=1) if isinstance(word, str) else []
    return f"did you mean {near[0]!r}?" if near else f"use one of {', '.join(words) or 'none'}"


def one_of(value: object, known: Iterable[str], field: str) -> None:
    """Require a word of a list."""
    words = tuple(known)
    if not isinstance(value, str) or value not in words:
        raise PluginContractError(f"{field} is {quoted(value)}; {did_you_mean(value, words)}")


def usable_wait(wait: object, field: str, *, longest: timedelta) -> timedelta:
    """Return the wait if it is from zero to ``longest``."""
    if not isinstance(wait, timedelta):
        raise PluginContractError(f"{field} is {quoted(wait)}, not a timedelta")
    if not timedelta(0) <= wait <= longest:
        raise PluginContractError(
            f"{field} is {wait.total_seconds():.15g} s, not between 0 s and {longest.days} days"
        )
    return wait


def utc_moment(at: object, field: str) -> datetime:
    """Return the time in UTC if it has a time zone and can be stored."""
    if not isinstance(at, datetime):
        raise PluginContractError(f"{field} is {quoted(at)}, not a datetime")
    if at.utcoffset() is None:
        raise PluginContractError(f"{field} has no time zone; use UTC")
    if not YEAR_MIN <= at.year <= YEAR_MAX:
        raise PluginContractError(f"{field} is in the year {at.year}")
    return at.astimezone(UTC)


def plain_json(value: object, field: str) -> Mapping[str, Any]:
    """Return the mapping as a JSON column returns it."""
    if not isinstance(value, Mapping):
        raise PluginContractError(f"{field} is {quoted(value)}, not a mapping")
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
        size_bytes = len(text.encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise PluginContractError(f"{field} is not plain JSON") from error
    if size_bytes > PLUGIN_STATE_BYTES_MAX:
        raise PluginContractError(
            f"{field} takes {size_bytes} bytes of JSON, the maximum is {PLUGIN_STATE_BYTES_MAX}"
        )
    if "\\u0000" in text:
        raise PluginContractError(f"{field} holds a NUL character, which cannot be stored")
    plain: Mapping[str, Any] = json.loads(text)
    return plain


WAIT_MAX = timedelta(days=30)
SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})
"""Request headers with which a sink may authenticate; their values are not stored."""

# Field names of this form keep their order when a JavaScript program writes the JSON again.
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,39}")


def checked_outcome(
    answer: object,
    asked: Money,
    kind: OperationKind,
    operation_id: str,
    *,
    by_callback: bool = False,
) -> Outcome:
    """Return the outcome if it is valid, as a copy that the plugin cannot change.

    Args:
        answer: What the plugin returned.
        asked: The operation's amount.
        kind: The operation's kind.
        operation_id: The operation's id.
        by_callback: Whether it comes from a callback; only callbacks may return ``Released``.

    Raises:
        PluginContractError: A field is wrong; the operation is treated as unknown.
    """
    match answer:
        case Approved():
            return _approved(answer, asked, kind, operation_id)
        case Declined():
            return _declined(answer)
        case Unknown():
            return Unknown(_reason(answer))
        case Released() if by_callback:
            return Released(_reason(answer))
        case Released():
            raise PluginContractError("returned Released, which only a callback may return")
        case Pending():
            return Pending(*_waiting(answer))
        case ActionRequired():
            return _action(answer)
        case _:
            raise PluginContractError(f"returned {type(answer).__name__}, not an Outcome")


def _reason(answer: Unknown | Released) -> str:
    reason: object = answer.reason
    if not isinstance(reason, str):
        name = type(answer).__name__
        raise PluginContractError(f"{name}.reason is {quoted(reason)}, not a text")
    return shown(reason)


def _approved(answer: Approved, asked: Money, kind: OperationKind, operation_id: str) -> Approved:
    # The values come from a plugin and may have any type.
    amount: object = answer.amount
    reference: object = answer.reference
    operation_of_answer = answer.operation_id
    if operation_of_answer is not None and operation_of_answer != operation_id:
        raise PluginContractError("returned the outcome of another operation")
    if not isinstance(amount, Money):
        raise PluginContractError(f"Approved.amount is {quoted(amount)}, not a Money")
    if amount.currency != asked.currency or amount > asked or not amount:
        raise PluginContractError(f"approved {amount} of {asked}")
    if kind is not OperationKind.CHARGE and amount != asked:
        # Approved or declined: partly executed refunds and captures are not supported.
        raise PluginContractError(f"{kind} of {asked} was done for {amount}")
    if not isinstance(reference, str) or not 0 < len(reference) <= TEXT_CHARS_MAX:
        raise PluginContractError("approved without a valid reference")
    if not reference.isprintable():
        raise PluginContractError("approved with a reference that cannot be printed")
    return Approved(reference, amount, operation_of_answer)


def _declined(answer: Declined) -> Declined:
    code: object = answer.code
    own_code, key = answer.processor_code, answer.shopper_message_key
    if not isinstance(code, DeclineCode):
        hint = did_you_mean(code, DeclineCode)
        raise PluginContractError(f"Declined.code is {quoted(code)}, not a DeclineCode; {hint}")
    one_of(answer.retry, get_args(RetryAdvice), "Declined.retry")
    texts: dict[str, object] = {"processor_code": own_code, "shopper_message_key": key}
    for field, value in texts.items():
        if not isinstance(value, str | None):
            raise PluginContractError(f"Declined.{field} is {quoted(value)}, not a text")
    return Declined(code, answer.retry, own_code and shown(own_code), key and shown(key))


Waiting = tuple[timedelta, datetime | None, Mapping[str, Any] | None]


def _waiting(answer: Pending | ActionRequired) -> Waiting:
    """Check times and state."""
    name = type(answer).__name__
    wait = usable_wait(answer.resolve_after, f"{name}.resolve_after", longest=WAIT_MAX)
    until, state = answer.expires_at, answer.state
    return (
        wait,
        None if until is None else utc_moment(until, f"{name}.expires_at"),
        None if state is None else plain_json(state, f"{name}.state"),
    )


def _action(answer: ActionRequired) -> ActionRequired:
    """Return the action if a page can show it."""
    one_of(answer.action, get_args(ActionKind), "ActionRequired.action")
    wait, until, state = _waiting(answer)
    if until is None:
        raise PluginContractError("ActionRequired.expires_at is missing")
    data = plain_json(answer.data, "ActionRequired.data")
    if not all(isinstance(value, str) for value in data.values()):
        raise PluginContractError("ActionRequired.data holds something that is not a text")
    return ActionRequired(answer.action, until, data, wait, state)


def is_usable_wait(wait: object) -> bool:
    """Check whether a retry policy may return this wait."""
    return isinstance(wait, timedelta) and timedelta(0) <= wait <= WAIT_MAX


def checked_wake_up(asked: object) -> WakeUp:
    """Return the wake-up if it can be stored, as a copy that the plugin cannot change.

    Raises:
        PluginContractError: A field is wrong.
    """
    if not isinstance(asked, WakeUp):
        raise PluginContractError(f"wake_ups holds {quoted(asked)}, not a WakeUp")
    after = usable_wait(asked.after, "wake_me(after)", longest=WAKE_UP_MAX)
    return WakeUp(after, plain_json(asked.state, "wake_me(state)"))


def checked_instrument(prepared: object, info: MethodInfo) -> Instrument:
    """Return the instrument if it belongs to the method and can be stored.

    Raises:
        PluginContractError: It does not, or cannot.
    """
    if not isinstance(prepared, Instrument) or prepared.method != info.code:
        raise PluginContractError("prepared no instrument of its own", plugin=info.code)
    if not isinstance(prepared.flow, str) or prepared.flow not in info.flows:
        raise PluginContractError(
            f"prepared the undeclared flow {quoted(prepared.flow)}", plugin=info.code
        )
    secret = prepared.secret
    for field, value in {
        "display": prepared.display,
        "secret": {} if secret is None else secret,
    }.items():
        if not _is_storable(value):
            raise PluginContractError(f"prepared a {field} that cannot be stored", plugin=info.code)
    if prepared.scenario is not None and not _is_storable_text(prepared.scenario):
        raise PluginContractError("prepared a scenario that is not a name", plugin=info.code)
    kept = None if secret is None else dict(secret)
    return Instrument(
        prepared.method, prepared.flow, dict(prepared.display), kept, prepared.scenario
    )


def checked_refusal(raised: InvalidInputError, info: MethodInfo) -> InvalidInputError:
    """Return the input error of a payment method if it can be shown to the caller.

    Raises:
        PluginContractError: A field of it is not a text.
    """
    texts = {"reason": raised.reason, "code": raised.code}
    if raised.field is not None:
        texts["field"] = raised.field
    for field, value in texts.items():
        if not isinstance(value, str) or not value:
            raise PluginContractError(
                f"raised {type(raised).__name__} whose {field} is {quoted(value)}, not a text",
                plugin=info.code,
            )
    return raised


def _is_storable(fields: object) -> bool:
    return isinstance(fields, Mapping) and all(
        isinstance(name, str) and _FIELD.fullmatch(name) and _is_storable_text(value)
        for name, value in fields.items()
    )


def _is_storable_text(value: object) -> bool:
    if not isinstance(value, str) or len(value) > TEXT_CHARS_MAX or "\0" in value:
        return False
    # Half of a surrogate pair cannot be encoded.
    return value.encode(errors="ignore").decode() == value


def checked_result(answer: object) -> DeliveryResult:
    """Return the result of a delivery attempt, in a form that can be stored.

    Raises:
        PluginContractError: It is invalid; the attempt has failed.
    """
    match answer:
        case DeliveryResult(
            delivered=bool(),
            status_code=int() | None as status,
            body=str() | None as body,
            error=str() | None as error,
            retry_after=timedelta() | None as retry_after,
            request_headers=Mapping() as sent,
        ) if status is None or 100 <= status <= 599:
            return replace(
                answer,
                body=_kept(body),
                error=error and shown(error),
                retry_after=retry_after and _bounded(retry_after),
                request_headers=_kept_headers(sent),
            )
        case _:
            raise PluginContractError(f"returned {type(answer).__name__}, not a valid result")


def _bounded(asked: timedelta) -> timedelta:
    """Limit a wait that the receiver asked for: an extreme value is not an error of the plugin."""
    return min(max(asked, timedelta(0)), RETRY_AFTER_MAX)


def _kept_headers(sent: Mapping[Any, Any]) -> dict[str, str]:
    """Return a limited number of headers that PostgreSQL can store; secrets are masked."""
    kept = [
        (name, value)
        for name, value in list(sent.items())[:ATTEMPT_HEADERS_MAX]
        if isinstance(name, str) and isinstance(value, str)
    ]
    return {
        _one_line(name): "[redacted]" if name.lower() in SECRET_HEADERS else _one_line(value)
        for name, value in kept
    }


def _one_line(text: str) -> str:
    short = text[:ATTEMPT_HEADER_CHARS_MAX]
    if short.isprintable():
        return short
    return "".join(char if char.isprintable() else " " for char in short)


def _kept(body: str | None) -> str | None:
    if body is None:
        return None
    clean = body.replace("\0", "").encode(errors="replace")
    return clean[:RESPONSE_BYTES_STORED_MAX].decode(errors="ignore")


def without_secrets(answer: Outcome, secrets: Collection[str]) -> Outcome:
    """Return the outcome without secrets of the request or the settings, to be stored."""
    match answer:
        case Unknown(reason=reason):
            return Unknown(mask_secrets(reason, secrets))
        case Declined(processor_code=str(own_code)):
            return replace(answer, processor_code=mask_secrets(own_code, secrets))
        case Pending(state=state) | ActionRequired(state=state) if state is not None:
            return replace(answer, state=mask_state(state, secrets))
        case _:
            return answer


def without_keys(result: DeliveryResult, keys: Collection[str]) -> DeliveryResult:
    """Return the result without webhook secrets: roles that may not see them see the result."""
    return replace(
        result,
        body=result.body and mask_secrets(result.body, keys),
        error=result.error and mask_secrets(result.error, keys),
        request_headers={
            name: mask_secrets(value, keys) for name, value in result.request_headers.items()
        },
    )


def words(error: BaseException) -> str:
    """Return the message of a plugin's exception, as text that can be stored and shown."""
    try:
        if isinstance(error, PluginError):
            return shown(error.reason)
        message = str(error)
        return shown(f"raised {type(error).__name__}" + (f": {message}" if message else ""))
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - ``__str__`` is the plugin's code
        return f"raised {type(error).__name__}"


def shown(text: str) -> str:
    """Return one limited line without card numbers and named secrets."""
    # Cut before, so that a huge text costs nothing, and after masking.
    short = text[: 2 * PLUGIN_TEXT_CHARS_MAX]
    line = "".join(char if char.isprintable() else " " for char in short)
    return mask_named(line)[:PLUGIN_TEXT_CHARS_MAX]
