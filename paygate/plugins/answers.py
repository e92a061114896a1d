"""What a guest may answer: the checks, and the words it is quoted with."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, get_args

from ..core.domain.delivery import DeliveryResult
from ..core.domain.errors import PluginContractError, PluginError
from ..core.domain.instrument import Instrument
from ..core.domain.limits import (
    ATTEMPT_HEADER_CHARS_MAX,
    ATTEMPT_HEADERS_MAX,
    PLUGIN_STATE_BYTES_MAX,
    PLUGIN_TEXT_CHARS_MAX,
    RESPONSE_BYTES_KEPT_MAX,
    TEXT_CHARS_MAX,
)
from ..core.domain.money import Money
from ..core.domain.operation import OperationKind
from ..core.domain.outcome import (
    ActionKind,
    ActionRequired,
    Approved,
    DeclineCode,
    Declined,
    Outcome,
    Pending,
    Released,
    Unknown,
)
from ..core.domain.redaction import redact
from ..core.ports.plugins import MethodInfo

WAIT_MAX = timedelta(days=30)
SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})
"""Headers by which a sink may prove who it is; what they say is not kept."""
# Names of this shape keep their place when a JavaScript reader writes them again.
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,39}")


def checked_outcome(
    answer: object, asked: Money, kind: OperationKind, operation_id: str
) -> Outcome:
    """The answer, if it is one: a copy that the guest cannot change any more.

    Raises:
        PluginContractError: It is junk; the operation is treated as unknown.
    """
    match answer:
        case Approved(reference=str(reference), amount=Money() as amount):
            if answer.operation_id not in {None, operation_id}:
                raise PluginContractError("answered for another operation")
            if amount.currency != asked.currency or amount > asked or not amount:
                raise PluginContractError(f"approved {amount} of {asked}")
            if kind is not OperationKind.CHARGE and amount != asked:
                # Done or declined: nobody keeps account of half a refund or capture.
                raise PluginContractError(f"{kind} of {asked} was done for {amount}")
            if not 0 < len(reference) <= TEXT_CHARS_MAX or not reference.isprintable():
                raise PluginContractError("approved without a usable reference")
            return answer
        case Declined(code=DeclineCode(), processor_code=str() | None as theirs):
            return replace(answer, processor_code=theirs and shown(theirs))
        case Unknown(reason=str(reason)):
            return Unknown(shown(reason))
        case Released(reason=str(reason)):
            return Released(shown(reason))
        case (
            Pending(resolve_after=timedelta() as wait, state=state)
            | ActionRequired(resolve_after=timedelta() as wait, state=state)
        ):
            if not is_usable_wait(wait):
                raise PluginContractError(f"asked to wait {wait}")
            if isinstance(answer, ActionRequired):
                _check_action(answer)
            return replace(answer, state=_plain(state))
        case _:
            raise PluginContractError(f"answered with {type(answer).__name__}, not an Outcome")


def _check_action(action: ActionRequired) -> None:
    """Refuse an act that no page can show.

    Raises:
        PluginContractError: It is one.
    """
    if action.action not in get_args(ActionKind):
        raise PluginContractError(f"asked the shopper to {action.action!r}")
    if not isinstance(action.expires_at, datetime) or action.expires_at.tzinfo is None:
        raise PluginContractError("its action expires at no moment in UTC")
    plain = _plain(action.data) or {}
    if not all(isinstance(value, str) for value in plain.values()):
        raise PluginContractError("its action's data are not texts")


def is_usable_wait(wait: object) -> bool:
    """Whether somebody can wait that long."""
    return isinstance(wait, timedelta) and timedelta(0) <= wait <= WAIT_MAX


def _plain(state: object) -> Mapping[str, Any] | None:
    """The state as it comes back from a JSON column."""
    if state is None:
        return None
    if not isinstance(state, Mapping):
        raise PluginContractError("its state is not a mapping")
    try:
        text = json.dumps(state, allow_nan=False, ensure_ascii=False)
        size_bytes = len(text.encode())
    except (TypeError, ValueError) as error:
        raise PluginContractError("its state is not plain JSON") from error
    if size_bytes > PLUGIN_STATE_BYTES_MAX or "\\u0000" in text:
        raise PluginContractError("its state cannot be stored")
    plain: Mapping[str, Any] = json.loads(text)
    return plain


def checked_instrument(prepared: object, info: MethodInfo) -> Instrument:
    """The instrument, if it is one of this method that can be stored.

    Raises:
        PluginContractError: It is not.
    """
    if not isinstance(prepared, Instrument) or prepared.method != info.code:
        raise PluginContractError("prepared no instrument of its own", plugin=info.code)
    if prepared.flow not in info.flows:
        raise PluginContractError(
            f"prepared the undeclared flow {prepared.flow!r}", plugin=info.code
        )
    if not _is_storable(prepared.display) or not _is_storable(prepared.secret or {}):
        raise PluginContractError("prepared what cannot be stored", plugin=info.code)
    return replace(prepared, display=dict(prepared.display))


def _is_storable(fields: object) -> bool:
    return isinstance(fields, Mapping) and all(
        isinstance(name, str) and _FIELD.fullmatch(name) and _is_storable_text(value)
        for name, value in fields.items()
    )


def _is_storable_text(value: object) -> bool:
    if not isinstance(value, str) or len(value) > TEXT_CHARS_MAX or "\0" in value:
        return False
    # Half a surrogate pair is text to Python and to nobody else.
    return value.encode(errors="ignore").decode() == value


def checked_result(answer: object) -> DeliveryResult:
    """The result of an attempt, if it is one, in a form that can be stored.

    Raises:
        PluginContractError: It is junk; the attempt has failed.
    """
    match answer:
        case DeliveryResult(
            delivered=bool(),
            status_code=int() | None as status,
            body=str() | None as body,
            error=str() | None as error,
            retry_after=timedelta() | None,
            request_headers=Mapping() as sent,
        ) if status is None or 100 <= status <= 599:
            return replace(
                answer,
                body=_kept(body),
                error=error and shown(error),
                request_headers=_kept_headers(sent),
            )
        case _:
            raise PluginContractError(f"answered with {type(answer).__name__}, no usable result")


def _kept_headers(sent: Mapping[Any, Any]) -> dict[str, str]:
    """As many as anybody sends, as text that PostgreSQL stores; words of authority masked."""
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
    return "".join(char if char.isprintable() else " " for char in short)


def _kept(body: str | None) -> str | None:
    if body is None:
        return None
    clean = body.replace("\0", "").encode(errors="replace")
    return clean[:RESPONSE_BYTES_KEPT_MAX].decode(errors="ignore")


def words(error: BaseException) -> str:
    """What a guest raised, in words that can be stored and shown."""
    try:
        if isinstance(error, PluginError):
            return shown(error.reason)
        said = str(error)
        return shown(f"raised {type(error).__name__}" + (f": {said}" if said else ""))
    except Exception:  # noqa: BLE001 - even its words are a guest's code
        return f"raised {type(error).__name__}"


def shown(text: str) -> str:
    """A guest's words on one line, without card numbers, and not too many."""
    # Cut first, so that a huge text costs nothing; cut again behind the mask.
    short = text[: 2 * PLUGIN_TEXT_CHARS_MAX]
    line = "".join(char if char.isprintable() else " " for char in short)
    return redact(line)[:PLUGIN_TEXT_CHARS_MAX]
