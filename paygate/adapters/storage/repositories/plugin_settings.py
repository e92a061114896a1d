"""What operators set of plugins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ....core.plugin_api.settings import SettingsRow
from .. import mapping
from ..database import Executor
from ..statements import plugin_settings as sql


@dataclass(frozen=True, slots=True)
class PostgresPluginSettings:
    """See ``PluginSettingRepository``."""

    executor: Executor

    async def everything(self) -> Mapping[str, SettingsRow]:
        """See ``PluginSettingRepository.everything``."""
        return {row["plugin"]: _read(row) for row in await self.executor.fetch(sql.ALL)}

    async def lock(self, plugin: str) -> SettingsRow | None:
        """See ``PluginSettingRepository.lock``."""
        # There may be no row yet, so it is the name that is locked.
        await self.executor.fetchval(sql.LOCK, plugin)
        row = await self.executor.fetchrow(sql.FIND, plugin)
        return _read(row) if row else None

    async def store(self, plugin: str, row: SettingsRow) -> None:
        """See ``PluginSettingRepository.store``."""
        await self.executor.fetchval(sql.STORE, plugin, mapping.encoded(row.values), row.sealed)


def _read(row: Any) -> SettingsRow:
    return SettingsRow(mapping.decoded(row["values"]), row["sealed"])
