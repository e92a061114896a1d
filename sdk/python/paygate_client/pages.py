"""Pages of lists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Page(Generic[T]):
    """Rows of a list, the newest first. Iterating over it yields its rows.

    Args:
        data: The rows.
        total: Rows of the whole list, exact up to 10,000.
        limit: The most rows of this page.
        next_cursor: ``cursor`` of the next page; None at the end of the list.
        total_is_bounded: Whether the list is longer than ``total``.
    """

    data: Sequence[T]
    total: int
    limit: int
    next_cursor: str | None
    total_is_bounded: bool = False

    def __iter__(self) -> Iterator[T]:
        return iter(self.data)

    def __len__(self) -> int:
        return len(self.data)
