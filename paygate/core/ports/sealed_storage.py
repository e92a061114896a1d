"""Sealed texts that are kept for long, wherever they are stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SealedText:
    """A sealed text and where it is stored.

    Args:
        column: The table's name and the column's, with a point between them.
        row_id: Which row.
        context: What it is bound to; see ``Vault.seal``.
        text: As it is stored.
    """

    column: str
    row_id: str
    context: str
    text: str = field(repr=False)


class SealedTextRepository(Protocol):
    """Finds sealed texts and stores them anew. Cards are not among them: they go soon."""

    async def lacking(self, key_ids: Sequence[str]) -> Sequence[SealedText]:
        """Return the texts that one of these keys, or more, does not open."""
        ...

    async def replace(self, before: SealedText, text: str) -> bool:
        """Store another text in its place; False if it was changed meanwhile."""
        ...
