"""What operators set of plugins, and what plugins say of their settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

SettingSource = Literal["environment", "stored", "default"]


@dataclass(frozen=True, slots=True)
class StoredSettings:
    """What was set of one plugin, by field.

    Args:
        values: As JSON.
        hidden: The secret fields, in clear.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    hidden: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def given(self) -> Mapping[str, Any]:
        """Both."""
        return {**self.values, **self.hidden}


NO_SETTINGS = StoredSettings()


@dataclass(frozen=True, slots=True)
class SettingsRow:
    """The same as it is stored.

    Args:
        sealed: The secret fields, by the vault; None for none.
    """

    values: Mapping[str, Any]
    sealed: str | None


class PluginSettings(Protocol):
    """What can be set of a plugin. The environment wins over what is stored."""

    @property
    def started_with(self) -> StoredSettings:
        """What was stored when this process started."""
        ...

    def schema(self) -> Mapping[str, Any]:
        """JSON Schema of the values."""
        ...

    def shown(self, stored: StoredSettings) -> Mapping[str, Any]:
        """The values a process would start with, without secrets."""
        ...

    def sources(self, stored: StoredSettings) -> Mapping[str, SettingSource]:
        """Where each of them would come from."""
        ...

    def changed(self, stored: StoredSettings, values: Mapping[str, Any]) -> StoredSettings:
        """What is to be stored after a change.

        Raises:
            InvalidInputError: The plugin has no such setting or refuses the value.
            UnsupportedError: The environment sets it.
        """
        ...


@dataclass(frozen=True, slots=True)
class LoadedPlugin:
    """A plugin that is installed here.

    Args:
        offers: Hook → the ids, codes or names of what it offered.
        settings: None where nothing can be set.
    """

    id: str
    version: str
    distribution: str | None
    offers: Mapping[str, tuple[str, ...]]
    settings: PluginSettings | None = None


class PluginSettingRepository(Protocol):
    """What operators set of plugins."""

    async def everything(self) -> Mapping[str, SettingsRow]:
        """Plugin → what was set of it."""
        ...

    async def lock(self, plugin: str) -> SettingsRow | None:
        """The same of one plugin, and nobody else changes it until the transaction ends."""
        ...

    async def store(self, plugin: str, row: SettingsRow) -> None:
        """Set it. Only inside the transaction that locked it."""
        ...
