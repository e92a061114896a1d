"""Settings of plugins: stored beside the environment, read when a process starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ..deps import Deps
from ..errors import InfrastructureError, NotFoundError, OperatorError
from ..figures import CallFigures, ShownBreaker, worst_breakers
from ..limits import WORKER_DEAD_AFTER
from ..plugin_api.settings import NO_SETTINGS, LoadedPlugin, SettingsRow, StoredSettings
from ..storage import Storage
from ..vault import Vault

HEALTH_OVER = timedelta(hours=24)


async def stored_settings(storage: Storage, vault: Vault) -> Mapping[str, StoredSettings]:
    """Return the stored settings by plugin, for a process that starts.

    Raises:
        OperatorError: A sealed setting cannot be opened.
    """
    rows = await storage.plugin_settings.everything()
    try:
        return {name: _opened(name, row, vault) for name, row in rows.items()}
    except InfrastructureError as error:
        raise OperatorError(
            setting="PAYGATE_VAULT_KEY",
            problem="the stored secrets of plugins were sealed with another key",
            remedy="Add that key after the current one, or delete the rows of plugin_settings",
        ) from error


async def configure_plugin(plugin: str, values: Mapping[str, Any], deps: Deps) -> LoadedPlugin:
    """Store some settings of a plugin; processes that start afterwards use them.

    Raises:
        NotFoundError: No such plugin, or it has no settings.
        InvalidInputError: It has no such setting, or refuses the value.
        UnsupportedError: The environment sets the setting.
    """
    loaded = deps.registry.loaded_plugins.get(plugin)
    if loaded is None or loaded.settings is None:
        raise NotFoundError("Plugin")
    async with deps.storage.transaction() as storage:
        row = await storage.plugin_settings.lock(plugin)
        before = _opened(plugin, row, deps.vault) if row else NO_SETTINGS
        after = loaded.settings.changed(before, values)
        await storage.plugin_settings.store(plugin, _sealed(plugin, after, deps.vault))
    return loaded


@dataclass(frozen=True, slots=True)
class PluginInDetail:
    """A plugin as operators see it.

    Args:
        stored: Its stored settings.
        calls: Figures of its processors' calls.
        breakers: Processor → its breaker in a living worker, if it is not closed.
    """

    plugin: LoadedPlugin
    stored: StoredSettings
    calls: Sequence[CallFigures]
    breakers: Mapping[str, ShownBreaker]


async def plugins_in_detail(deps: Deps) -> list[PluginInDetail]:
    """Return every plugin, its stored settings, and how its processors do."""
    rows = await deps.storage.plugin_settings.everything()
    calls = await deps.storage.figures.calls(since=deps.clock.now() - HEALTH_OVER)
    workers = await deps.storage.figures.workers(dead_after=WORKER_DEAD_AFTER)
    breakers = worst_breakers(workers)
    return [
        PluginInDetail(
            loaded,
            _opened(name, rows[name], deps.vault) if name in rows else NO_SETTINGS,
            [each for each in calls if each.processor in loaded.offers.get(PROCESSORS, ())],
            breakers,
        )
        for name, loaded in deps.registry.loaded_plugins.items()
    ]


PROCESSORS = "paygate_processors"


def _opened(plugin: str, row: SettingsRow, vault: Vault) -> StoredSettings:
    hidden = vault.open(row.sealed, context=_context(plugin)) if row.sealed else {}
    return StoredSettings(row.values, hidden)


def _sealed(plugin: str, stored: StoredSettings, vault: Vault) -> SettingsRow:
    hidden = vault.seal(stored.hidden, context=_context(plugin)) if stored.hidden else None
    return SettingsRow(stored.values, hidden)


def _context(plugin: str) -> str:
    return f"plugin {plugin}"
