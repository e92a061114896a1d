"""Records of plugins: small rows of their own, per merchant."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from ..deps import Deps
from ..limits import (
    RECORD_BYTES_MAX,
    RECORD_ID_CHARS_MAX,
    RECORD_KEPT,
    RECORDS_LISTED_MAX,
    RECORDS_MAX,
)
from ..plugin_api.records import Record, RecordKey
from ..plugin_api.wire import WireRefusal

_ID = re.compile(rf"[\x20-\x7e]{{1,{RECORD_ID_CHARS_MAX}}}")


@dataclass(frozen=True, slots=True)
class PluginRecords:
    """Implements ``Records`` for one plugin and one merchant.

    Every statement names both, so a plugin cannot reach the records of others.

    Args:
        plugin: The id of the plugin.
        merchant_id: The merchant.
        deps: The app.
        may_write: Whether the caller's role allows changes.
    """

    plugin: str
    merchant_id: UUID
    deps: Deps
    may_write: bool = True

    async def get(self, kind: str, id: str) -> Record | None:
        """Implements ``Records.get``."""
        if not _ID.fullmatch(id):
            return None
        found: Record | None = await self.deps.storage.plugin_records.get(
            self._key(kind, id), now=self.deps.clock.now()
        )
        return found

    async def put(
        self,
        kind: str,
        id: str,
        data: Mapping[str, Any],
        *,
        version: int,
        keep: timedelta = RECORD_KEPT,
    ) -> Record | None:
        """Implements ``Records.put``."""
        if not self.may_write:
            raise WireRefusal(
                403, "FORBIDDEN", "This key may not change anything", reason="not_allowed"
            )
        if not _ID.fullmatch(id):
            raise WireRefusal(
                400,
                "BAD_REQUEST_ERROR",
                f"An id has 1 to {RECORD_ID_CHARS_MAX} printable ASCII characters",
                reason="record_id_invalid",
            )
        text = _text(data)
        records, now = self.deps.storage.plugin_records, self.deps.clock.now()
        key = self._key(kind, id)
        until = now + min(keep, RECORD_KEPT)
        if version:
            return await records.replace(key, text, version=version, now=now, until=until)
        added = await records.add(key, text, now=now, until=until, records_max=RECORDS_MAX)
        if added is None and await records.get(key, now=now) is None:
            raise WireRefusal(
                400,
                "BAD_REQUEST_ERROR",
                f"This merchant has {RECORDS_MAX} records already",
                reason="too_many_records",
            )
        return added

    async def list(self, kind: str, *, limit: int, after: Record | None = None) -> Sequence[Record]:
        """Implements ``Records.list``."""
        return await self.deps.storage.plugin_records.newest(
            self._key(kind, ""),
            before=None if after is None else after.number,
            now=self.deps.clock.now(),
            limit=min(limit, RECORDS_LISTED_MAX),
        )

    def _key(self, kind: str, id: str) -> RecordKey:
        return RecordKey(self.merchant_id, self.plugin, kind, id)


def _text(data: Mapping[str, Any]) -> str:
    # ASCII, because a column of text takes no lone surrogates.
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    if len(text) > RECORD_BYTES_MAX:
        raise WireRefusal(
            400,
            "BAD_REQUEST_ERROR",
            f"The request needs a record of more than {RECORD_BYTES_MAX} bytes",
            reason="record_too_large",
        )
    return text
