"""What a plugin may offer: what it says of itself is checked before it is asked anything.

Each function but ``check_requirement`` raises ``PluginContractError`` with the mistake.
"""

from __future__ import annotations

import re
from typing import get_args

from pydantic import BaseModel, TypeAdapter

from ..core.errors import OperatorError, PluginContractError
from ..core.limits import METHOD_CODE_CHARS_MAX, PLUGIN_ID_CHARS_MAX
from ..core.plugin_api.extensions import (
    Command,
    HttpMethod,
    Panel,
    PanelKind,
    PanelPlace,
    Route,
    RouteAccess,
)
from ..core.plugin_api.method import MethodInfo, PaymentMethod
from ..core.plugin_api.plugin import API_VERSION, PluginInfo
from ..core.plugin_api.processor import (
    CanCallback,
    CanCapture,
    CanQuery,
    CanRefund,
    CanVoid,
    Capabilities,
    Processor,
)
from ..core.plugin_api.retry_policy import PolicyTarget, RetryPolicy
from ..core.plugin_api.risk import FailMode, RiskCheck
from ..core.plugin_api.routing import Router
from ..core.plugin_api.sink import EventSink
from .descriptions import (
    check_calls,
    check_capabilities,
    check_info,
    check_method,
    check_policy,
    check_sink,
    shaped,
)
from .fields import one_of, quoted

POLICY_TARGETS: tuple[PolicyTarget, ...] = ("delivery", "query", "operation")
_VERB = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_PLACE = re.compile(r"\{[a-z][a-z0-9_]*\}")
_PATH = re.compile(r"(/([A-Za-z0-9._~-]+|\{[a-z][a-z0-9_]*\}))+")


def check_members(thing: object, kind: type) -> None:
    """Refuse an object that is not of the kind its hook collects."""
    if isinstance(thing, type):
        raise PluginContractError(f"it is the class {thing.__name__} and not an object of it")
    if not isinstance(thing, kind):
        members = sorted(name for name in vars(kind) if not name.startswith("_"))
        missing = [name for name in members if not hasattr(thing, name)]
        raise PluginContractError(f"it lacks {', '.join(missing)}")
    check_calls(thing, kind)


def check_requirement(plugin: str, thing: object) -> None:
    """Refuse an object that was written for a newer paygate.

    Raises:
        OperatorError: It was; the remedy is not to change the plugin.
    """
    # What has no ``info`` may say it itself.
    said_by = getattr(thing, "info", thing)
    required: object = getattr(said_by, "requires_api", API_VERSION)
    if type(required) is not int:
        raise PluginContractError(f"its requires_api is {quoted(required)}, not a whole number")
    if required > API_VERSION:
        raise OperatorError(
            setting=f"plugin {plugin}",
            problem=f"it requires plugin API {required}, this paygate speaks {API_VERSION}",
            remedy="Upgrade paygate, or install an older version of the plugin",
        )


def method_code(method: PaymentMethod) -> str:
    """What requests say in ``method``."""
    if not isinstance(method.info, MethodInfo):
        raise PluginContractError(f"its info is a {type(method.info).__name__}, not a MethodInfo")
    code = shaped(method.info.code, METHOD_CODE_CHARS_MAX)
    check_method(method.info)
    return code


def processor_id(processor: Processor) -> str:
    """The id of a processor whose capabilities are sound and agree with its methods."""
    if not isinstance(processor.capabilities, Capabilities):
        raise PluginContractError("its capabilities are no Capabilities")
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
        raise PluginContractError("it can hold money (capture) and cannot let it go (void)")


def _needs(capability: str) -> str:
    if capability == "callbacks":
        return "the methods split, verify, translate and acknowledge"
    return f"a {capability} method"


def sink_id(sink: EventSink) -> str:
    """The id of a sink."""
    check_sink(sink)
    return plugin_id(sink)


def policy_name(policy: RetryPolicy) -> str:
    """The name of a policy that decides about something there is."""
    check_policy(policy, POLICY_TARGETS)
    return policy.name


def adviser_name(plugin: Router | RiskCheck) -> str:
    """The name of a router or a risk check."""
    return shaped(plugin.name, PLUGIN_ID_CHARS_MAX)


def router_priority(router: Router) -> int:
    """Who is asked first among routers: the higher."""
    priority: object = getattr(router, "priority", 0)
    if type(priority) is not int:
        raise PluginContractError(f"its priority is {priority!r}, no whole number")
    return priority


def fails_closed(check: RiskCheck) -> bool:
    """Whether the check's failure blocks a payment."""
    mode: object = getattr(check, "fail", "open")
    one_of(mode, get_args(FailMode), "its fail")
    return mode == "closed"


def route_name(route: Route) -> str:
    """A route's method and path, if it can be served; places are written alike."""
    one_of(route.method, get_args(HttpMethod), "its method")
    if not isinstance(route.path, str) or not _PATH.fullmatch(route.path):
        raise PluginContractError(f"its path is {route.path!r}; write it as /rates/{{currency}}")
    one_of(route.access, get_args(RouteAccess), "its access")
    if not callable(route.handler):
        raise PluginContractError("its handler cannot be called")
    if route.input is not None:
        # It stands in the API's document; what cannot be drawn there is said here.
        TypeAdapter(route.input).json_schema()
    return f"{route.method} {_PLACE.sub('{}', route.path)}"


def command_name(command: Command) -> str:
    """A command's name, if it can be typed."""
    if not isinstance(command.name, str) or not _VERB.fullmatch(command.name):
        raise PluginContractError(f"{command.name!r} is not lower-case words with dashes")
    if not callable(command.run):
        raise PluginContractError("its run cannot be called")
    for field in (command.options or _NoOptions).model_fields:
        if field == "help":
            raise PluginContractError("its option help is taken")
    return command.name


def panel_id(panel: Panel) -> str:
    """A panel's id, if it can be drawn."""
    one_of(panel.kind, get_args(PanelKind), "its kind")
    one_of(panel.place, get_args(PanelPlace), "its place")
    if not isinstance(panel.title, str) or not callable(panel.data):
        raise PluginContractError("it lacks a title or data")
    return shaped(panel.id, PLUGIN_ID_CHARS_MAX)


class _NoOptions(BaseModel):
    pass


def plugin_id(plugin: Processor | EventSink) -> str:
    """The id of a processor or a sink, if it can stand in rows and logs."""
    if not isinstance(plugin.info, PluginInfo):
        raise PluginContractError(f"its info is a {type(plugin.info).__name__}, not a PluginInfo")
    check_info(plugin.info)
    return shaped(plugin.info.id, PLUGIN_ID_CHARS_MAX)
