"""Call the hooks, check what they return, and wrap it in guards."""

from __future__ import annotations

import logging
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from inspect import iscoroutinefunction
from types import ModuleType
from typing import Any, Generic, NoReturn, TypeVar

import pluggy

from ..core.errors import OperatorError, PluginError
from ..core.plugin_api.extensions import Command, Panel, Route
from ..core.plugin_api.method import PaymentMethod
from ..core.plugin_api.processor import Processor
from ..core.plugin_api.retry_policy import PolicyTarget, RetryPolicy
from ..core.plugin_api.risk import RiskCheck
from ..core.plugin_api.routing import Router
from ..core.plugin_api.settings import LoadedPlugin
from ..core.plugin_api.sink import EventSink
from ..core.plugin_api.wire import WireDialect
from ..core.registry import Registry
from ..simulator.scenario import Catalogue, Scenario
from .checks import (
    check_members,
    check_requirement,
    method_code,
    policy_name,
    processor_id,
    sink_id,
)
from .guard import GuardedMethod, GuardedPolicy, GuardedProcessor, GuardedSink
from .guard_extensions import (
    HostedCheck,
    HostedCommand,
    HostedPanel,
    HostedRoute,
    HostedRouter,
    adviser_name,
    command_name,
    fails_closed,
    panel_id,
    route_name,
    router_priority,
)
from .guard_wire import HostedWireDialect, dialect_name
from .isolation import contained
from .results import did_you_mean, words
from .settings import HostContext
from .tracing import PluginTrace

BUILT_IN = "defaults"
"""The plugin of the built-in policies and scenarios; other plugins replace them."""
# A name that needs no quoting in a URL or on a command line.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

log = logging.getLogger(__name__)

Plugin = ModuleType | object
Offered = TypeVar("Offered")
Guarded = TypeVar("Guarded")
P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class Found:
    """A plugin before its hooks are called."""

    name: str
    plugin: Plugin
    version: str
    distribution: str | None = None


@dataclass(frozen=True, slots=True)
class Offer(Generic[Offered]):
    """An object that a plugin offers."""

    plugin: str
    thing: Offered


def refuse(
    plugin: str, problem: str, remedy: str, *, cause: BaseException | None = None
) -> NoReturn:
    """Stop the start-up because of a plugin.

    Raises:
        OperatorError: Always.
    """
    raise OperatorError(setting=f"plugin {plugin}", problem=problem, remedy=remedy) from cause


@dataclass(frozen=True, slots=True)
class Collector:
    """Calls the hooks of each plugin separately, so that errors name the plugin."""

    manager: pluggy.PluginManager
    plugins: Sequence[Found]
    contexts: Mapping[str, HostContext]
    trace: PluginTrace | None = None
    offers: dict[str, dict[str, list[str]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )

    def loaded_plugins(self) -> Mapping[str, LoadedPlugin]:
        """Return all plugins, after their hooks were called."""
        return {
            each.name: LoadedPlugin(
                each.name,
                each.version,
                each.distribution,
                {hook: tuple(names) for hook, names in self.offers[each.name].items()},
                self.contexts[each.name].settings(),
            )
            for each in self.plugins
        }

    def registry(self, scenarios: dict[str, Scenario], preferred: Sequence[str]) -> Registry:
        """Call all hooks.

        Args:
            scenarios: The mapping of the contexts; it is filled before the other hooks are called.
            preferred: Processor ids in order of preference; the others follow by id.
        """
        scenarios.update(self.scenarios())
        processors = self.processors()
        _check_preferred(preferred, processors)
        methods = self.methods()
        self.check_flows(methods, processors)
        return Registry(
            methods=methods,
            processors=_in_order(processors, preferred),
            sinks=self.sinks(),
            policies=self.policies(),
            plugins={each.name: each.version for each in self.plugins},
            scenarios=scenarios,
            routers=self.routers(),
            checks=self.checks(),
            routes=self.routes(),
            commands=self.commands(),
            panels=self.panels(),
            dialects=self.dialects(),
            loaded_plugins=self.loaded_plugins(),
        )

    def methods(self) -> dict[str, PaymentMethod]:
        """Return payment methods by code."""
        return self._guarded(
            "paygate_methods",
            PaymentMethod,
            method_code,
            lambda _, method: GuardedMethod(method, method.info),
        )

    def processors(self) -> dict[str, GuardedProcessor]:
        """Processors by id."""
        return self._guarded(
            "paygate_processors",
            Processor,
            processor_id,
            lambda _, processor: GuardedProcessor(
                processor, processor.info, processor.capabilities
            ),
        )

    def check_flows(
        self, methods: Mapping[str, PaymentMethod], processors: Mapping[str, GuardedProcessor]
    ) -> None:
        """Refuse a processor with a flow that its payment method does not have.

        A method that no plugin offers is only logged: its plugin may not be installed here.
        """
        for plugin, hooks in self.offers.items():
            for id in hooks.get("paygate_processors", ()):
                for code, flows in processors[id].capabilities.methods.items():
                    self._check_method_of(plugin, id, code, flows, methods)

    @staticmethod
    def _check_method_of(
        plugin: str,
        id: str,
        code: str,
        flows: frozenset[str],
        methods: Mapping[str, PaymentMethod],
    ) -> None:
        if code not in methods:
            hint = did_you_mean(code, methods) if methods else "install a plugin that offers it"
            log.warning(
                "processor %s carries out %r, which is not a method of a plugin; %s", id, code, hint
            )
            return
        known = methods[code].info.flows
        for flow in sorted(flows - known):
            problem = (
                f"processor {id} declares the flow {flow!r}, which method {code} does not have"
            )
            refuse(plugin, f"{problem}; {did_you_mean(flow, known)}", "Correct its capabilities")

    def scenarios(self) -> Mapping[str, Scenario]:
        """Name → scenario."""
        offered = self._offered("paygate_scenarios", Scenario, lambda scenario: scenario.name)
        numbered: dict[int, Offer[Scenario]] = {}
        for name, each in offered.items():
            first = numbered.setdefault(each.thing.number, each)
            if first is not each:
                problem = (
                    f"paygate_scenarios: {name} and {first.thing.name} of plugin {first.plugin} "
                    f"share number {each.thing.number}"
                )
                refuse(each.plugin, problem, "Choose another number")
        return Catalogue.of([each.thing for each in offered.values()]).by_name

    def sinks(self) -> dict[str, EventSink]:
        """Sinks by id."""
        return self._guarded(
            "paygate_event_sinks",
            EventSink,
            sink_id,
            lambda plugin, sink: GuardedSink(sink, sink.info, plugin),
        )

    def policies(self) -> dict[PolicyTarget, RetryPolicy]:
        """Retry policies by what they apply to."""
        offered = self._offered("paygate_retry_policies", RetryPolicy, policy_name)
        built_in: dict[PolicyTarget, RetryPolicy] = {}
        chosen: dict[PolicyTarget, RetryPolicy] = {}
        # Plugins come after the defaults, so their policies replace the built-in ones.
        owners: dict[PolicyTarget, str] = {}
        for name, each in offered.items():
            for target in each.thing.applies_to:
                owner = owners.setdefault(target, each.plugin)
                if owner not in {each.plugin, BUILT_IN}:
                    problem = f"paygate_retry_policies: plugin {owner} also applies to {target}"
                    refuse(each.plugin, problem, "Uninstall one of them")
                owners[target] = each.plugin
                stand_in = built_in.setdefault(target, each.thing)
                policy = GuardedPolicy(each.thing, stand_in, name, each.thing.applies_to)
                chosen[target] = self._traced(each, name, policy)
        return chosen

    def routers(self) -> tuple[HostedRouter, ...]:
        """Routers, in the order in which they are asked."""
        offered = self._offered("paygate_routers", Router, adviser_name)
        ranked = sorted(offered.items(), key=lambda item: -self._priority(item[1]))
        return tuple(
            self._traced(each, name, HostedRouter(each.thing, name, each.plugin))
            for name, each in ranked
        )

    def _priority(self, offer: Offer[Router]) -> int:
        return self._described(offer, "paygate_routers", router_priority)

    def _described(
        self, offer: Offer[Offered], hook: str, read: Callable[[Offered], Guarded]
    ) -> Guarded:
        try:
            return contained(lambda: read(offer.thing), plugin=offer.plugin)
        except PluginError as error:
            refuse(offer.plugin, f"{hook}: {words(error)}", "Correct it", cause=error)

    def checks(self) -> tuple[HostedCheck, ...]:
        """Risk checks."""
        offered = self._offered("paygate_risk_checks", RiskCheck, adviser_name)
        return tuple(
            self._traced(each, name, HostedCheck(each.thing, name, each.plugin, self._fails(each)))
            for name, each in offered.items()
        )

    def _fails(self, offer: Offer[RiskCheck]) -> bool:
        return self._described(offer, "paygate_risk_checks", fails_closed)

    def routes(self) -> tuple[HostedRoute, ...]:
        """HTTP routes of plugins."""
        hosted = self._guarded("paygate_routes", Route, route_name, HostedRoute, is_own=True)
        return tuple(hosted.values())

    def commands(self) -> dict[tuple[str, str], HostedCommand]:
        """Commands of plugins by plugin and name."""
        hosted = self._guarded(
            "paygate_commands", Command, command_name, HostedCommand, is_own=True
        )
        return {(each.plugin, each.command.name): each for each in hosted.values()}

    def panels(self) -> dict[str, HostedPanel]:
        """Dashboard panels by plugin and id."""
        return self._guarded("paygate_panels", Panel, panel_id, HostedPanel, is_own=True)

    def dialects(self) -> dict[str, HostedWireDialect]:
        """Dialects by name."""
        return self._guarded("paygate_dialects", WireDialect, dialect_name, HostedWireDialect)

    def _guarded(
        self,
        hook: str,
        kind: type[Offered],
        name_of: Callable[[Offered], str],
        guard: Callable[[str, Offered], Guarded],
        *,
        is_own: bool = False,
    ) -> dict[str, Guarded]:
        """Collect the objects of a hook by name; ``guard`` wraps the object of a plugin."""
        offered = self._offered(hook, kind, name_of, is_own=is_own)
        return {
            name: self._traced(each, name_of(each.thing), guard(each.plugin, each.thing))
            for name, each in offered.items()
        }

    def _traced(self, offer: Offer[Any], name: str, guarded: Guarded) -> Guarded:
        """Return the guarded object, wrapped in a tracer if tracing is on."""
        known: Any = guarded
        if hasattr(known, "secrets"):
            guarded = replace(known, secrets=self.contexts[offer.plugin].secrets)
        return guarded if self.trace is None else self.trace.around(guarded, offer.plugin, name)

    def _offered(
        self,
        hook: str,
        kind: type[Offered],
        name_of: Callable[[Offered], str],
        *,
        is_own: bool = False,
    ) -> dict[str, Offer[Offered]]:
        """Collect the objects of a hook by name; ``is_own`` prefixes the plugin's name."""
        offered: dict[str, Offer[Offered]] = {}
        for plugin, thing in self._each(hook):
            if is_own and not _NAME.fullmatch(plugin):
                remedy = "Name it with letters, digits, dots, dashes and underscores"
                refuse(plugin, f"{hook}: its name cannot be used in a URL", remedy)
            try:
                check_members(thing, kind)
                check_requirement(plugin, thing)
                name = f"{plugin}.{name_of(thing)}" if is_own else name_of(thing)
            except (KeyboardInterrupt, OperatorError):
                raise
            except BaseException as error:  # noqa: BLE001 - properties run the plugin's code
                refuse(
                    plugin,
                    f"{hook} returned a {type(thing).__name__}: {words(error)}",
                    f"Return objects that implement {kind.__name__}",
                    cause=error,
                )
            if name in offered:
                refuse(plugin, f"{hook}: {name!r} is {_by(plugin, offered[name])}", "Rename one")
            offered[name] = Offer(plugin, thing)
            self.offers[plugin][hook].append(name)
        return offered

    def _each(self, hook: str) -> Iterator[tuple[str, Any]]:
        implementations = getattr(self.manager.hook, hook).get_hookimpls()
        for found in self.plugins:
            for implementation in implementations:
                # By identity: a plugin may be an object that cannot be compared or hashed.
                if implementation.plugin is found.plugin:
                    for thing in self._call(found.name, hook, implementation):
                        yield found.name, thing

    def _call(self, name: str, hook: str, implementation: pluggy.HookImpl) -> Sequence[Any]:
        if iscoroutinefunction(implementation.function):
            refuse(name, f"{hook} is async", "Hooks only return objects; use a plain def")
        given = {"context": self.contexts[name]}
        try:
            with self.trace.hook(name, hook) if self.trace else nullcontext():
                offered: Any = implementation.function(*(given[a] for a in implementation.argnames))
                return list(offered)
        except (KeyboardInterrupt, OperatorError):
            raise
        except BaseException as error:  # noqa: BLE001 - a plugin may raise anything, SystemExit included
            refuse(
                name,
                f"{hook} {words(error)}",
                "Repair or uninstall the plugin",
                cause=error,
            )


def _by(plugin: str, first: Offer[Any]) -> str:
    if first.plugin == plugin:
        return "offered twice"
    return f"taken by plugin {first.plugin}, plugin {plugin} offers it too"


def _check_preferred(preferred: Sequence[str], processors: Mapping[str, object]) -> None:
    for id in preferred:
        if id not in processors:
            raise OperatorError(
                setting="PAYGATE_PROCESSORS",
                problem=f"there is no processor {id!r}",
                remedy=f"Choose from {', '.join(sorted(processors)) or 'none'}",
            )


def _in_order(processors: Mapping[str, P], preferred: Sequence[str]) -> dict[str, P]:
    """Sort processors by preference; the others follow by id."""
    ranks = {name: rank for rank, name in enumerate(preferred)}
    names = sorted(processors, key=lambda name: (ranks.get(name, len(ranks)), name))
    return {name: processors[name] for name in names}
