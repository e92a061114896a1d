"""Small values that several stores share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """A slice of a list, newest first, and how long the whole list is."""

    rows: Sequence[Row]
    total: int
    limit: int
    offset: int


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What became of a set of writes.

    Args:
        stored: Ids of the rows that were stored. The others had lost their lease, or
            what they were based on had moved; nothing of theirs was written.
        refused: Id → why the row could not be stored. Its neighbours were stored all the
            same.
        busy: Ids of rows that someone else had locked: to be stored in a moment.
    """

    stored: frozenset[str]
    refused: Mapping[str, str]
    busy: frozenset[str] = frozenset()

    def merge(self, other: WriteResult) -> WriteResult:
        """Join the results of two sets."""
        refused = {**self.refused, **other.refused}
        return WriteResult(self.stored | other.stored, refused, self.busy | other.busy)


NOTHING_WRITTEN = WriteResult(frozenset(), {})


class Unchanged(Enum):
    """Says that something stays as it is, where None says something else."""

    UNCHANGED = "keep"


UNCHANGED = Unchanged.UNCHANGED
