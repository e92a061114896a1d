"""Money that our books and a processor's may see differently, for operators to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Attention:
    """Something to look at.

    Args:
        id: Of the item.
        kind: ``conflict`` a processor's answer or callback that contradicts what is settled ·
            ``quarantined`` a signed callback that fits nothing of ours · ``kept_money`` a
            failed payment whose money was taken and not given back.
        resolved_at: When an operator resolved it; None while it is open.
        resolved_by: Which operator.
        note: What they found.
    """

    id: str
    kind: Literal["conflict", "quarantined", "kept_money"]
    at: datetime
    processor: str
    payment_id: str | None
    operation_id: str | None
    reason: str | None
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Resolution:
    """What an operator says of an item."""

    item_id: str
    at: datetime
    by: str
    note: str


class AttentionRepository(Protocol):
    """What needs attention, and what was resolved."""

    async def open(self, merchant_id: UUID | None, *, limit: int) -> Sequence[Attention]:
        """What nobody has resolved, the newest first, and what is quarantined after the rest."""
        ...

    async def resolved(self, merchant_id: UUID | None, *, limit: int) -> Sequence[Attention]:
        """What was resolved, the latest first."""
        ...

    async def add_conflict(
        self, *, at: datetime, processor: str, payment_id: str, operation_id: str, reason: str
    ) -> None:
        """Keep an answer that contradicts what is settled; the same again is kept once."""
        ...

    async def resolve(self, resolution: Resolution) -> Attention | None:
        """Take an item off the list; None if it is not on it."""
        ...
