"""The database, as whoever receives callbacks sees it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from .callbacks import RawCallback
from .records import CallbackEffect, CallbackNote, KeptCallback


class CallbackRepository(Protocol):
    """What processors sent us."""

    async def add(self, processor: str, raw: RawCallback, *, at: datetime) -> int:
        """Keep a callback as it came; its row."""
        ...

    async def know_again(self, row: int, processor: str, key: str) -> CallbackEffect | None:
        """Give the row its key; what became of the one that has it already, or None."""
        ...

    async def note(self, row: int, note: CallbackNote) -> None:
        """Say what became of it, unless that was said already."""
        ...

    async def note_first(self, processor: str, key: str, note: CallbackNote) -> None:
        """Say what became of the one that has the key, unless that was said already."""
        ...

    async def recent(self, *, effect: str | None, limit: int) -> Sequence[KeptCallback]:
        """The newest, of one effect or of all."""
        ...
