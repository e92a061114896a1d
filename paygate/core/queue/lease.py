"""The lease: the right to work on a row for a while."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol
from uuid import UUID

from ..limits import CLAIM_BACKOFF_MAX, CLAIMS_MAX

Table = Literal["operations", "webhook_logs"]


@dataclass(frozen=True, slots=True)
class FailedClaim:
    """A claim whose handling raised: the row rests, or is set aside for a person."""

    lease: Lease
    error: str
    retry_after: timedelta | None


@dataclass(frozen=True, slots=True)
class Lease:
    """Proof that a worker claimed a row.

    A row's outcome is stored only while the row still carries this token and the
    database's clock says that the lease runs. A worker that was asleep too long
    has lost both, and its write changes nothing.

    Args:
        row_id: The row it is for.
        token: Of this claim; another claim has another.
        claims: How often the row was claimed, this time included.
    """

    row_id: str
    token: UUID
    claims: int


def backoff(claims: int) -> timedelta:
    """How long a row rests after its handling raised, by how often that was tried."""
    exponent = min(claims, 7)
    return min(timedelta(seconds=0.5 * 2**exponent), CLAIM_BACKOFF_MAX)


def retry_delay(lease: Lease) -> timedelta | None:
    """How long a row rests after its handling raised; None when a person has to look."""
    return backoff(lease.claims) if lease.claims < CLAIMS_MAX else None


class Leasable(Protocol):
    """What both tables of work have in common. All in sets, all on the database's clock."""

    async def renew(self, leases: Sequence[Lease]) -> None:
        """Extend the leases that are still ours."""
        ...

    async def reschedule(self, failures: Sequence[FailedClaim], *, now: datetime) -> None:
        """Give up rows whose handling raised; the rest says when to try again."""
        ...

    async def release_claims(self, leases: Sequence[Lease]) -> None:
        """Give up rows untouched, at once: this worker is stopping."""
        ...

    async def release_unheld(self, worker_id: str, held: Sequence[Lease]) -> None:
        """Give up rows, untouched, that are leased to the worker without its knowledge.

        The answer to one of its claims was lost, and would be missing until the lease ends.

        Args:
            worker_id: Whose leases.
            held: All that it knows of.
        """
        ...

    async def release_orphans(self, *, gone_after: timedelta) -> int:
        """End the leases of workers not heard of for that long; how many."""
        ...

    async def next_due(self, *, now: datetime) -> datetime | None:
        """When the next row that is not yet due will be."""
        ...
