"""Routes of plugins, and their panels for the dashboard."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, cast
from uuid import UUID

from pydantic import Field
from quart import Blueprint, Response, request
from typing_extensions import TypedDict

from ...accounts.model import Role
from ...deps import Deps
from ...errors import NotFoundError, PluginError
from ...limits import ACTION_CHARS_MAX
from ...payments.history import MerchantHistory
from ...plugin_api.extensions import (
    ExtensionContext,
    FiguresData,
    PanelKind,
    PanelPlace,
    RouteCall,
    TableData,
)
from ...redaction import redact_text
from ...registry import GuardedPanel, GuardedRoute
from ..auth import merchant_of_request
from ..bodies import body_of_request, headers_of_request
from ..documented import Audited, documented
from ..errors import json_response, place_in_plugin
from ..idempotency import audit_afterwards
from ..shapes import error_to_json

Cell = str | int | float | bool | None


class PanelListedJson(TypedDict):
    """A panel without its data."""

    id: Annotated[str, Field(examples=["acme.velocity"])]
    plugin: str
    title: str
    kind: PanelKind
    place: PanelPlace


class PanelsJson(TypedDict):
    """All panels."""

    data: list[PanelListedJson]


class PanelColumnJson(TypedDict):
    """A column of a table."""

    key: str
    label: str


class PanelFigureJson(TypedDict):
    """A number with a label."""

    label: str
    value: str | int | float
    unit: str


class PanelShownJson(PanelListedJson):
    """A panel with its data: columns and rows of a table, or figures."""

    columns: list[PanelColumnJson]
    rows: list[dict[str, Cell]]
    figures: list[PanelFigureJson]


def panels_to_json(offered: Mapping[str, GuardedPanel]) -> PanelsJson:
    """Return the response of ``GET /plugins/panels``."""
    return {"data": [_listed(id, each) for id, each in offered.items()]}


def _listed(id: str, offered: GuardedPanel) -> PanelListedJson:
    panel = offered.panel
    return {
        "id": id,
        "plugin": offered.plugin,
        "title": panel.title,
        "kind": panel.kind,
        "place": panel.place,
    }


def panel_to_json(id: str, offered: GuardedPanel, data: TableData | FiguresData) -> PanelShownJson:
    """Return the response of ``GET /plugins/panels/{id}``."""
    shown: PanelShownJson = {**_listed(id, offered), "columns": [], "rows": [], "figures": []}
    match data:
        case TableData(columns=columns, rows=rows):
            shown["columns"] = [{"key": each.key, "label": each.label} for each in columns]
            shown["rows"] = [dict(row) for row in rows]
        case FiguresData(figures=figures):
            shown["figures"] = [
                {"label": each.label, "value": each.value, "unit": each.unit} for each in figures
            ]
    return shown


PANEL_EXAMPLE: PanelShownJson = {
    "id": "acme.velocity",
    "plugin": "acme",
    "title": "Payments per hour",
    "kind": "figures",
    "place": "overview",
    "columns": [],
    "rows": [],
    "figures": [{"label": "Payments", "value": 12, "unit": ""}],
}
PANELS_EXAMPLE: PanelsJson = {
    "data": [
        {
            "id": "acme.velocity",
            "plugin": "acme",
            "title": "Payments per hour",
            "kind": "figures",
            "place": "overview",
        }
    ]
}
log = logging.getLogger(__name__)
View = Callable[..., Awaitable[Response]]

# Plugins must not see credentials of merchants and users.
HIDDEN_HEADERS = ("x-api-key", "x-api-secret", "x-client-secret", "x-csrf-token", "cookie")

# A plugin's bytes on paygate's own origin: browsers show them, and run no scripts in them.
SANDBOX = "default-src 'none'; sandbox"
BAD_REQUEST = 400
_PLACE = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def panels_blueprint(deps: Deps) -> Blueprint:
    """Serve ``/plugins/panels``."""
    routes = Blueprint("panels", __name__)

    @routes.get("/plugins/panels")
    @documented("List plugins' panels", PanelsJson, PANELS_EXAMPLE, operation_id="listPluginPanels")
    async def index() -> Response:
        await merchant_of_request(deps)
        return json_response(panels_to_json(deps.registry.panels))

    @routes.get("/plugins/panels/<panel_id>")
    @documented(
        "Show a plugin's panel",
        PanelShownJson,
        PANEL_EXAMPLE,
        about="A table has columns and rows, figures have figures. If a plugin fails, its panel "
        "answers 502; other panels are not affected.",
        refuses=frozenset({502}),
    )
    async def show(panel_id: str) -> Response:
        merchant = await merchant_of_request(deps)
        offered = deps.registry.panels.get(panel_id)
        if offered is None:
            raise NotFoundError("Panel")
        try:
            data = await offered.data(_context(merchant.id, deps))
        except PluginError as error:
            return _failed(offered.plugin, error)
        return json_response(panel_to_json(panel_id, offered, data))

    return routes


def routes_blueprint(deps: Deps) -> Blueprint:
    """Serve ``/plugins/{plugin}``: one rule for each route of a plugin."""
    routes = Blueprint("extensions", __name__)
    for number, offered in enumerate(deps.registry.routes):
        path = _PLACE.sub(r"<\1>", offered.route.path)
        rule = f"/plugins/{offered.plugin}{path}"
        routes.add_url_rule(
            rule, f"route_{number}", _view(offered, deps), methods=[offered.route.method]
        )
    return routes


def _view(offered: GuardedRoute, deps: Deps) -> View:
    route = offered.route
    changes = route.method != "GET" and route.access == "merchant"

    @documented(
        route.summary,
        Any,
        {},
        access=route.access,
        needs=Role.DEVELOPER if changes else Role.READ_ONLY,
        audit=Audited(f"plugin.{offered.plugin}"[:ACTION_CHARS_MAX]) if changes else None,
        body=route.input,
        plugin=offered.plugin,
        refuses=frozenset({502}),
    )
    async def view(**path: str) -> Response:
        merchant_id = None
        if route.access == "merchant":
            merchant_id = (await merchant_of_request(deps)).id
        try:
            call = await _call(offered, path)
            reply = await offered.answer(call, _context(merchant_id, deps))
        except PluginError as error:
            return _failed(offered.plugin, error)
        response = Response(reply.body, status=reply.status, content_type=reply.content_type)
        response.headers["Content-Security-Policy"] = SANDBOX
        if changes and reply.status < BAD_REQUEST:
            # The plugin's change has no transaction, so the audit entry is added after it.
            await audit_afterwards({}, deps)
        return response

    return view


async def _call(offered: GuardedRoute, path: dict[str, str]) -> RouteCall:
    route = offered.route
    return RouteCall(
        method=route.method,
        path=path,
        query=dict(request.args.items()),
        headers={
            name: value
            for name, value in headers_of_request().items()
            if name not in HIDDEN_HEADERS
        },
        body=cast("bytes", await request.get_data(as_text=False)),
        input=offered.read(await body_of_request()) if route.input else None,
    )


def _context(merchant_id: UUID | None, deps: Deps) -> ExtensionContext:
    return ExtensionContext(
        merchant_id=merchant_id,
        clock=deps.clock,
        http=deps.http,
        logger=deps.logger,
        deadline=deps.policy.plugin_call,
        history=MerchantHistory(deps, merchant_id) if merchant_id else None,
    )


def _failed(plugin: str, error: PluginError) -> Response:
    log.warning("plugin %s failed: %s%s", plugin, redact_text(error.reason), place_in_plugin(error))
    body = error_to_json(
        code="PLUGIN_ERROR", description=f"The plugin {plugin} failed", reason="plugin_failed"
    )
    return json_response(body, 502)
