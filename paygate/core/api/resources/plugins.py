"""Installed plugins and their settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field
from quart import Blueprint, Response
from typing_extensions import TypedDict

from ...accounts.model import Role
from ...deps import Deps
from ...figures import CallFigures, ShownBreaker
from ...plugin_api.settings import LoadedPlugin, PluginSettings, StoredSettings
from ...plugin_data.settings import PluginInDetail, configure_plugin, plugins_in_detail
from ...redaction import redact
from ...registry import Registry
from ...webhooks.model import BreakerState
from ..auth import operator_of_request
from ..bodies import body_of_request
from ..context import deps_of_app
from ..documented import MADE_AT, Audited, documented
from ..errors import json_response
from ..fields import Body, Request, checked
from ..idempotency import changed
from ..shapes import At, maybe_timestamp
from .overview import Ms


class PluginConfigRequest(Request):
    """Body of ``PUT /plugins/{id}/config``."""

    values: dict[str, Any] = Field(
        description="by field; missing fields stay unchanged, null restores the default"
    )


Source = Literal["environment", "stored", "default"]


class MethodOfferJson(TypedDict):
    """A payment method that a plugin offers."""

    code: str
    label: str
    flows: list[str]


class ProcessorCapabilitiesJson(TypedDict):
    """The capabilities of a processor."""

    methods: Annotated[dict[str, list[str]], Field(description="method → flows")]
    currencies: Annotated[list[str], Field(description="empty for all")]
    capture: str
    void: bool
    refund: str
    query: bool
    callbacks: bool
    amount_minor_min: int
    amount_minor_max: int | None


class ProcessorOfferJson(TypedDict):
    """A processor that a plugin offers."""

    id: str
    capabilities: ProcessorCapabilitiesJson
    breaker: Annotated[
        BreakerState,
        Field(description="not `closed`: it does not respond to at least one worker"),
    ]
    breaker_reason: str | None


class SinkOfferJson(TypedDict):
    """An event sink that a plugin offers."""

    id: str


class RetryPolicyOfferJson(TypedDict):
    """A retry policy that a plugin offers."""

    name: str
    applies_to: list[str]


class OffersJson(TypedDict):
    """What a plugin offers."""

    methods: list[MethodOfferJson]
    processors: list[ProcessorOfferJson]
    sinks: list[SinkOfferJson]
    retry_policies: list[RetryPolicyOfferJson]
    scenarios: Annotated[list[str], Field(description="names of scenarios")]
    routers: list[str]
    risk_checks: list[str]
    routes: list[str]
    commands: list[str]
    panels: list[str]


class PluginHealthJson(TypedDict):
    """Results of the calls of its processors in the last 24 hours."""

    calls: int
    unknown: Annotated[int, Field(description="calls with the outcome Unknown")]
    errors: Annotated[int, Field(description="calls whose request was never sent")]
    p50_ms: Ms
    p95_ms: Ms
    last_error: str | None
    last_error_at: At | None


class PluginConfigJson(TypedDict):
    """A plugin's settings, as a process that starts now would read them."""

    schema: Annotated[dict[str, Any], Field(description="JSON Schema of the values")]
    values: Annotated[dict[str, Any], Field(description="by field, without secrets")]
    source: Annotated[dict[str, Source], Field(description="by field, secrets too")]
    pending: Annotated[bool, Field(description="this process runs with other values")]


class PluginJson(TypedDict):
    """An installed plugin."""

    id: str
    version: str
    distribution: str | None
    offers: OffersJson
    health: PluginHealthJson
    config: Annotated[PluginConfigJson | None, Field(description="null without settings")]


class PluginsJson(TypedDict):
    """All plugins, the built-in one first."""

    data: list[PluginJson]


def parse_plugin_values(body: Body) -> Mapping[str, Any]:
    """Parse the body of ``PUT /plugins/{id}/config``."""
    return checked(PluginConfigRequest, body).values


def plugin_to_json(detail: PluginInDetail, registry: Registry) -> PluginJson:
    """Return a row of ``GET /plugins``."""
    plugin = detail.plugin
    return {
        "id": plugin.id,
        "version": plugin.version,
        "distribution": plugin.distribution,
        "offers": _offers(plugin, detail.breakers, registry),
        "health": _health(detail.calls),
        "config": _config(plugin.settings, detail.stored) if plugin.settings else None,
    }


def _offers(
    plugin: LoadedPlugin, breakers: Mapping[str, ShownBreaker], registry: Registry
) -> OffersJson:
    def offered(hook: str) -> tuple[str, ...]:
        return plugin.offers.get(f"paygate_{hook}", ())

    policies = offered("retry_policies")
    return {
        "methods": [_method(registry.methods[code].info) for code in offered("methods")],
        "processors": [
            {
                "id": id,
                "capabilities": _capabilities(registry.processors[id].capabilities),
                "breaker": breakers[id].state if id in breakers else "closed",
                "breaker_reason": redact(breakers[id].reason) if id in breakers else None,
            }
            for id in offered("processors")
        ],
        "sinks": [{"id": id} for id in offered("event_sinks")],
        "retry_policies": [
            {"name": name, "applies_to": _targets(name, registry)} for name in policies
        ],
        "scenarios": list(offered("scenarios")),
        "routers": list(offered("routers")),
        "risk_checks": list(offered("risk_checks")),
        "routes": list(offered("routes")),
        "commands": list(offered("commands")),
        "panels": list(offered("panels")),
    }


def _targets(name: str, registry: Registry) -> list[str]:
    """Return the active targets; another plugin's policy may have replaced it."""
    return sorted(target for target, policy in registry.policies.items() if policy.name == name)


def _method(info: Any) -> MethodOfferJson:
    return {"code": info.code, "label": info.label, "flows": sorted(info.flows)}


def _capabilities(can: Any) -> ProcessorCapabilitiesJson:
    return {
        "methods": {code: sorted(flows) for code, flows in can.methods.items()},
        "currencies": sorted(can.currencies),
        "capture": can.capture,
        "void": can.void,
        "refund": can.refund,
        "query": can.query,
        "callbacks": can.callbacks,
        "amount_minor_min": can.amount_minor_min,
        "amount_minor_max": can.amount_minor_max,
    }


def _health(calls: Sequence[CallFigures]) -> PluginHealthJson:
    """Combine several processors: the highest latency and the last error."""
    wrong = [each for each in calls if each.last_error_at is not None]
    last = max(wrong, key=lambda each: str(each.last_error_at)) if wrong else None
    return {
        "calls": sum(each.calls for each in calls),
        "unknown": sum(each.unknown for each in calls),
        "errors": sum(each.errors for each in calls),
        "p50_ms": max((each.p50_ms for each in calls if each.p50_ms is not None), default=None),
        "p95_ms": max((each.p95_ms for each in calls if each.p95_ms is not None), default=None),
        "last_error": redact(last.last_error or "") if last else None,
        "last_error_at": maybe_timestamp(last.last_error_at) if last else None,
    }


def _config(settings: PluginSettings, stored: StoredSettings) -> PluginConfigJson:
    return {
        "schema": dict(settings.schema()),
        "values": dict(settings.shown(stored)),
        "source": dict(settings.sources(stored)),
        "pending": stored.given != settings.started_with.given,
    }


PLUGIN_EXAMPLE: PluginJson = {
    "id": "upi_sim",
    "version": "0.1.0",
    "distribution": "paygate-upi-sim",
    "offers": {
        "methods": [{"code": "upi", "label": "UPI", "flows": ["collect", "intent", "qr"]}],
        "processors": [
            {
                "id": "upi_sim",
                "capabilities": {
                    "methods": {"upi": ["collect", "intent", "qr"]},
                    "currencies": ["INR"],
                    "capture": "none",
                    "void": False,
                    "refund": "multiple",
                    "query": True,
                    "callbacks": True,
                    "amount_minor_min": 100,
                    "amount_minor_max": None,
                },
                "breaker": "closed",
                "breaker_reason": None,
            }
        ],
        "sinks": [],
        "retry_policies": [],
        "scenarios": [],
        "routers": [],
        "risk_checks": [],
        "routes": [],
        "commands": [],
        "panels": [],
    },
    "health": {
        "calls": 120,
        "unknown": 1,
        "errors": 0,
        "p50_ms": 3.0,
        "p95_ms": 11.5,
        "last_error": "no response within 10 s",
        "last_error_at": MADE_AT,
    },
    "config": {
        "schema": {"type": "object", "properties": {"success_rate": {"type": "number"}}},
        "values": {"success_rate": 0.5},
        "source": {"success_rate": "stored"},
        "pending": True,
    },
}
PLUGINS_EXAMPLE: PluginsJson = {"data": [PLUGIN_EXAMPLE]}


routes = Blueprint("plugins", __name__)


async def everything(bound: Deps) -> list[PluginJson]:
    deps = deps_of_app()
    return [plugin_to_json(each, deps.registry) for each in await plugins_in_detail(bound)]


@routes.get("/plugins")
@documented(
    "List plugins",
    PluginsJson,
    PLUGINS_EXAMPLE,
    needs_operator=True,
    about="With results of their processors' calls in the last 24 hours, and their settings.",
)
async def index() -> Response:
    deps = deps_of_app()
    await operator_of_request(deps)
    return json_response({"data": await everything(deps)})


@routes.put("/plugins/<plugin_id>/config")
@documented(
    "Change a plugin's settings",
    PluginJson,
    PLUGIN_EXAMPLE,
    needs=Role.OWNER,
    needs_operator=True,
    audit=Audited("plugin.configure"),
    body=PluginConfigRequest,
    body_examples={"example": {"values": {"success_rate": 0.5}}},
    about="The environment takes precedence, so a setting of the environment is refused. Each "
    "process reads the settings when it starts; until then `pending` says so. Secrets can "
    "be written and not read.",
    refuses=frozenset({403, 422}),
)
async def configure(plugin_id: str) -> Response:
    deps = deps_of_app()
    await operator_of_request(deps)
    values = parse_plugin_values(await body_of_request())

    async def do(bound: Deps) -> tuple[object, int]:
        plugin = await configure_plugin(plugin_id, values, bound)
        shown = [plugin_to_json(each, bound.registry) for each in await plugins_in_detail(bound)]
        return next(each for each in shown if each["id"] == plugin.id), 200

    return await changed(deps, do)
