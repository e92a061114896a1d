"""Answers that were given, as the use cases see them in the database."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from uuid import UUID

from ..domain.idempotency import Remembered


class IdempotencyRepository(Protocol):
    """Answers that were given, by merchant and key. Only inside a transaction."""

    async def lock(self, merchant_id: UUID, key: str) -> bool:
        """Be the only one at work on this key until the transaction ends; False if not.

        The lock goes with the connection: a process that dies holds nothing.
        """
        ...

    async def find(self, merchant_id: UUID, key: str) -> Remembered | None:
        """What was answered under this key."""
        ...

    async def remember(
        self, merchant_id: UUID, key: str, remembered: Remembered, *, at: datetime
    ) -> bool:
        """Keep an answer, in the place of one that has expired; False if one has not."""
        ...

    async def purge(self, *, now: datetime, limit: int) -> int:
        """Forget expired answers; how many."""
        ...
