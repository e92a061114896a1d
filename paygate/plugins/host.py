"""Finds the guests, checks them, and freezes what they offer into a registry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from inspect import iscoroutinefunction
from types import ModuleType
from typing import Any, NoReturn, TypeVar

import pluggy
from pydantic import BaseModel

from ..core.domain.errors import OperatorError
from ..core.ports.plugins import EventSink, PaymentMethod
from ..core.ports.processor import Processor
from ..core.ports.retry import PolicyTarget, RetryPolicy
from ..core.services.registry import Registry
from ..simulator.scenario import Catalogue, Scenario
from . import defaults, hookspecs
from .answers import words
from .context import HostContext
from .guard import GuardedMethod, GuardedPolicy, GuardedProcessor, GuardedSink
from .markers import PROJECT
from .offers import (
    check_members,
    check_requirement,
    method_code,
    policy_name,
    processor_id,
    sink_id,
)

Plugin = ModuleType | object
Offered = TypeVar("Offered")


@dataclass(frozen=True, slots=True)
class Found:
    """A plugin before its hooks are called."""

    name: str
    plugin: Plugin
    version: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the host made of all plugins.

    Args:
        registry: What they offer.
        config_models: Plugin name → the settings models it asked for.
    """

    registry: Registry
    config_models: Mapping[str, Sequence[type[BaseModel]]]


def installed_plugins() -> list[Found]:
    """The plugins that installed distributions declare, by name.

    Raises:
        OperatorError: One cannot be imported.
    """
    points = sorted(entry_points(group=PROJECT), key=lambda point: point.name)
    return [_import(point) for point in points]


def load_plugins(
    found: Iterable[Found], *, environ: Mapping[str, str], preferred: Sequence[str] = ()
) -> Loaded:
    """Call the plugins' hooks and freeze what they offer.

    Args:
        found: The plugins; the built-in defaults are added.
        environ: Where their settings are read from.
        preferred: Processor ids in order of preference; the others follow by id.

    Raises:
        OperatorError: A plugin is not right; the sentence names it and the mistake.
    """
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    plugins = [Found("defaults", defaults, "built in"), *found]
    for each in plugins:
        _register(manager, each)
    scenarios: dict[str, Scenario] = {}
    contexts = {each.name: HostContext(each.name, environ, scenarios=scenarios) for each in plugins}
    collect = _Collector(manager, plugins, contexts)
    scenarios.update(collect.scenarios())
    processors = collect.processors()
    _check_preferred(preferred, processors)
    registry = Registry(
        methods=collect.methods(),
        processors={
            name: processors[name]
            for name in sorted(processors, key=lambda name: (_rank(preferred, name), name))
        },
        sinks=collect.sinks(),
        policies=collect.policies(),
        plugins={each.name: each.version for each in plugins},
        scenarios=scenarios,
    )
    return Loaded(registry, {name: context.models for name, context in contexts.items()})


def _import(point: EntryPoint) -> Found:
    try:
        plugin = point.load()
    except Exception as error:  # noqa: BLE001 - importing a guest may raise anything
        _refuse(
            point.name,
            f"it cannot be imported ({words(error)})",
            "Repair or uninstall its distribution",
            cause=error,
        )
    return Found(point.name, plugin, point.dist.version if point.dist else "unknown")


def _register(manager: pluggy.PluginManager, found: Found) -> None:
    if manager.has_plugin(found.name):
        _refuse(found.name, "two plugins have this name", "Uninstall one of them")
    try:
        _check_hook_names(manager, found)
        manager.register(found.plugin, name=found.name)
    except OperatorError:
        raise
    except pluggy.PluginValidationError as error:
        # pluggy's own sentence names the hook and the argument.
        sentence = " ".join(str(error).split())
        _refuse(found.name, sentence, "Correct the hook's arguments", cause=error)
    except ValueError as error:
        _refuse(found.name, str(error), "Register each plugin once", cause=error)
    except Exception as error:  # noqa: BLE001 - looking at a guest runs its code
        _refuse(found.name, words(error), "Repair or uninstall the plugin", cause=error)


def _check_hook_names(manager: pluggy.PluginManager, found: Found) -> None:
    known = [name for name in vars(hookspecs) if name.startswith(f"{PROJECT}_")]
    for name in dir(found.plugin):
        if manager.parse_hookimpl_opts(found.plugin, name) is None or name in known:
            continue
        near = get_close_matches(name, known, n=1)
        hint = f"Did you mean {near[0]}" if near else f"The hooks are {', '.join(known)}"
        _refuse(found.name, f"there is no hook {name}", hint)


def _refuse(
    plugin: str, problem: str, remedy: str, *, cause: BaseException | None = None
) -> NoReturn:
    raise OperatorError(setting=f"plugin {plugin}", problem=problem, remedy=remedy) from cause


@dataclass(frozen=True, slots=True)
class _Collector:
    """Calls hooks, each plugin apart, so that one that raises is named."""

    manager: pluggy.PluginManager
    plugins: Sequence[Found]
    contexts: Mapping[str, HostContext]

    def methods(self) -> dict[str, PaymentMethod]:
        offered = self._offered("paygate_methods", PaymentMethod, method_code)  # type: ignore[type-abstract]  # a Protocol is checked at run time
        return {code: GuardedMethod(method, method.info) for code, method in offered.items()}

    def processors(self) -> dict[str, GuardedProcessor]:
        offered = self._offered("paygate_processors", Processor, processor_id)  # type: ignore[type-abstract]  # a Protocol is checked at run time
        return {id: GuardedProcessor(p, p.info, p.capabilities) for id, p in offered.items()}

    def scenarios(self) -> Mapping[str, Scenario]:
        offered = self._offered("paygate_scenarios", Scenario, lambda scenario: scenario.name)
        return Catalogue.of(offered.values()).by_name

    def sinks(self) -> dict[str, EventSink]:
        offered = self._offered("paygate_event_sinks", EventSink, sink_id)  # type: ignore[type-abstract]  # a Protocol is checked at run time
        return {id: GuardedSink(sink, sink.info) for id, sink in offered.items()}

    def policies(self) -> dict[PolicyTarget, RetryPolicy]:
        offered = self._offered("paygate_retry_policies", RetryPolicy, policy_name)  # type: ignore[type-abstract]  # a Protocol is checked at run time
        built_in: dict[PolicyTarget, RetryPolicy] = {}
        chosen: dict[PolicyTarget, RetryPolicy] = {}
        # Plugins come after the defaults, so theirs take the built-in one's place.
        for name, policy in offered.items():
            for target in policy.applies_to:
                stand_in = built_in.setdefault(target, policy)
                chosen[target] = GuardedPolicy(policy, stand_in, name, policy.applies_to)
        return chosen

    def _offered(
        self, hook: str, kind: type[Offered], name_of: Callable[[Offered], str]
    ) -> dict[str, Offered]:
        offered: dict[str, Offered] = {}
        for plugin, thing in self._each(hook):
            try:
                check_members(thing, kind)
                check_requirement(plugin, thing)
                name = name_of(thing)
            except OperatorError:
                raise
            except Exception as error:  # noqa: BLE001 - describing itself is a guest's code too
                _refuse(
                    plugin,
                    f"{hook} returned a {type(thing).__name__}: {words(error)}",
                    f"Return objects that implement {kind.__name__}",
                    cause=error,
                )
            if name in offered:
                _refuse(plugin, f"{hook}: {name!r} is taken by another plugin", "Rename one")
            offered[name] = thing
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
            _refuse(name, f"{hook} is async", "Hooks only return objects; use a plain def")
        given = {"context": self.contexts[name]}
        try:
            offered: Any = implementation.function(*(given[a] for a in implementation.argnames))
            return list(offered)
        except OperatorError:
            raise
        except Exception as error:  # noqa: BLE001 - a guest may raise anything
            _refuse(
                name,
                f"{hook} {words(error)}",
                "Repair or uninstall the plugin",
                cause=error,
            )


def _check_preferred(preferred: Sequence[str], processors: Mapping[str, object]) -> None:
    for id in preferred:
        if id not in processors:
            raise OperatorError(
                setting="PAYGATE_PROCESSORS",
                problem=f"there is no processor {id!r}",
                remedy=f"Choose from {', '.join(sorted(processors)) or 'none'}",
            )


def _rank(preferred: Sequence[str], id: str) -> int:
    return preferred.index(id) if id in preferred else len(preferred)
