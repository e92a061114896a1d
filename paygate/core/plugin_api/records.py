"""The interface of records: small rows that a plugin stores per merchant.

``Record`` and ``Records`` are exported by ``paygate`` itself; a plugin imports them from there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from ..limits import RECORD_KEPT


@dataclass(frozen=True, slots=True)
class Record:
    """A stored record.

    Args:
        kind: What it is, such as ``customer``.
        id: Its id among those of its kind.
        data: Plain JSON.
        version: Counts the writes, from 1.
        number: Its place in lists: a higher number was created later.
        created_at: When it was first stored, in UTC.
    """

    kind: str
    id: str
    data: Mapping[str, Any] = field(repr=False)
    version: int
    number: int
    created_at: datetime


class Records(Protocol):
    """The records of one plugin for one merchant. It sees no others."""

    async def get(self, kind: str, id: str) -> Record | None:
        """Return a record; None if there is none, or its time is over."""
        ...

    async def put(
        self,
        kind: str,
        id: str,
        data: Mapping[str, Any],
        *,
        version: int,
        keep: timedelta = RECORD_KEPT,
    ) -> Record | None:
        """Store a record, if its present version is the expected one.

        Args:
            kind: At most 64 characters.
            id: At most 255 characters.
            data: Plain JSON, at most 48 KiB. No card numbers, and no secrets.
            version: The version that you have read; 0 for a new record.
            keep: How long it is stored after this write; at most the default.

        Returns:
            The stored record; None if another version is stored, so that nothing was written.

        Raises:
            WireRefusal: The data is too large, or the merchant has too many records.
        """
        ...

    async def list(self, kind: str, *, limit: int, after: Record | None = None) -> Sequence[Record]:
        """Return records, the newest first.

        Args:
            kind: Their kind.
            limit: How many; at most 101, which is a page of 100 and whether there are more.
            after: The last record of the page before.
        """
        ...


@dataclass(frozen=True, slots=True)
class RecordKey:
    """Whose record it is, and which."""

    merchant_id: UUID
    plugin: str
    kind: str
    id: str


class RecordRepository(Protocol):
    """Records of plugins."""

    async def get(self, key: RecordKey, *, now: datetime) -> Record | None:
        """Return a record that has not expired."""
        ...

    async def add(
        self, key: RecordKey, data: str, *, now: datetime, until: datetime, records_max: int
    ) -> Record | None:
        """Store a new record, or replace an expired one.

        Returns:
            None if there is one already, or the merchant has as many as it may have.
        """
        ...

    async def replace(
        self, key: RecordKey, data: str, *, version: int, now: datetime, until: datetime
    ) -> Record | None:
        """Replace a record that has this version; return None if it has not."""
        ...

    async def newest(
        self, key: RecordKey, *, before: int | None, now: datetime, limit: int
    ) -> Sequence[Record]:
        """Return records of the kind, the newest first; ``key.id`` is ignored.

        Args:
            key: Whose records, and of which kind.
            before: Only records with a lower number.
            now: Records that have expired are left out.
            limit: How many.
        """
        ...

    async def purge(self, *, now: datetime, limit: int) -> int:
        """Delete expired records; return how many."""
        ...
