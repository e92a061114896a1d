"""Sealed texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ....core.queue.store import SealedText
from ..database import Executor


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of sealed texts. The context is what the services seal with."""

    table: str
    row_id: str
    name: str
    context: str

    @property
    def lacking(self) -> str:
        # A sealed text is a list of words with points between them, key ids among them.
        return f"""
        SELECT '{self.table}.{self.name}' AS place, {self.row_id}::text AS row_id,
            '{self.context}' || {self.row_id} AS context, {self.name} AS text
        FROM {self.table}
        WHERE {self.name} IS NOT NULL AND NOT string_to_array({self.name}, '.') @> $1::text[]
        """

    @property
    def replace(self) -> str:
        return f"""
        UPDATE {self.table} SET {self.name} = $3
        WHERE {self.row_id}::text = $1 AND {self.name} = $2 RETURNING 1
        """


COLUMNS = {
    f"{column.table}.{column.name}": column
    for column in (
        _Column("webhook_endpoints", "id", "sealed", "endpoint:"),
        _Column("webhook_endpoints", "id", "previous_sealed", "endpoint:"),
        _Column("merchants", "id", "webhook_sealed", "endpoint:"),
        _Column("merchants", "id", "webhook_previous_sealed", "endpoint:"),
        _Column("plugin_settings", "plugin", "sealed", "plugin "),
    )
}
LACKING = " UNION ALL ".join(column.lacking for column in COLUMNS.values())


@dataclass(frozen=True, slots=True)
class PostgresSealedTexts:
    """See ``SealedTextRepository``."""

    executor: Executor

    async def lacking(self, key_ids: Sequence[str]) -> Sequence[SealedText]:
        """See ``SealedTextRepository.lacking``."""
        rows = await self.executor.fetch(LACKING, list(key_ids))
        return [SealedText(r["place"], r["row_id"], r["context"], r["text"]) for r in rows]

    async def replace(self, before: SealedText, text: str) -> bool:
        """See ``SealedTextRepository.replace``."""
        statement = COLUMNS[before.column].replace
        return bool(await self.executor.fetchval(statement, before.row_id, before.text, text))
