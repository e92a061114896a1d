"""What is installed, how it does, and what operators set of it."""

from __future__ import annotations

from quart import Blueprint, Response

from ...accounts.model import Role
from ...deps import Deps
from ...plugin_settings import configure_plugin, plugins_in_detail
from .. import parse
from ..body import body_of_request
from ..errors import json_response
from ..idempotency import changed
from ..openapi import Audited, documented
from ..openapi import operations as examples
from ..operator_access import operator_of_request
from ..present import plugins as present
from ..wire import lists
from ..wire import overview as wire


def blueprint(deps: Deps) -> Blueprint:
    """``/plugins``."""
    routes = Blueprint("plugins", __name__)

    async def everything(bound: Deps) -> list[wire.Plugin]:
        return [present.plugin(*each, deps.registry) for each in await plugins_in_detail(bound)]

    @routes.get("/plugins")
    @documented(
        "List plugins",
        wire.Plugins,
        examples.PLUGINS,
        needs_operator=True,
        about="With how their processors' calls went in the last 24 hours, and what can be set.",
    )
    async def index() -> Response:
        await operator_of_request(deps)
        return json_response({"data": await everything(deps)})

    @routes.put("/plugins/<plugin_id>/config")
    @documented(
        "Set a plugin's settings",
        wire.Plugin,
        examples.PLUGIN,
        needs=Role.OWNER,
        needs_operator=True,
        audit=Audited("plugin.configure"),
        body=lists.PluginConfigRequest,
        body_examples={"example": {"values": {"success_rate": 0.5}}},
        about="The environment wins over what is stored here, so what it sets is refused. Each "
        "process reads the settings when it starts; until then `pending` says so. Secrets can "
        "be written and never read.",
        refuses=frozenset({403, 422}),
    )
    async def configure(plugin_id: str) -> Response:
        await operator_of_request(deps)
        values = parse.plugin_values(await body_of_request())

        async def do(bound: Deps) -> tuple[object, int]:
            plugin = await configure_plugin(plugin_id, values, bound)
            shown = [
                present.plugin(*each, bound.registry) for each in await plugins_in_detail(bound)
            ]
            return next(each for each in shown if each["id"] == plugin.id), 200

        return await changed(deps, do)

    return routes
