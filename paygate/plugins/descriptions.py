"""What a plugin's object says of itself: every field checked when the host loads it.

Each function raises ``PluginContractError`` with a sentence that names the field, what is
wrong with it, and the nearest right word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from inspect import Parameter, Signature, iscoroutinefunction, signature
from typing import get_args

from pydantic import BaseModel

from ..core.errors import PluginContractError
from ..core.limits import METHOD_CODE_CHARS_MAX
from ..core.money import EXPONENTS
from ..core.plugin_api.method import MethodInfo, PaymentMethod
from ..core.plugin_api.plugin import CanClose, PluginInfo
from ..core.plugin_api.processor import (
    CanCallback,
    CanCapture,
    CanContinue,
    CanPlayPayer,
    CanQuery,
    CanRefund,
    CanVoid,
    CanWake,
    Capabilities,
    Grade,
    Processor,
)
from ..core.plugin_api.retry_policy import RetryPolicy
from ..core.plugin_api.risk import RiskCheck
from ..core.plugin_api.routing import Router
from ..core.plugin_api.sink import EventSink
from .fields import did_you_mean, one_of, quoted

# Ids stand in rows, settings and logs.
_ID = re.compile(r"[a-z][a-z0-9_]*")
# What the host calls of each kind of object: its own methods, and those it may have.
_CALLED: dict[type, tuple[type, ...]] = {
    Processor: (
        Processor, CanQuery, CanCapture, CanVoid, CanRefund, CanCallback, CanContinue, CanWake,
        CanPlayPayer,
    ),
    PaymentMethod: (PaymentMethod,),
    EventSink: (EventSink, CanClose),
    RetryPolicy: (RetryPolicy,),
    Router: (Router,),
    RiskCheck: (RiskCheck,),
}  # fmt: skip


def shaped(id: object, chars_max: int) -> str:
    """An id that can stand in rows, settings and logs."""
    if not isinstance(id, str) or not _ID.fullmatch(id) or len(id) > chars_max:
        raise PluginContractError(
            f"{id!r} is not {chars_max} lower-case letters, digits and underscores at most"
        )
    return id


def check_calls(thing: object, kind: type) -> None:
    """Refuse a method that cannot be called as the host calls it.

    It takes other arguments, or is ``async`` where its answer is not awaited.
    """
    for protocol in _CALLED.get(kind, ()):
        if isinstance(thing, protocol):
            for name, called in vars(protocol).items():
                if callable(called) and not name.startswith("_"):
                    _check_call(getattr(thing, name), name, called)


def _check_call(member: object, name: str, called: object) -> None:
    if not callable(member):
        raise PluginContractError(f"its {name} is {quoted(member)}, which cannot be called")
    if iscoroutinefunction(member) and not iscoroutinefunction(called):
        raise PluginContractError(
            f"its {name} is async; the host does not await it, use a plain def"
        )
    assert callable(called), "it is a method of a protocol"
    parameters = [*signature(called).parameters.values()][1:]
    given = [each.name for each in parameters if each.kind is not Parameter.KEYWORD_ONLY]
    named = [each.name for each in parameters if each.kind is Parameter.KEYWORD_ONLY]
    try:
        takes = signature(member)
    except (TypeError, ValueError):
        return  # Made of C: it says nothing of its arguments.
    _check_takes(takes, name, given, named)


def _check_takes(takes: Signature, name: str, given: list[str], named: list[str]) -> None:
    try:
        takes.bind(*given, **dict.fromkeys(named))
    except TypeError as error:
        wanted = ", ".join([*given, *(f"{each}=" for each in named)])
        raise PluginContractError(
            f"its {name}{takes} cannot be called as {name}({wanted}) ({error})"
        ) from None


def check_info(info: PluginInfo | MethodInfo) -> None:
    """Refuse a version that is no text."""
    if not isinstance(info.version, str):
        raise PluginContractError(f"its version is {quoted(info.version)}, not a text")


def check_method(info: MethodInfo) -> None:
    """Refuse a payment method that cannot be shown or asked for."""
    check_info(info)
    flows = _names(info.flows, "its flows")
    if not flows:
        raise PluginContractError("it has no flows; name at least one")
    if not isinstance(info.label, str) or not info.label.strip():
        raise PluginContractError(f"its label is {quoted(info.label)}, not a text")
    if not isinstance(info.input_model, type) or not issubclass(info.input_model, BaseModel):
        raise PluginContractError(
            f"its input_model is {quoted(info.input_model)}, not a pydantic model"
        )
    if not isinstance(info.invalid_code, str) or not _ID.fullmatch(info.invalid_code):
        raise PluginContractError(
            f"its invalid_code is {quoted(info.invalid_code)}, not lower-case letters, digits "
            "and underscores"
        )


def check_capabilities(can: Capabilities) -> None:
    """Refuse a capability that could never be matched, or would mean something else."""
    methods: object = can.methods
    if not isinstance(methods, Mapping) or not methods:
        raise PluginContractError(
            f"its methods are {quoted(methods)}; map at least one method code to its flows"
        )
    for code, flows in methods.items():
        shaped(code, METHOD_CODE_CHARS_MAX)
        if not _names(flows, f"its methods[{code!r}]"):
            raise PluginContractError(f"its methods[{code!r}] has no flows; name at least one")
    for currency in _texts(can.currencies, "its currencies"):
        if currency not in EXPONENTS:
            hint = did_you_mean(currency.upper(), EXPONENTS)
            raise PluginContractError(f"it takes the currency {currency!r}, which is none; {hint}")
    _check_amounts(can)
    for field in ("capture", "refund"):
        one_of(getattr(can, field), get_args(Grade), f"its {field}")
    for field in ("void", "query", "callbacks", "late_success", "idempotent_operations"):
        if type(getattr(can, field)) is not bool:
            raise PluginContractError(
                f"its {field} is {quoted(getattr(can, field))}; say True or False"
            )


def _check_amounts(can: Capabilities) -> None:
    least, most = can.amount_minor_min, can.amount_minor_max
    for field, amount in {"amount_minor_min": least, "amount_minor_max": most}.items():
        if amount is None and field == "amount_minor_max":
            continue
        if type(amount) is not int or amount < 0:
            raise PluginContractError(f"its {field} is {quoted(amount)}, not whole minor units")
    if most is not None and most < least:
        raise PluginContractError(
            f"its amount_minor_max {most} is less than its amount_minor_min {least}"
        )


def _names(given: object, what: str) -> frozenset[str]:
    names = _texts(given, what)
    for name in sorted(names):
        if not _ID.fullmatch(name):
            raise PluginContractError(
                f"{what} holds {name!r}, not lower-case letters, digits and underscores"
            )
    return names


def _texts(given: object, what: str) -> frozenset[str]:
    if not isinstance(given, frozenset):
        right = f"frozenset({{{given!r}}})" if isinstance(given, str) else "frozenset({…})"
        raise PluginContractError(f"{what} is {quoted(given)}, not a frozenset; write {right}")
    for each in given:
        if not isinstance(each, str):
            raise PluginContractError(f"{what} holds {quoted(each)}, not a text")
    return given


def check_policy(policy: RetryPolicy, targets: Iterable[str]) -> None:
    """Refuse a retry policy that decides about nothing."""
    if not isinstance(policy.name, str) or not policy.name or not policy.name.isprintable():
        raise PluginContractError(f"its name is {quoted(policy.name)}, not a text")
    applies_to = _texts(policy.applies_to, "its applies_to")
    if not applies_to:
        raise PluginContractError(f"it applies to nothing; name some of {', '.join(targets)}")
    for each in sorted(applies_to):
        one_of(each, targets, "one word of its applies_to")


def check_sink(sink: EventSink) -> None:
    """Refuse a sink whose switches are none."""
    concerns: object = getattr(sink, "concerns_endpoint", True)
    if type(concerns) is not bool:
        raise PluginContractError(f"its concerns_endpoint is {quoted(concerns)}; say True or False")
