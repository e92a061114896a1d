"""Passwords of people: slow to check on purpose, and never on the event loop."""

from __future__ import annotations

from typing import Protocol


class Passwords(Protocol):
    """Hashes passwords so that a thief of the database has to guess each for long."""

    async def hash(self, password: str) -> str:
        """What to store of a password; another text each time."""
        ...

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether that was stored of this password.

        It takes as long when nothing was stored, so that time does not tell who has
        an account.
        """
        ...
