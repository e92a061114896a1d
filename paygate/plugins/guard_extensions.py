"""Checks of, and guards around, routers, risk checks, routes, panels and commands."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError

from ..core.errors import InvalidInputError, OperatorError, PluginContractError, PluginError
from ..core.limits import PLUGIN_ID_CHARS_MAX
from ..core.outcome import DeclineCode
from ..core.plugin_api.extensions import (
    Column,
    Command,
    CommandContext,
    ExtensionContext,
    Figure,
    FiguresData,
    HttpMethod,
    Panel,
    PanelKind,
    PanelPlace,
    Route,
    RouteAccess,
    RouteCall,
    RouteReply,
    TableData,
)
from ..core.plugin_api.plugin import CallContext
from ..core.plugin_api.risk import (
    Allow,
    Block,
    FailMode,
    RiskCheck,
    RiskContext,
    RiskRequest,
    RiskVerdict,
)
from ..core.plugin_api.routing import Router, RouteRequest
from ..core.registry import RouterRanking
from .checks import shaped
from .isolation import answered
from .masking_logger import masked
from .results import did_you_mean, one_of, quoted, shown, words

RANKED_MAX = 100
_VERB = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_PLACE = re.compile(r"\{[a-z][a-z0-9_]*\}")
_PATH = re.compile(r"(/([A-Za-z0-9._~-]+|\{[a-z][a-z0-9_]*\}))+")


def adviser_name(plugin: Router | RiskCheck) -> str:
    """Return the name of a router or a risk check."""
    return shaped(plugin.name, PLUGIN_ID_CHARS_MAX)


def router_priority(router: Router) -> int:
    """Return the priority: the router with the highest is asked first."""
    priority: object = getattr(router, "priority", 0)
    if type(priority) is not int:
        raise PluginContractError(f"its priority is {priority!r}, not a whole number")
    return priority


def fails_closed(check: RiskCheck) -> bool:
    """Check whether an exception of the risk check blocks a payment."""
    mode: object = getattr(check, "fail", "open")
    one_of(mode, get_args(FailMode), "its fail")
    return mode == "closed"


def route_name(route: Route) -> str:
    """Return a route's method and path if it can be served; placeholders are normalized."""
    one_of(route.method, get_args(HttpMethod), "its method")
    if not isinstance(route.path, str) or not _PATH.fullmatch(route.path):
        raise PluginContractError(f"its path is {route.path!r}; write it as /rates/{{currency}}")
    one_of(route.access, get_args(RouteAccess), "its access")
    if not callable(route.handler):
        raise PluginContractError("its handler cannot be called")
    if route.input is not None:
        # It becomes part of the OpenAPI document: report here what cannot be described there.
        TypeAdapter(route.input).json_schema()
    return f"{route.method} {_PLACE.sub('{}', route.path)}"


def command_name(command: Command) -> str:
    """Return a command's name if it can be typed."""
    if not isinstance(command.name, str) or not _VERB.fullmatch(command.name):
        raise PluginContractError(f"{command.name!r} is not lower-case words with dashes")
    if not callable(command.run):
        raise PluginContractError("its run cannot be called")
    if command.options is not None and "help" in command.options.model_fields:
        raise PluginContractError("its option help is taken")
    return command.name


def panel_id(panel: Panel) -> str:
    """Return a panel's id if the panel can be shown."""
    one_of(panel.kind, get_args(PanelKind), "its kind")
    one_of(panel.place, get_args(PanelPlace), "its place")
    if not isinstance(panel.title, str) or not callable(panel.data):
        raise PluginContractError("it lacks a title or data")
    return shaped(panel.id, PLUGIN_ID_CHARS_MAX)


@dataclass(frozen=True, slots=True)
class HostedRouter:
    """Implements ``GuardedRouter``."""

    router: Router
    name: str
    plugin: str
    secrets: Callable[[], Sequence[str]] = field(default=tuple, kw_only=True)

    async def rank(self, request: RouteRequest, context: CallContext) -> RouterRanking:
        """Implements ``GuardedRouter.rank``; processors that are no candidates are ignored."""

        async def checked() -> tuple[str, ...] | None:
            # A copy: the next router does not see what this one changes.
            own = replace(request, facts=dict(request.facts))
            return _ids(await self.router.rank(own, masked(context, self.secrets())))

        ranked = await answered(
            context.deadline, checked, plugin=self.plugin, secrets=self.secrets()
        )
        if ranked is None:
            return RouterRanking(None)
        able = {candidate.processor for candidate in request.candidates}
        ignored = tuple(shown(id) for id in ranked if id not in able)
        if ignored:
            unknown = PluginContractError(
                f"router {self.name} named {', '.join(ignored)}, which cannot carry this out",
                plugin=self.plugin,
            )
            context.logger.warning(
                "router named unknown processors", error=f"{type(unknown).__name__}: {unknown}"
            )
        return RouterRanking(tuple(id for id in ranked if id in able) or None, ignored)


def _ids(answer: object) -> tuple[str, ...] | None:
    if answer is None:
        return None
    if (
        not isinstance(answer, Sequence)
        or isinstance(answer, str | bytes)
        or not all(isinstance(id, str) for id in answer)
    ):
        raise PluginContractError(f"returned {type(answer).__name__}, not a list of ids")
    # Each id once, at its best position.
    return tuple(dict.fromkeys(answer[:RANKED_MAX]))


@dataclass(frozen=True, slots=True)
class HostedCheck:
    """Implements ``GuardedCheck``."""

    check: RiskCheck
    name: str
    plugin: str
    is_closed: bool
    secrets: Callable[[], Sequence[str]] = field(default=tuple, kw_only=True)

    async def assess(self, request: RiskRequest, context: RiskContext) -> RiskVerdict | None:
        async def checked() -> RiskVerdict | None:
            instrument = request.instrument
            own = replace(request, instrument=replace(instrument, display=dict(instrument.display)))
            return _verdict(await self.check.assess(own, masked(context, self.secrets())))

        return await answered(context.deadline, checked, plugin=self.plugin, secrets=self.secrets())


def _verdict(answer: object) -> RiskVerdict | None:
    match answer:
        case None:
            return None
        case Allow(reason=str(reason)):
            return replace(answer, reason=shown(reason))
        case Block(reason=str(reason), code=DeclineCode(), shopper_message_key=str() | None as key):
            return replace(answer, reason=shown(reason), shopper_message_key=key and shown(key))
        case Block(reason=str(), shopper_message_key=str() | None):
            hint = did_you_mean(answer.code, DeclineCode)
            raise PluginContractError(
                f"Block.code is {quoted(answer.code)}, not a DeclineCode; {hint}"
            )
        case Allow() | Block():
            raise PluginContractError(f"returned {quoted(answer)}, whose fields are not texts")
        case _:
            raise PluginContractError(f"returned {type(answer).__name__}, not a verdict")


REPLY_BYTES_MAX = 1024 * 1024
ROWS_MAX = 500
COLUMNS_MAX = 30
CELL_CHARS_MAX = 500


@dataclass(frozen=True, slots=True)
class HostedRoute:
    """Implements ``GuardedRoute``."""

    plugin: str
    route: Route
    secrets: Callable[[], Sequence[str]] = field(default=tuple, kw_only=True)

    def read(self, body: Mapping[str, Any]) -> BaseModel:
        assert self.route.input is not None, "the route has no body"
        try:
            return self.route.input.model_validate(body)
        except ValidationError as error:
            # Only the field and the rule: the value may be a secret.
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            field = ".".join(str(part) for part in first["loc"])
            sentence = f"{field}: {first['msg']}" if field else first["msg"]
            raise InvalidInputError(sentence, field=field or None) from None
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise PluginError(words(error), plugin=self.plugin) from error

    async def answer(self, call: RouteCall, context: ExtensionContext) -> RouteReply:
        async def checked() -> RouteReply:
            return _reply(await self.route.handler(call, masked(context, self.secrets())))

        return await answered(context.deadline, checked, plugin=self.plugin, secrets=self.secrets())


def _reply(answer: object) -> RouteReply:
    reply = answer if isinstance(answer, RouteReply) else RouteReply(answer)
    if type(reply.status) is not int or not 200 <= reply.status <= 499:
        raise PluginContractError(f"returned the status {reply.status!r}")
    if not isinstance(reply.body, bytes):
        return replace(reply, body=written(reply.body), content_type="application/json")
    if len(reply.body) > REPLY_BYTES_MAX:
        raise PluginContractError(f"returned {len(reply.body)} bytes")
    if not isinstance(reply.content_type, str) or not reply.content_type.isprintable():
        raise PluginContractError("returned no content type")
    if not reply.content_type.isascii():
        raise PluginContractError("returned no content type")
    return reply


def written(body: object) -> bytes:
    """Return plain JSON as bytes, if it is not too large."""
    try:
        written = json.dumps(body, allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise PluginContractError(f"returned {type(body).__name__}, not JSON") from error
    if len(written) > REPLY_BYTES_MAX:
        raise PluginContractError(f"returned {len(written)} bytes")
    return written


@dataclass(frozen=True, slots=True)
class HostedPanel:
    """Implements ``GuardedPanel``."""

    plugin: str
    panel: Panel
    secrets: Callable[[], Sequence[str]] = field(default=tuple, kw_only=True)

    async def data(self, context: ExtensionContext) -> TableData | FiguresData:
        async def checked() -> TableData | FiguresData:
            return _shown_as(
                self.panel.kind, await self.panel.data(masked(context, self.secrets()))
            )

        return await answered(context.deadline, checked, plugin=self.plugin, secrets=self.secrets())


def _shown_as(kind: str, data: object) -> TableData | FiguresData:
    match data:
        case TableData(columns=columns, rows=rows) if kind == "table":
            columns = [_column(each) for each in list(columns)[:COLUMNS_MAX]]
            keys = [column.key for column in columns]
            return TableData(columns, [_row(row, keys) for row in list(rows)[:ROWS_MAX]])
        case FiguresData(figures=figures) if kind == "figures":
            return FiguresData([_figure(each) for each in list(figures)[:COLUMNS_MAX]])
        case _:
            raise PluginContractError(f"its data are {type(data).__name__}, not {kind}")


def _column(column: object) -> Column:
    match column:
        case Column(key=str(key), label=str(label)):
            return Column(key, shown(label))
        case _:
            raise PluginContractError("a column is not a Column")


def _row(row: object, keys: list[str]) -> Mapping[str, Any]:
    if not isinstance(row, Mapping):
        raise PluginContractError("a row is not a mapping")
    return {key: _cell(row.get(key)) for key in keys}


def _figure(figure: object) -> Figure:
    match figure:
        case Figure(label=str(label), unit=str(unit)):
            return Figure(shown(label), _cell(figure.value) or 0, shown(unit))
        case _:
            raise PluginContractError("a figure is not a Figure")


def _cell(value: object) -> Any:
    match value:
        case None | bool():
            return value
        case str():
            return shown(value[:CELL_CHARS_MAX])
        case int() | float() if abs(value) < 2**53:
            return value
        case _:
            raise PluginContractError(f"a value is {type(value).__name__}, which cannot be shown")


@dataclass(frozen=True, slots=True)
class HostedCommand:
    """Implements ``GuardedCommand``. It has no deadline: the user can interrupt it."""

    plugin: str
    command: Command

    async def run(self, options: object, context: CommandContext) -> int:
        try:
            code: object = await self.command.run(options, context)
        except (OperatorError, PluginError, asyncio.CancelledError, KeyboardInterrupt):
            raise
        except SystemExit as error:
            code = _exit_code(error, self.plugin)
        except BaseException as error:
            raise PluginError(words(error), plugin=self.plugin) from error
        if code is not None and type(code) is not int:
            raise PluginContractError(
                f"returned {type(code).__name__}, not an exit code", plugin=self.plugin
            )
        return code or 0


def _exit_code(raised: SystemExit, plugin: str) -> object:
    """Convert ``sys.exit`` in a command: a number is its exit code.

    Raises:
        PluginError: It is a text, which explains why the command failed.
    """
    if raised.code is None or type(raised.code) is int:
        return raised.code
    raise PluginError(words(raised), plugin=plugin) from raised
