"""The database, as whoever receives callbacks sees it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from .callbacks import RawCallback
from .records import CallbackNote, KeptCallback


class CallbackRepository(Protocol):
    """What processors sent us."""

    async def add(self, processor: str, raw: RawCallback, *, at: datetime) -> int:
        """Keep a callback as it came; its row."""
        ...

    async def is_known(self, processor: str, key: str) -> bool:
        """Whether a callback with that key was stored before.

        Only inside a transaction. Whoever asks about the same key waits until it ends.
        """
        ...

    async def note(self, row: int, note: CallbackNote, *, key: str | None = None) -> None:
        """Store what became of it, unless that is stored already, and its key if it keeps one."""
        ...

    async def recent(self, *, effect: str | None, limit: int) -> Sequence[KeptCallback]:
        """The newest, of one effect or of all."""
        ...
