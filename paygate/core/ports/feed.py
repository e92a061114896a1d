"""Events in the one order in which everybody reads them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class FedEvent:
    """An event at its place.

    Args:
        position: Its place among all events of the database; never used twice.
        body: Its frozen bytes.
    """

    position: int
    merchant_id: UUID
    type: str
    body: bytes


class FeedRepository(Protocol):
    """Reads events by position.

    A position is handed out when an event is written, so it can be seen before the
    events below it are. A reader takes the ``head``, waits until the ``writers`` of
    that moment have ended, and only then reads up to it.
    """

    async def head(self) -> int:
        """The last position that was handed out; 0 before the first."""
        ...

    async def writers(self) -> frozenset[str]:
        """The transactions that hold events nobody can see yet."""
        ...

    async def between(
        self, merchants: Collection[UUID], *, after: int, upto: int, limit: int
    ) -> Sequence[FedEvent]:
        """These merchants' events in ``(after, upto]``, the first ``limit`` of them."""
        ...
