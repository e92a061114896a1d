"""Identifiers come in here and nowhere else."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from ..domain.ids import IdKind


class Ids(Protocol):
    """Makes identifiers that nobody can guess."""

    def new(self, kind: IdKind, *, of: str | None = None) -> str:
        """A fresh id: the prefix and sixteen letters and digits.

        Args:
            kind: Of what.
            of: What it follows from, unique for its kind: runs that are replayed give
                it the same id again, in whatever process.
        """
        ...

    def uuid(self) -> UUID:
        """A fresh UUID, for rows whose id is one and for lease tokens."""
        ...

    def token(self) -> str:
        """A fresh secret of 32 random bytes, in letters, digits, ``-`` and ``_``."""
        ...

    def webhook_secret(self) -> str:
        """A fresh secret: ``whsec_`` and 32 random bytes in base64."""
        ...
