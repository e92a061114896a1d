"""Settings of plugins that operators stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tortoise import fields

from ....core.plugin_api.settings import SettingsRow
from ..database import Executor
from ..orm import TableRow
from .rows import decoded, encoded


class PluginSettingRow(TableRow):
    """Settings of a plugin by an operator, read when a process starts."""

    plugin = fields.CharField(max_length=255, primary_key=True)
    values = fields.JSONField[dict[str, Any]]()
    # The secret fields, encrypted by the vault.
    sealed = fields.TextField(null=True)
    updated_at = fields.DatetimeField()

    class Meta:
        table = "plugin_settings"


ALL = 'SELECT plugin, "values", sealed FROM plugin_settings'
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('plugin_settings ' || $1, 0))"
FIND = f"{ALL} WHERE plugin = $1"
STORE = """
INSERT INTO plugin_settings (plugin, "values", sealed, updated_at)
VALUES ($1, $2::jsonb, $3, clock_timestamp())
ON CONFLICT (plugin) DO UPDATE
SET "values" = excluded."values", sealed = excluded.sealed, updated_at = excluded.updated_at
"""


@dataclass(frozen=True, slots=True)
class PostgresPluginSettings:
    """Implements ``PluginSettingRepository``."""

    executor: Executor

    async def everything(self) -> Mapping[str, SettingsRow]:
        return {row["plugin"]: _read(row) for row in await self.executor.fetch(ALL)}

    async def lock(self, plugin: str) -> SettingsRow | None:
        # The row may not exist yet, so an advisory lock on the name is used.
        await self.executor.fetchval(LOCK, plugin)
        row = await self.executor.fetchrow(FIND, plugin)
        return _read(row) if row else None

    async def store(self, plugin: str, row: SettingsRow) -> None:
        await self.executor.fetchval(STORE, plugin, encoded(row.values), row.sealed)


def _read(row: Any) -> SettingsRow:
    return SettingsRow(decoded(row["values"]), row["sealed"])
