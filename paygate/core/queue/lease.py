"""Leases: the right to work on a row for a limited time."""

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
    """A claim whose handling raised: it is retried later, or dead-lettered."""

    lease: Lease
    error: str
    retry_after: timedelta | None


@dataclass(frozen=True, slots=True)
class Lease:
    """Proof that a worker claimed a row.

    A row's result is stored only while the row has this token and, by the database's
    clock, the lease has not expired. A worker that was suspended for too long has lost
    the lease, and its write changes nothing.

    Args:
        row_id: The row's id.
        token: Unique per claim.
        claims: Number of claims of the row, including this one.
    """

    row_id: str
    token: UUID
    claims: int


def backoff(claims: int) -> timedelta:
    """Return the delay after a failed claim, by the number of claims."""
    exponent = min(claims, 7)
    return min(timedelta(seconds=0.5 * 2**exponent), CLAIM_BACKOFF_MAX)


def retry_delay(lease: Lease) -> timedelta | None:
    """Return the delay before the next claim; None when the row is dead-lettered."""
    return backoff(lease.claims) if lease.claims < CLAIMS_MAX else None


class Leasable(Protocol):
    """Leases on the rows of a table. In batches, and on the database's clock."""

    async def renew(self, leases: Sequence[Lease]) -> None:
        """Extend the leases that this worker still holds."""
        ...

    async def reschedule(self, failures: Sequence[FailedClaim], *, now: datetime) -> None:
        """Release rows whose handling raised, and schedule the retry or dead-letter them."""
        ...

    async def release_claims(self, leases: Sequence[Lease]) -> None:
        """Release rows that were not worked on: this worker is stopping."""
        ...

    async def release_unheld(self, worker_id: str, held: Sequence[Lease]) -> None:
        """Release rows that are leased to the worker without its knowledge.

        The response to one of its claims was lost; the rows would wait until the lease ends.

        Args:
            worker_id: The worker.
            held: All leases that it knows.
        """
        ...

    async def release_orphans(self, *, dead_after: timedelta) -> int:
        """Release the leases of workers without a heartbeat for that long; return how many."""
        ...

    async def next_due(self, *, now: datetime) -> datetime | None:
        """Return the due time of the next row that is not due yet."""
        ...
