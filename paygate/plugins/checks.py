"""Checks of plugin objects when the host loads them.

Each function raises ``PluginContractError`` with a sentence that names the field, the mistake,
and the nearest correct word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from inspect import Parameter, Signature, iscoroutinefunction, signature
from typing import get_args

from pydantic import BaseModel

from ..core.errors import OperatorError, PluginContractError
from ..core.limits import METHOD_CODE_CHARS_MAX, PLUGIN_ID_CHARS_MAX
from ..core.money import EXPONENTS
from ..core.plugin_api.method import MethodInfo, PaymentMethod
from ..core.plugin_api.plugin import API_VERSION, CanClose, PluginInfo
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
from ..core.plugin_api.retry_policy import PolicyTarget, RetryPolicy
from ..core.plugin_api.sink import EventSink
from .results import did_you_mean, one_of, quoted

# Ids are used in rows, settings and logs.
_ID = re.compile(r"[a-z][a-z0-9_]*")

# The optional protocols whose methods the host calls, besides that of the hook.
_CALLED: dict[type, tuple[type, ...]] = {
    Processor: (
        Processor, CanQuery, CanCapture, CanVoid, CanRefund, CanCallback, CanContinue, CanWake,
        CanPlayPayer,
    ),
    EventSink: (EventSink, CanClose),
}  # fmt: skip


def shaped(id: object, chars_max: int) -> str:
    """Return the id if it can be used in rows, settings and logs."""
    if not isinstance(id, str) or not _ID.fullmatch(id) or len(id) > chars_max:
        raise PluginContractError(
            f"{id!r} is not a name of lower-case letters, digits and underscores that begins "
            f"with a letter and has at most {chars_max} characters"
        )
    return id


def check_calls(thing: object, kind: type) -> None:
    """Refuse a method that cannot be called as the host calls it.

    It has other parameters, or is ``async`` although the host does not await it.
    """
    for protocol in _CALLED.get(kind, (kind,)):
        if isinstance(thing, protocol):
            for name, called in vars(protocol).items():
                if callable(called) and not name.startswith("_"):
                    _check_call(getattr(thing, name), name, called)


def _check_call(member: object, name: str, called: object) -> None:
    assert callable(called), "it is a method of a protocol"
    parameters = [*signature(called).parameters.values()][1:]
    given = [each.name for each in parameters if each.kind is not Parameter.KEYWORD_ONLY]
    named = [each.name for each in parameters if each.kind is Parameter.KEYWORD_ONLY]
    check_function(member, name, given, named, is_awaited=iscoroutinefunction(called))


def check_function(
    member: object, name: str, given: list[str], named: Sequence[str] = (), *, is_awaited: bool
) -> None:
    """Refuse a function that cannot be called as the host calls it.

    Args:
        member: The function.
        name: What it is called in the error.
        given: The arguments that the host gives by position.
        named: The arguments that it gives by name.
        is_awaited: Whether the host awaits the result.
    """
    if not callable(member):
        raise PluginContractError(f"its {name} is {quoted(member)}, which cannot be called")
    if iscoroutinefunction(member) and not is_awaited:
        raise PluginContractError(
            f"its {name} is async; the host does not await it, use a plain def"
        )
    try:
        takes = signature(member)
    except (TypeError, ValueError):
        return  # Written in C: it has no signature.
    _check_takes(takes, name, given, named)


def _check_takes(takes: Signature, name: str, given: list[str], named: Sequence[str]) -> None:
    try:
        takes.bind(*given, **dict.fromkeys(named))
    except TypeError as error:
        wanted = ", ".join([*given, *(f"{each}=" for each in named)])
        raise PluginContractError(
            f"its {name}{takes} cannot be called as {name}({wanted}) ({error})"
        ) from None


def check_info(info: PluginInfo | MethodInfo) -> None:
    """Refuse a version that is not a text."""
    if not isinstance(info.version, str):
        raise PluginContractError(f"its version is {quoted(info.version)}, not a text")


def check_method(info: MethodInfo) -> None:
    """Refuse a payment method that cannot be shown or named in a request."""
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
    """Refuse capabilities that are invalid or ambiguous."""
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
            raise PluginContractError(f"{currency!r} in its currencies is not a currency; {hint}")
    _check_amounts(can)
    for field in ("capture", "refund"):
        one_of(getattr(can, field), get_args(Grade), f"its {field}")
    for field in (
        "void", "query", "callbacks", "late_success", "idempotent_operations", "order_details",
    ):  # fmt: skip
        if type(getattr(can, field)) is not bool:
            raise PluginContractError(
                f"its {field} is {quoted(getattr(can, field))}; use True or False"
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
    """Refuse a retry policy that applies to nothing."""
    if not isinstance(policy.name, str) or not policy.name or not policy.name.isprintable():
        raise PluginContractError(f"its name is {quoted(policy.name)}, not a text")
    applies_to = _texts(policy.applies_to, "its applies_to")
    if not applies_to:
        raise PluginContractError(f"it applies to nothing; name some of {', '.join(targets)}")
    for each in sorted(applies_to):
        one_of(each, targets, "one word of its applies_to")


def check_sink(sink: EventSink) -> None:
    """Refuse a sink with invalid switches."""
    concerns: object = getattr(sink, "concerns_endpoint", True)
    if type(concerns) is not bool:
        raise PluginContractError(f"its concerns_endpoint is {quoted(concerns)}; use True or False")


POLICY_TARGETS: tuple[PolicyTarget, ...] = ("delivery", "query", "operation")


def check_members(thing: object, kind: type) -> None:
    """Refuse an object that does not have the type that its hook collects."""
    if isinstance(thing, type):
        raise PluginContractError(f"it is the class {thing.__name__} and not an object of it")
    if not isinstance(thing, kind):
        members = sorted(name for name in vars(kind) if not name.startswith("_"))
        missing = [name for name in members if not hasattr(thing, name)]
        raise PluginContractError(f"it lacks {', '.join(missing)}")
    check_calls(thing, kind)


def check_requirement(plugin: str, thing: object) -> None:
    """Refuse an object that requires a newer paygate.

    Raises:
        OperatorError: It does; the remedy is to upgrade, not to change the plugin.
    """
    # An object without ``info`` may have the field itself.
    described_by = getattr(thing, "info", thing)
    required: object = getattr(described_by, "requires_api", API_VERSION)
    if type(required) is not int:
        raise PluginContractError(f"its requires_api is {quoted(required)}, not a whole number")
    if required > API_VERSION:
        raise OperatorError(
            setting=f"plugin {plugin}",
            problem=f"it requires plugin API {required}, this paygate has {API_VERSION}",
            remedy="Upgrade paygate, or install an older version of the plugin",
        )


def method_code(method: PaymentMethod) -> str:
    """Return the method's code in requests."""
    if not isinstance(method.info, MethodInfo):
        raise PluginContractError(f"its info is a {type(method.info).__name__}, not a MethodInfo")
    code = shaped(method.info.code, METHOD_CODE_CHARS_MAX)
    check_method(method.info)
    return code


def processor_id(processor: Processor) -> str:
    """Return the id of a processor whose capabilities are valid and match its methods."""
    if not isinstance(processor.capabilities, Capabilities):
        raise PluginContractError("its capabilities are not a Capabilities object")
    check_capabilities(processor.capabilities)
    check_agreement(processor)
    return plugin_id(processor)


def check_agreement(processor: Processor) -> None:
    """Refuse a capability without its method, and a method without its capability."""
    can = processor.capabilities
    for name, kind in (
        ("query", CanQuery),
        ("capture", CanCapture),
        ("void", CanVoid),
        ("refund", CanRefund),
        ("callbacks", CanCallback),
    ):
        declared, has = getattr(can, name), isinstance(processor, kind)
        if (declared not in {False, "none"}) != has:
            verb = "has" if has else "lacks"
            raise PluginContractError(f"it declares {name}={declared!r} but {verb} {_needs(name)}")
    if can.capture != "none" and not can.void:
        raise PluginContractError(
            "it declares capture but not void; an authorization must be voidable"
        )


def _needs(capability: str) -> str:
    if capability == "callbacks":
        return "the methods split, verify, translate and acknowledge"
    return f"a {capability} method"


def sink_id(sink: EventSink) -> str:
    """Return the id of a sink."""
    check_sink(sink)
    return plugin_id(sink)


def policy_name(policy: RetryPolicy) -> str:
    """Return the name of a policy that applies to something."""
    check_policy(policy, POLICY_TARGETS)
    return policy.name


def plugin_id(plugin: Processor | EventSink) -> str:
    """Return the id of a processor or a sink if it can be used in rows and logs."""
    if not isinstance(plugin.info, PluginInfo):
        raise PluginContractError(f"its info is a {type(plugin.info).__name__}, not a PluginInfo")
    check_info(plugin.info)
    return shaped(plugin.info.id, PLUGIN_ID_CHARS_MAX)
