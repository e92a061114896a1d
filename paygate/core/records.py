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
class Stored:
    """What became of a set of writes.

    Args:
        won: Ids of the rows that were stored. The others had lost their lease, or
            what they were based on had moved; nothing of theirs was written.
        refused: Id → why the row could not be stored. Its neighbours were stored all the
            same.
        busy: Ids of rows that someone else had locked: to be stored in a moment.
    """

    won: frozenset[str]
    refused: Mapping[str, str]
    busy: frozenset[str] = frozenset()

    def and_also(self, other: Stored) -> Stored:
        """Join the results of two sets."""
        refused = {**self.refused, **other.refused}
        return Stored(self.won | other.won, refused, self.busy | other.busy)


NOTHING_STORED = Stored(frozenset(), {})


class Kept(Enum):
    """Says that something stays as it is, where None says something else."""

    KEEP = "keep"


KEEP = Kept.KEEP
