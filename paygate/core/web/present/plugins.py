"""Plugins to the wire's words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...figures import CallFigures
from ...plugin_api.settings import LoadedPlugin, PluginSettings, StoredSettings
from ...redaction import redact
from ...registry import Registry
from ..wire import overview as wire
from .overview import moment


def plugin(
    plugin: LoadedPlugin, stored: StoredSettings, calls: Sequence[CallFigures], registry: Registry
) -> wire.Plugin:
    """One row of ``GET /plugins``."""
    return {
        "id": plugin.id,
        "version": plugin.version,
        "distribution": plugin.distribution,
        "offers": _offers(plugin, registry),
        "health": _health(calls),
        "config": _config(plugin.settings, stored) if plugin.settings else None,
    }


def _offers(plugin: LoadedPlugin, registry: Registry) -> wire.Offers:
    def offered(hook: str) -> tuple[str, ...]:
        return plugin.offers.get(f"paygate_{hook}", ())

    policies = offered("retry_policies")
    return {
        "methods": [_method(registry.methods[code].info) for code in offered("methods")],
        "processors": [
            {"id": id, "capabilities": _capabilities(registry.processors[id].capabilities)}
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
    """What it decides here; another plugin's policy may have taken its place."""
    return sorted(target for target, policy in registry.policies.items() if policy.name == name)


def _method(info: Any) -> wire.MethodOffer:
    return {"code": info.code, "label": info.label, "flows": sorted(info.flows)}


def _capabilities(can: Any) -> wire.ProcessorCapabilities:
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


def _health(calls: Sequence[CallFigures]) -> wire.PluginHealth:
    """Of several processors the slowest and the last to go wrong."""
    wrong = [each for each in calls if each.last_error_at is not None]
    last = max(wrong, key=lambda each: str(each.last_error_at)) if wrong else None
    return {
        "calls": sum(each.calls for each in calls),
        "unknown": sum(each.unknown for each in calls),
        "errors": sum(each.errors for each in calls),
        "p50_ms": max((each.p50_ms for each in calls if each.p50_ms is not None), default=None),
        "p95_ms": max((each.p95_ms for each in calls if each.p95_ms is not None), default=None),
        "last_error": redact(last.last_error or "") if last else None,
        "last_error_at": moment(last.last_error_at) if last else None,
    }


def _config(settings: PluginSettings, stored: StoredSettings) -> wire.PluginConfig:
    return {
        "schema": dict(settings.schema()),
        "values": dict(settings.shown(stored)),
        "source": dict(settings.sources(stored)),
        "pending": stored.given != settings.started_with.given,
    }
