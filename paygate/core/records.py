"""Small values that several stores share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class WriteResult:
    """The result of writing a batch of rows.

    Args:
        stored: Ids of the rows that were stored. The others had lost their lease, or
            the state they were based on had changed; nothing was written for them.
        refused: Id → why the row could not be stored. The other rows of the batch were
            stored.
        busy: Ids of rows that another transaction had locked; store them again later.
    """

    stored: frozenset[str]
    refused: Mapping[str, str]
    busy: frozenset[str] = frozenset()

    def merge(self, other: WriteResult) -> WriteResult:
        """Merge the results of two batches."""
        refused = {**self.refused, **other.refused}
        return WriteResult(self.stored | other.stored, refused, self.busy | other.busy)


NOTHING_WRITTEN = WriteResult(frozenset(), {})


class Unchanged(Enum):
    """The type of a marker for "keep the value", where None means something else."""

    UNCHANGED = "keep"


UNCHANGED = Unchanged.UNCHANGED
