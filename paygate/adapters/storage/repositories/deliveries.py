"""Deliveries: one event to one endpoint."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from ....core.limits import CLAIMS_MAX, ENDPOINT_IN_FLIGHT_MAX, FAILING_MAX, TRIES_SHOWN_MAX
from ....core.queue.lease import FailedClaim, Lease
from ....core.records import Page, Stored
from ....core.webhooks.model import Delivery, StoredEvent
from ....core.webhooks.store import (
    ANY_DELIVERY,
    ClaimedDelivery,
    DeliveryFilter,
    DeliveryRecord,
    DisabledNotice,
    Recovery,
    Try,
)
from .. import mapping
from ..database import Executor
from ..models.payments import DeliveryRow
from ..statements import deliveries as sql
from ..statements.claim_deliveries import CLAIM
from ..statements.leases import DELIVERIES
from .leasing import CLAIMED_IN_VAIN, Leasing, store_set
from .payments import delivery_rows, event_row


class PostgresDeliveries(Leasing):
    """See ``DeliveryRepository``."""

    def __init__(self, executor: Executor) -> None:
        super().__init__(executor, DELIVERIES, sql.RELEASE)

    async def claim(
        self, *, worker_id: str, token: UUID, limit: int, now: datetime, sinks: Collection[str]
    ) -> Sequence[ClaimedDelivery]:
        """See ``DeliveryRepository.claim``."""
        rows = await self.executor.fetch(
            CLAIM, token, worker_id, limit, now, ENDPOINT_IN_FLIGHT_MAX, list(sinks)
        )
        claimed = [ClaimedDelivery(_lease(row), mapping.delivery(row)) for row in rows]
        spent = [
            FailedClaim(_lease(row), row["last_error"] or CLAIMED_IN_VAIN, None)
            for row in rows
            if row["claims"] > CLAIMS_MAX
        ]
        if spent:
            await self.release(spent, now=now)
        return [each for each in claimed if each.lease.claims <= CLAIMS_MAX]

    async def record(
        self, records: Sequence[DeliveryRecord], notices: Sequence[DisabledNotice] = ()
    ) -> Stored:
        """See ``DeliveryRepository.record``."""
        events = [notice.event for notice in notices]
        told = (
            mapping.encoded(
                [
                    {**event_row(notice.event), "endpoint_id": notice.endpoint_id}
                    for notice in notices
                ]
            ),
            mapping.encoded(list(delivery_rows(events))),
        )

        async def store(part: Sequence[DeliveryRecord]) -> frozenset[str]:
            tries = mapping.encoded([_attempt(record) for record in part])
            if any(record.health for record in part):
                judging = (sql.RECORD_AND_JUDGE, tries, *told, FAILING_MAX)
                rows = await self.executor.fetch(*judging)
            else:
                rows = await self.executor.fetch(sql.RECORD, tries)
            return frozenset(str(row["id"]) for row in rows)

        return await store_set(records, store)

    async def add(self, event: StoredEvent) -> None:
        """See ``DeliveryRepository.add``."""
        await self.executor.fetch(
            sql.ADD,
            mapping.encoded(event_row(event)),
            mapping.encoded(list(delivery_rows([event]))),
        )

    async def page(
        self,
        merchant_id: UUID,
        *,
        limit: int,
        offset: int,
        only: DeliveryFilter = ANY_DELIVERY,
    ) -> Page[Delivery]:
        """See ``DeliveryRepository.page``."""
        named = {name: value for name, value in asdict(only).items() if value is not None}
        with self.executor.models() as db:
            query = DeliveryRow.filter(merchant_id=merchant_id, **named).using_db(db)
            total = await query.count()
            rows = (
                await query.order_by("-created_at", "-seq", "-id")
                .limit(limit)
                .offset(offset)
                .values()
            )
        return Page([mapping.delivery(row) for row in rows], total, limit, offset)

    async def get(self, delivery_id: UUID, *, merchant_id: UUID) -> Delivery | None:
        """See ``DeliveryRepository.get``."""
        with self.executor.models() as db:
            query = DeliveryRow.filter(id=delivery_id, merchant_id=merchant_id).using_db(db)
            rows = await query.values()
        return mapping.delivery(rows[0]) if rows else None

    async def tries(self, delivery_id: UUID) -> Sequence[Try]:
        """See ``DeliveryRepository.tries``."""
        rows = await self.executor.fetch(sql.TRIES, delivery_id, TRIES_SHOWN_MAX)
        return [_try(row) for row in reversed(rows)]

    async def matching(self, recovery: Recovery, *, limit: int) -> tuple[int, Sequence[Delivery]]:
        """See ``DeliveryRepository.matching``."""
        wanted = _wanted(recovery)
        total = await self.executor.fetchval(sql.MATCHING, *wanted)
        rows = await self.executor.fetch(sql.SAMPLE, *wanted, limit)
        return total, [mapping.delivery(row) for row in rows]

    async def recover(self, recovery: Recovery, *, limit: int, now: datetime) -> Sequence[Delivery]:
        """See ``DeliveryRepository.recover``."""
        rows = await self.executor.fetch(sql.RECOVER, *_wanted(recovery), limit, now)
        return sorted(map(mapping.delivery, rows), key=lambda row: (row.created_at, row.id))

    async def retry(self, delivery_id: UUID, *, merchant_id: UUID, now: datetime) -> bool:
        """See ``DeliveryRepository.retry``."""
        found = await self.executor.fetchval(sql.RETRY, delivery_id, merchant_id, now)
        return found is not None


def _attempt(record: DeliveryRecord) -> dict[str, Any]:
    after = record.after
    return {
        "row_id": after.id,
        "token": record.claimed.lease.token,
        "status": after.status,
        "attempts": after.attempts,
        "next_retry_at": after.due_at,
        "response_code": after.response_code,
        "response_body": after.response_body,
        "error": record.result.error,
        "started_at": record.started_at,
        "finished_at": record.finished_at,
        "took_ms": record.took_ms,
        "url": record.url,
        "request_headers": dict(record.result.request_headers),
        "merchant_id": after.merchant_id,
        "endpoint_id": after.endpoint_id,
        "health": record.health,
    }


def _lease(row: mapping.Row) -> Lease:
    return Lease(str(row["id"]), mapping.uuid(row["lease_token"]), row["claims"])


def _try(row: mapping.Row) -> Try:
    return Try(
        ordinal=row["place"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        took_ms=row["took_ms"],
        url=row["url"],
        request_headers=mapping.decoded(row["request_headers"]) or {},
        status_code=row["status_code"],
        error=row["error"],
        response_body=row["snippet"],
    )


def _wanted(recovery: Recovery) -> tuple[Any, ...]:
    """A recovery as the first seven parameters of its statements."""
    events = recovery.events
    if events is not None and "*" in events:
        events = None
    families = [each[:-1] + "%" for each in events or () if each.endswith(".*")]
    return (
        recovery.merchant_id,
        recovery.since,
        recovery.until,
        list(recovery.statuses),
        recovery.endpoint_id,
        None if events is None else list(events),
        # An underscore is a letter in an event's name, and anything to LIKE.
        [each.replace("_", "\\_") for each in families],
    )
