"""A kind of work that a queue worker does: claim, work, record."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from ..errors import PaygateError
from ..records import WriteResult
from .lease import Lease

log = logging.getLogger(__name__)


class Claim(Protocol):
    """A row this worker holds."""

    @property
    def lease(self) -> Lease:
        """The right to work on it."""
        ...


ClaimT = TypeVar("ClaimT", bound=Claim)
AnswerT = TypeVar("AnswerT")
RecordT = TypeVar("RecordT")


@dataclass(frozen=True, slots=True)
class Finished(Generic[ClaimT, AnswerT]):
    """A row and what the outside said about it."""

    claim: ClaimT
    answer: AnswerT


class Work(Protocol[ClaimT, AnswerT]):
    """The three steps over one table."""

    async def claim(self, limit: int) -> Sequence[ClaimT]:
        """Lease at most that many due rows."""
        ...

    async def perform(self, claim: ClaimT) -> AnswerT:
        """Ask the outside about one row, with no transaction open."""
        ...

    async def record(self, settled: Sequence[Finished[ClaimT, AnswerT]]) -> WriteResult:
        """Store what came of a set, fenced, and end the leases of what was stored."""
        ...


def conclude_each(
    settled: Sequence[Finished[ClaimT, AnswerT]],
    conclude: Callable[[Finished[ClaimT, AnswerT]], RecordT],
) -> tuple[list[RecordT], Mapping[str, str]]:
    """Turn answers into records; one that cannot be must not stop its neighbours.

    Returns:
        The records, and row id → reason for those that could not be concluded.
    """
    records: list[RecordT] = []
    refused: dict[str, str] = {}
    for each in settled:
        try:
            records.append(conclude(each))
        except PaygateError as error:
            log.warning("no record of %s: %s", each.claim.lease.row_id, error)
            refused[each.claim.lease.row_id] = str(error)
        except Exception as error:
            # An outermost net: whatever a plugin handed over that was not caught where it
            # came in, or a mistake of ours, costs this row its turn and no other row.
            log.exception("no record of %s", each.claim.lease.row_id)
            refused[each.claim.lease.row_id] = f"{type(error).__name__}: {error}"
    return records, refused
