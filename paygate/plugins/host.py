"""Find the plugins, check them, and collect what they offer in a registry."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from inspect import isroutine
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pluggy
from pydantic import BaseModel

from ..core.errors import OperatorError
from ..core.plugin_api.plugin import PluginContext
from ..core.plugin_api.settings import NO_SETTINGS, StoredSettings
from ..core.registry import Registry
from ..simulator.scenario import Scenario
from . import defaults, hookspecs
from .collecting import BUILT_IN, Collector, Found, refuse
from .folder import import_file, plugin_files
from .hookspecs import PROJECT
from .results import words
from .settings import HostContext
from .tracing import PluginTrace

__all__ = ["Found", "Loaded", "installed_plugins", "load_plugins"]


WITHHELD = frozenset({"PAYGATE_VAULT_KEY", "DATABASE_URL", "REDIS_URL"})
"""Variables that are hidden from plugins."""


@dataclass(frozen=True, slots=True, repr=False)
class Loaded:
    """The loaded plugins.

    Args:
        registry: The objects that they offer.
        config_models: Settings models by plugin name.
        setting_names: Names of variables by plugin name.
        configs: Settings by plugin name.
    """

    registry: Registry
    config_models: Mapping[str, Sequence[type[BaseModel]]]
    setting_names: Mapping[str, frozenset[str]]
    configs: Mapping[str, Sequence[BaseModel]]


def installed_plugins(allowed: Collection[str] = (), folder: str = "") -> list[Found]:
    """Return the plugins that installed distributions declare, and those of a folder, by name.

    Args:
        allowed: Names of the plugins to load; the others are not imported. Empty for all.
        folder: A folder with plugins, a file each; empty for none.

    Raises:
        OperatorError: A plugin cannot be imported, or an allowed one is not there.
    """
    points, files = entry_points(group=PROJECT), plugin_files(folder)
    for file in files:
        if file.stem in points.names:
            refuse(file.stem, f"{file} has the name of an installed plugin", "Rename the file")
    sources: list[EntryPoint | Path] = sorted([*points, *files], key=_name)
    known = {_name(source) for source in sources}
    for name in allowed:
        if name not in known:
            raise OperatorError(
                setting="PAYGATE_PLUGINS",
                problem=f"there is no plugin {name!r}",
                remedy=f"Choose from {', '.join(sorted(known)) or 'none'}",
            )
    return [
        import_file(source) if isinstance(source, Path) else _import(source)
        for source in sources
        if not allowed or _name(source) in allowed
    ]


def _name(source: EntryPoint | Path) -> str:
    return source.stem if isinstance(source, Path) else source.name


def load_plugins(
    found: Iterable[Found],
    *,
    environ: Mapping[str, str],
    preferred: Sequence[str] = (),
    trace: PluginTrace | None = None,
    stored: Mapping[str, StoredSettings] = MappingProxyType({}),
    derive: Callable[[str], str] | None = None,
) -> Loaded:
    """Call the plugins' hooks and collect what they offer.

    Args:
        found: The plugins; the built-in defaults are added.
        environ: The environment of their settings.
        preferred: Processor ids in order of preference; the others follow by id.
        trace: Records every hook and every call; None for no tracing.
        stored: Settings stored by an operator, by plugin; the environment takes precedence.
        derive: Derives a secret of this installation for a purpose; None without a vault.

    Raises:
        OperatorError: A plugin is invalid; the message names it and the mistake.
    """
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    plugins = [Found(BUILT_IN, defaults, "built in"), *found]
    for each in plugins:
        _register(manager, each)
    scenarios: dict[str, Scenario] = {}
    contexts = _contexts(plugins, environ, scenarios, stored, derive)
    collect = Collector(manager, plugins, contexts, trace)
    registry = collect.registry(scenarios, preferred)
    return Loaded(
        registry,
        {name: context.models for name, context in contexts.items()},
        {name: context.setting_names() for name, context in contexts.items()},
        {name: context.configs for name, context in contexts.items()},
    )


def _contexts(
    plugins: Iterable[Found],
    environ: Mapping[str, str],
    scenarios: Mapping[str, Scenario],
    stored: Mapping[str, StoredSettings],
    derive: Callable[[str], str] | None,
) -> dict[str, HostContext]:
    visible = {name: value for name, value in environ.items() if name not in WITHHELD}
    return {
        each.name: HostContext(
            each.name,
            visible,
            scenarios=scenarios,
            stored=stored.get(each.name, NO_SETTINGS),
            derive=derive,
        )
        for each in plugins
    }


Offers = Callable[[PluginContext], Sequence[Any]]
"""A hook of a plugin: takes a context, returns what the plugin offers."""


def hook_implementations(found: Found, hook: str) -> Sequence[Offers]:
    """Return the functions of one plugin for a hook.

    Raises:
        OperatorError: The plugin is invalid.
    """
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    _register(manager, found)
    return [_offers(each) for each in getattr(manager.hook, hook).get_hookimpls()]


def _offers(implementation: pluggy.HookImpl) -> Offers:
    def offers(context: PluginContext) -> Sequence[Any]:
        # A hook may take no argument.
        offered: Any = implementation.function(*(context for _ in implementation.argnames))
        return list(offered)

    return offers


def _import(point: EntryPoint) -> Found:
    try:
        plugin = point.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - importing a plugin may raise anything, SystemExit included
        refuse(
            point.name,
            f"it cannot be imported ({words(error)})",
            "Repair or uninstall its distribution",
            cause=error,
        )
    if point.dist is None:
        return Found(point.name, plugin, "unknown")
    return Found(point.name, plugin, point.dist.version, point.dist.name)


def _register(manager: pluggy.PluginManager, found: Found) -> None:
    if manager.has_plugin(found.name):
        refuse(found.name, "two plugins have this name", "Uninstall one of them")
    try:
        _check_hook_names(manager, found)
        manager.register(found.plugin, name=found.name)
    except (KeyboardInterrupt, OperatorError):
        raise
    except pluggy.PluginValidationError as error:
        # pluggy's message names the hook and the argument.
        sentence = " ".join(str(error).split())
        refuse(found.name, sentence, "Correct the hook's arguments", cause=error)
    except ValueError as error:
        refuse(found.name, str(error), "Register each plugin once", cause=error)
    except BaseException as error:  # noqa: BLE001 - registering a plugin runs its code
        refuse(found.name, words(error), "Repair or uninstall the plugin", cause=error)


def _check_hook_names(manager: pluggy.PluginManager, found: Found) -> None:
    known = [name for name in vars(hookspecs) if name.startswith(f"{PROJECT}_")]
    for name in dir(found.plugin):
        options = manager.parse_hookimpl_opts(found.plugin, name)
        if options is None:
            _check_unmarked(found, name, known)
            continue
        hook = options.get("specname") or name
        if hook not in known:
            near = get_close_matches(hook, known, n=1)
            hint = f"Did you mean {near[0]}" if near else f"The hooks are {', '.join(known)}"
            refuse(found.name, f"there is no hook {hook}", hint)


def _check_unmarked(found: Found, name: str, known: Sequence[str]) -> None:
    """Refuse a function that is named like a hook but is not marked as one."""
    if not name.startswith(f"{PROJECT}_"):
        return
    # The common prefix of all hooks makes any two names similar.
    ends = {hook.removeprefix(f"{PROJECT}_"): hook for hook in known}
    near = get_close_matches(name.removeprefix(f"{PROJECT}_"), ends, n=1, cutoff=0.8)
    if not near or not isroutine(getattr(found.plugin, name)):
        return
    hook = ends[near[0]]
    if name == hook:
        refuse(found.name, f"its function {name} is not marked as a hook", "Put @hookimpl above it")
    refuse(
        found.name,
        f"its function {name} is named like the hook {hook} and is not marked as one",
        f"Name it {hook} and put @hookimpl above it, or choose another name",
    )
