"""What a guest may offer: what it says of itself is checked before it is asked anything.

Each function but ``check_requirement`` raises ``PluginContractError`` with the mistake.
"""

from __future__ import annotations

import re
from typing import get_args

from pydantic import BaseModel, TypeAdapter

from ..core.domain.errors import OperatorError, PluginContractError
from ..core.domain.limits import METHOD_CODE_CHARS_MAX, PLUGIN_ID_CHARS_MAX
from ..core.ports.callbacks import CanCallback
from ..core.ports.extensions import (
    Command,
    HttpMethod,
    Panel,
    PanelKind,
    PanelPlace,
    Route,
    RouteAccess,
)
from ..core.ports.plugins import API_VERSION, EventSink, MethodInfo, PaymentMethod, PluginInfo
from ..core.ports.processor import CanCapture, CanQuery, CanRefund, CanVoid, Capabilities, Processor
from ..core.ports.retry import PolicyTarget, RetryPolicy
from ..core.ports.risk import RiskCheck
from ..core.ports.routing import Router

POLICY_TARGETS: tuple[PolicyTarget, ...] = ("delivery", "query", "operation")
# Ids stand in rows, settings and logs.
_ID = re.compile(r"[a-z][a-z0-9_]*")
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


def check_requirement(plugin: str, thing: object) -> None:
    """Refuse an object that was written for a newer paygate.

    Raises:
        OperatorError: It was; the remedy is not to change the plugin.
    """
    # What has no ``info`` may say it itself.
    said_by = getattr(thing, "info", thing)
    required = getattr(said_by, "requires_api", API_VERSION)
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
    return _shaped(method.info.code, METHOD_CODE_CHARS_MAX)


def processor_id(processor: Processor) -> str:
    """The id of a processor whose capabilities and methods agree."""
    can = processor.capabilities
    if not isinstance(can, Capabilities):
        raise PluginContractError("its capabilities are no Capabilities")
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
    return _id(processor)


def _needs(capability: str) -> str:
    if capability == "callbacks":
        return "the methods split, verify, translate and acknowledge"
    return f"a {capability} method"


def sink_id(sink: EventSink) -> str:
    """The id of a sink."""
    return _id(sink)


def policy_name(policy: RetryPolicy) -> str:
    """The name of a policy that decides about something there is."""
    unknown = set(policy.applies_to).difference(POLICY_TARGETS)
    if unknown:
        known = ", ".join(POLICY_TARGETS)
        raise PluginContractError(f"it applies to {sorted(unknown)}, which is none of {known}")
    return policy.name


def adviser_name(guest: Router | RiskCheck) -> str:
    """The name of a router or a risk check."""
    return _shaped(guest.name, PLUGIN_ID_CHARS_MAX)


def router_priority(router: Router) -> int:
    """Who is asked first among routers: the higher."""
    priority: object = getattr(router, "priority", 0)
    if type(priority) is not int:
        raise PluginContractError(f"its priority is {priority!r}, no whole number")
    return priority


def fails_closed(check: RiskCheck) -> bool:
    """Whether the check's failure blocks a payment."""
    mode: object = getattr(check, "fail", "open")
    if mode not in {"open", "closed"}:
        raise PluginContractError(f'its fail is {mode!r}, which is neither "open" nor "closed"')
    return mode == "closed"


def route_name(route: Route) -> str:
    """A route's method and path, if it can be served; places are written alike."""
    if route.method not in get_args(HttpMethod):
        raise PluginContractError(f"its method is {route.method!r}")
    if not isinstance(route.path, str) or not _PATH.fullmatch(route.path):
        raise PluginContractError(f"its path is {route.path!r}; write it as /rates/{{currency}}")
    if route.access not in get_args(RouteAccess):
        raise PluginContractError(f"its access is {route.access!r}")
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
    if panel.kind not in get_args(PanelKind):
        raise PluginContractError(f"its kind is {panel.kind!r}")
    if panel.place not in get_args(PanelPlace):
        raise PluginContractError(f"its place is {panel.place!r}")
    if not isinstance(panel.title, str) or not callable(panel.data):
        raise PluginContractError("it lacks a title or data")
    return _shaped(panel.id, PLUGIN_ID_CHARS_MAX)


class _NoOptions(BaseModel):
    pass


def _id(guest: Processor | EventSink) -> str:
    if not isinstance(guest.info, PluginInfo):
        raise PluginContractError(f"its info is a {type(guest.info).__name__}, not a PluginInfo")
    return _shaped(guest.info.id, PLUGIN_ID_CHARS_MAX)


def _shaped(id: object, chars_max: int) -> str:
    if not isinstance(id, str) or not _ID.fullmatch(id) or len(id) > chars_max:
        raise PluginContractError(
            f"{id!r} is not {chars_max} lower-case letters, digits and underscores at most"
        )
    return id
