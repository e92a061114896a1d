"""Settings of plugins that operators change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

SettingSource = Literal["environment", "stored", "default"]


@dataclass(frozen=True, slots=True)
class StoredSettings:
    """The stored settings of one plugin, by field.

    Args:
        values: The plain fields, as JSON.
        hidden: The secret fields, in clear.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    hidden: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def given(self) -> Mapping[str, Any]:
        """All fields."""
        return {**self.values, **self.hidden}


NO_SETTINGS = StoredSettings()


@dataclass(frozen=True, slots=True)
class SettingsRow:
    """Stored settings as a row.

    Args:
        sealed: The secret fields, sealed; None without any.
    """

    values: Mapping[str, Any]
    sealed: str | None


class PluginSettings(Protocol):
    """The settings of a plugin. The environment takes precedence over stored values."""

    @property
    def started_with(self) -> StoredSettings:
        """The stored settings when this process started."""
        ...

    def schema(self) -> Mapping[str, Any]:
        """Return the JSON Schema of the values."""
        ...

    def shown(self, stored: StoredSettings) -> Mapping[str, Any]:
        """Return the values that a process would start with, without secrets."""
        ...

    def sources(self, stored: StoredSettings) -> Mapping[str, SettingSource]:
        """Return the source of each value."""
        ...

    def changed(self, stored: StoredSettings, values: Mapping[str, Any]) -> StoredSettings:
        """Return the stored settings after a change.

        Raises:
            InvalidInputError: The plugin has no such setting, or refuses the value.
            UnsupportedError: The environment sets the setting.
        """
        ...


@dataclass(frozen=True, slots=True)
class LoadedPlugin:
    """An installed plugin.

    Args:
        offers: Hook → the ids, codes or names that it offers.
        settings: None without settings.
    """

    id: str
    version: str
    distribution: str | None
    offers: Mapping[str, tuple[str, ...]]
    settings: PluginSettings | None = None


class PluginSettingRepository(Protocol):
    """Stored settings of plugins."""

    async def everything(self) -> Mapping[str, SettingsRow]:
        """Return the stored settings by plugin."""
        ...

    async def lock(self, plugin: str) -> SettingsRow | None:
        """Return the settings of a plugin, locked until the transaction ends."""
        ...

    async def store(self, plugin: str, row: SettingsRow) -> None:
        """Store the settings. Only in the transaction that has locked them."""
        ...
