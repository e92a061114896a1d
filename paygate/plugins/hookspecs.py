"""Plugin hook specifications.

Each hook gets the plugin's context, with its name and settings, and is called once per app.
"""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from ..core.plugin_api.extensions import Command, Panel, Route
from ..core.plugin_api.method import PaymentMethod
from ..core.plugin_api.plugin import PluginContext
from ..core.plugin_api.processor import Processor
from ..core.plugin_api.retry_policy import RetryPolicy
from ..core.plugin_api.risk import RiskCheck
from ..core.plugin_api.routing import Router
from ..core.plugin_api.sink import EventSink
from ..core.plugin_api.wire import WireDialect
from ..simulator.scenario import Scenario

PROJECT = "paygate"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def paygate_methods(context: PluginContext) -> Iterable[PaymentMethod]:  # type: ignore[empty-body]  # a specification has no body
    """Offer payment methods.

    Returns:
        Methods whose codes no other plugin uses.
    """


@hookspec
def paygate_processors(context: PluginContext) -> Iterable[Processor]:  # type: ignore[empty-body]  # a specification has no body
    """Offer processors.

    Returns:
        Processors whose ids no other plugin uses.
    """


@hookspec
def paygate_event_sinks(context: PluginContext) -> Iterable[EventSink]:  # type: ignore[empty-body]  # a specification has no body
    """Offer sinks, which deliver events.

    Returns:
        Sinks whose ids no other plugin uses.
    """


@hookspec
def paygate_retry_policies(context: PluginContext) -> Iterable[RetryPolicy]:  # type: ignore[empty-body]  # a specification has no body
    """Offer retry policies.

    A plugin's policy replaces the built-in one for what it applies to.

    Returns:
        Policies whose names no other plugin uses.
    """


@hookspec
def paygate_scenarios(context: PluginContext) -> Iterable[Scenario]:  # type: ignore[empty-body]  # a specification has no body
    """Offer scenarios for simulators. Called before the other hooks.

    Returns:
        Scenarios whose names and numbers no other plugin uses.
    """


@hookspec
def paygate_routers(context: PluginContext) -> Iterable[Router]:  # type: ignore[empty-body]  # a specification has no body
    """Offer routers, which choose the processor of a payment.

    Returns:
        Routers whose names no other plugin uses.
    """


@hookspec
def paygate_risk_checks(context: PluginContext) -> Iterable[RiskCheck]:  # type: ignore[empty-body]  # a specification has no body
    """Offer risk checks, which may block a payment before it is sent to its processor.

    Returns:
        Checks whose names no other plugin uses.
    """


@hookspec
def paygate_routes(context: PluginContext) -> Iterable[Route]:  # type: ignore[empty-body]  # a specification has no body
    """Offer HTTP routes under ``/plugins/<plugin>``.

    Returns:
        Routes that differ in method or path.
    """


@hookspec
def paygate_commands(context: PluginContext) -> Iterable[Command]:  # type: ignore[empty-body]  # a specification has no body
    """Offer commands for the command line: ``paygate x <plugin> <command>``.

    Returns:
        Commands with different names.
    """


@hookspec
def paygate_panels(context: PluginContext) -> Iterable[Panel]:  # type: ignore[empty-body]  # a specification has no body
    """Offer panels for the dashboard.

    Returns:
        Panels with different ids.
    """


@hookspec
def paygate_dialects(context: PluginContext) -> Iterable[WireDialect]:  # type: ignore[empty-body]  # a specification has no body
    """Offer dialects: APIs of other gateways under ``/wire``.

    Returns:
        Dialects whose names no other plugin uses.
    """
