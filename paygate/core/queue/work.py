"""The work of a queue worker: claim, perform, record."""

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
    """A claimed row."""

    @property
    def lease(self) -> Lease:
        """The lease of the row."""
        ...


ClaimT = TypeVar("ClaimT", bound=Claim)
AnswerT = TypeVar("AnswerT")
RecordT = TypeVar("RecordT")


@dataclass(frozen=True, slots=True)
class Finished(Generic[ClaimT, AnswerT]):
    """A claim and the result of its work."""

    claim: ClaimT
    answer: AnswerT


class Work(Protocol[ClaimT, AnswerT]):
    """The three steps over one table."""

    async def claim(self, limit: int) -> Sequence[ClaimT]:
        """Claim at most that many due rows."""
        ...

    async def perform(self, claim: ClaimT) -> AnswerT:
        """Call the processor or the endpoint, with no transaction open."""
        ...

    async def record(self, settled: Sequence[Finished[ClaimT, AnswerT]]) -> WriteResult:
        """Store the results of a batch, fenced, and end the leases of the stored rows."""
        ...


def conclude_each(
    settled: Sequence[Finished[ClaimT, AnswerT]],
    conclude: Callable[[Finished[ClaimT, AnswerT]], RecordT],
) -> tuple[list[RecordT], Mapping[str, str]]:
    """Turn results into records; a failure affects only its own row.

    Returns:
        The records, and row id → reason for those that failed.
    """
    records: list[RecordT] = []
    refused: dict[str, str] = {}
    for each in settled:
        try:
            records.append(conclude(each))
        except PaygateError as error:
            log.warning("cannot record %s: %s", each.claim.lease.row_id, error)
            refused[each.claim.lease.row_id] = str(error)
        except Exception as error:
            # The guard checks what plugins return, so this is a plugin's value that no check
            # caught, or a bug in paygate. It costs this row its turn and no other row.
            log.exception("cannot record %s", each.claim.lease.row_id)
            refused[each.claim.lease.row_id] = f"{type(error).__name__}: {error}"
    return records, refused
