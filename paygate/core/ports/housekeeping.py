"""Forgetting what is old."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class HousekeepingRepository(Protocol):
    """Deletes what nobody needs any more, a set at a time."""

    async def purge_calls(self, *, before: datetime, limit: int) -> int:
        """Forget calls of plugins that were made before then; how many."""
        ...

    async def erase_sealed(self, *, before: datetime, limit: int) -> int:
        """Erase secrets of instruments whose charges were made before then; how many.

        Those of charges that nobody was asked about yet stay.
        """
        ...

    async def purge_callbacks(self, *, before: datetime, limit: int) -> int:
        """Forget processors' callbacks that came before then, with their bodies; how many."""
        ...

    async def purge_events(self, *, before: datetime, limit: int) -> int:
        """Forget events, deliveries that came to an end, and decisions, made before then.

        Returns:
            How many of the kind of which there were most.
        """
        ...
