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
ResultT = TypeVar("ResultT")
RecordT = TypeVar("RecordT")


@dataclass(frozen=True, slots=True)
class Finished(Generic[ClaimT, ResultT]):
    """A claim and the result of its work."""

    claim: ClaimT
    result: ResultT


class Work(Protocol[ClaimT, ResultT]):
    """The three steps over one table."""

    async def claim(self, limit: int) -> Sequence[ClaimT]:
        """Claim at most that many due rows."""
        ...

    async def perform(self, claim: ClaimT) -> ResultT:
        """Call the processor or the endpoint, with no transaction open."""
        ...

    async def record(self, finished: Sequence[Finished[ClaimT, ResultT]]) -> WriteResult:
        """Store the results of a batch, fenced, and end the leases of the stored rows."""
        ...


def conclude_each(
    finished: Sequence[Finished[ClaimT, ResultT]],
    conclude: Callable[[Finished[ClaimT, ResultT]], RecordT],
) -> tuple[list[RecordT], Mapping[str, str]]:
    """Turn results into records; a failure affects only its own row.

    Returns:
        The records, and row id → reason for those that failed.
    """
    records: list[RecordT] = []
    refused: dict[str, str] = {}
    for each in finished:
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
