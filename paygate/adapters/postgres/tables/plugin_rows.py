"""Settings of plugins that operators stored, and records of plugins."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tortoise import fields

from ....core.plugin_api.records import Record, RecordKey
from ....core.plugin_api.settings import SettingsRow
from ..database import Executor
from ..orm import ExactJsonField, TableRow
from .rows import Row, decoded, encoded


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


class PluginRecordRow(TableRow):
    """A small row that a plugin stores for a merchant."""

    # Its place in lists: the test clock may stand still.
    number = fields.BigIntField(generated=True, primary_key=True)
    merchant_id = fields.UUIDField()
    plugin = fields.CharField(max_length=255)
    kind = fields.CharField(max_length=64)
    id = fields.CharField(max_length=255)
    version = fields.IntField()
    data = ExactJsonField()
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()

    class Meta:
        table = "plugin_records"
        unique_together = (("merchant_id", "plugin", "kind", "id"),)
        indexes = (("merchant_id", "plugin", "kind", "number"), ("expires_at",))


COLUMNS = "kind, id, data::text AS data, version, number, created_at"
_OWNER = "merchant_id = $1 AND plugin = $2 AND kind = $3"
GET = f"SELECT {COLUMNS} FROM plugin_records WHERE {_OWNER} AND id = $4 AND expires_at > $5"
# Two requests at the same time may exceed the maximum by one.
ADD = f"""
INSERT INTO plugin_records AS r
    (merchant_id, plugin, kind, id, version, data, created_at, expires_at)
SELECT $1, $2, $3, $4, 1, $5::text::json, $6, $7
WHERE (SELECT count(*) FROM (SELECT FROM plugin_records WHERE merchant_id = $1 LIMIT $8) AS n) < $8
ON CONFLICT (merchant_id, plugin, kind, id) DO UPDATE
SET version = 1, data = excluded.data, created_at = excluded.created_at,
    expires_at = excluded.expires_at
WHERE r.expires_at <= $6
RETURNING {COLUMNS}
"""
REPLACE = f"""
UPDATE plugin_records SET version = version + 1, data = $6::text::json, expires_at = $8
WHERE {_OWNER} AND id = $4 AND version = $5 AND expires_at > $7
RETURNING {COLUMNS}
"""
NEWEST = f"""
SELECT {COLUMNS} FROM plugin_records
WHERE {_OWNER} AND number < $4 AND expires_at > $5 ORDER BY number DESC LIMIT $6
"""
PURGE = """
DELETE FROM plugin_records WHERE number IN (
    SELECT number FROM plugin_records WHERE expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED
) RETURNING 1
"""
NUMBER_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True)
class PostgresPluginRecords:
    """Implements ``RecordRepository``."""

    executor: Executor

    async def get(self, key: RecordKey, *, now: datetime) -> Record | None:
        return _maybe(await self.executor.fetchrow(GET, *_owner(key), key.id, now))

    async def add(
        self, key: RecordKey, data: str, *, now: datetime, until: datetime, records_max: int
    ) -> Record | None:
        values = (key.id, data, now, until, records_max)
        return _maybe(await self.executor.fetchrow(ADD, *_owner(key), *values))

    async def replace(
        self, key: RecordKey, data: str, *, version: int, now: datetime, until: datetime
    ) -> Record | None:
        values = (key.id, version, data, now, until)
        return _maybe(await self.executor.fetchrow(REPLACE, *_owner(key), *values))

    async def newest(
        self, key: RecordKey, *, before: int | None, now: datetime, limit: int
    ) -> Sequence[Record]:
        first = NUMBER_MAX if before is None else before
        rows = await self.executor.fetch(NEWEST, *_owner(key), first, now, limit)
        return [_record(row) for row in rows]

    async def purge(self, *, now: datetime, limit: int) -> int:
        return len(await self.executor.fetch(PURGE, now, limit))


def _owner(key: RecordKey) -> tuple[object, ...]:
    return key.merchant_id, key.plugin, key.kind


def _maybe(row: Row | None) -> Record | None:
    return None if row is None else _record(row)


def _record(row: Row) -> Record:
    return Record(
        row["kind"],
        row["id"],
        json.loads(row["data"]),
        row["version"],
        row["number"],
        row["created_at"],
    )
