"""Leases on the rows of one table."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from ....core.limits import CLAIMS_MAX
from ....core.queue.lease import FailedClaim, Lease
from ....core.records import Stored
from ..database import Executor
from ..errors import REFUSED
from ..mapping import encoded
from ..statements.leases import LeaseStatements

log = logging.getLogger(__name__)

CLAIMED_IN_VAIN = f"claimed {CLAIMS_MAX} times, and no worker came to an end with it"


@dataclass
class Leasing:
    """The lease half of a repository of work."""

    executor: Executor
    statements: LeaseStatements
    release_statement: str

    async def renew(self, leases: Sequence[Lease]) -> None:
        """See ``Leasable.renew``."""
        await self.executor.fetch(self.statements.renew, lease_set(leases))

    async def hand_back(self, leases: Sequence[Lease]) -> None:
        """See ``Leasable.hand_back``."""
        await self.executor.fetch(self.statements.hand_back, lease_set(leases))

    async def hand_back_unheld(self, worker_id: str, held: Sequence[Lease]) -> None:
        """See ``Leasable.hand_back_unheld``."""
        await self.executor.fetch(self.statements.hand_back_unheld, worker_id, lease_set(held))

    async def free_orphans(self, *, gone_after: timedelta) -> int:
        """See ``Leasable.free_orphans``."""
        return len(await self.executor.fetch(self.statements.free_orphans, gone_after))

    async def next_due(self, *, now: datetime) -> datetime | None:
        """See ``Leasable.next_due``."""
        found: datetime | None = await self.executor.fetchval(self.statements.next_due, now)
        return found

    async def release(self, failures: Sequence[FailedClaim], *, now: datetime) -> None:
        """See ``Leasable.release``."""
        rows = [
            {
                "row_id": failure.lease.row_id,
                "token": failure.lease.token,
                "error": failure.error,
                "due_at": None if failure.rest is None else now + failure.rest,
            }
            for failure in failures
        ]
        args: tuple[Any, ...] = (encoded(rows),)
        if "$2" in self.release_statement:
            args = (*args, now)
        await self.executor.fetch(self.release_statement, *args)


def lease_set(leases: Iterable[Lease]) -> str:
    """Leases as the parameter of a statement."""
    return encoded([{"row_id": lease.row_id, "token": lease.token} for lease in leases])


class HasLease(Protocol):
    """Something that was claimed."""

    @property
    def lease(self) -> Lease:
        """Its lease."""
        ...


class HasClaim(Protocol):
    """A record of something that was claimed."""

    @property
    def claimed(self) -> HasLease:
        """What was claimed."""
        ...


Record = TypeVar("Record", bound=HasClaim)


async def store_set(
    records: Sequence[Record], store: Callable[[Sequence[Record]], Awaitable[frozenset[str]]]
) -> Stored:
    """Store a set in one statement; if the database refuses it, each row by itself.

    One row that cannot be stored must not keep its neighbours from being stored.
    """
    if not records:
        return Stored(frozenset(), {})
    try:
        return Stored(await store(records), {})
    except REFUSED as error:
        if len(records) == 1:
            row_id = records[0].claimed.lease.row_id
            log.warning("the database refused %s: %s", row_id, error)
            return Stored(frozenset(), {row_id: str(error)})
    parts = [await store_set([record], store) for record in records]
    won = frozenset[str]().union(*(part.won for part in parts))
    return Stored(won, {row: why for part in parts for row, why in part.refused.items()})
