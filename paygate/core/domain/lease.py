"""The right to work on a row for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from .limits import CLAIM_BACKOFF_MAX, CLAIMS_MAX


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


def rest_after(lease: Lease) -> timedelta | None:
    """How long a row rests after its handling raised; None when a person has to look."""
    return backoff(lease.claims) if lease.claims < CLAIMS_MAX else None
