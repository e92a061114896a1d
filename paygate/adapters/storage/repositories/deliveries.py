"""Deliveries: one event to one endpoint."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from ....core.domain.delivery import Delivery
from ....core.domain.lease import Lease
from ....core.domain.limits import ENDPOINT_IN_FLIGHT_MAX
from ....core.ports.records import ClaimedDelivery, DeliveryRecord, Page, Stored, StoredEvent
from .. import mapping
from ..database import Executor
from ..models import DeliveryRow
from ..statements import deliveries as sql
from ..statements.leases import DELIVERIES
from .leasing import Leasing, store_set
from .payments import delivery_rows, event_row


class PostgresDeliveries(Leasing):
    """See ``DeliveryRepository``."""

    def __init__(self, executor: Executor) -> None:
        super().__init__(executor, DELIVERIES, sql.RELEASE)

    async def claim(
        self, *, worker_id: str, token: UUID, limit: int, now: datetime
    ) -> Sequence[ClaimedDelivery]:
        """See ``DeliveryRepository.claim``."""
        rows = await self.executor.fetch(
            sql.CLAIM, token, worker_id, limit, now, ENDPOINT_IN_FLIGHT_MAX
        )
        return [
            ClaimedDelivery(
                Lease(str(row["id"]), mapping.uuid(row["lease_token"]), row["claims"]),
                mapping.delivery(row),
            )
            for row in rows
        ]

    async def record(self, records: Sequence[DeliveryRecord]) -> Stored:
        """See ``DeliveryRepository.record``."""
        return await store_set(records, self._record)

    async def _record(self, records: Sequence[DeliveryRecord]) -> frozenset[str]:
        rows = await self.executor.fetch(
            sql.RECORD, mapping.encoded([_attempt(record) for record in records])
        )
        return frozenset(str(row["id"]) for row in rows)

    async def add(self, event: StoredEvent) -> None:
        """See ``DeliveryRepository.add``."""
        await self.executor.fetch(
            sql.ADD,
            mapping.encoded(event_row(event)),
            mapping.encoded(list(delivery_rows([event]))),
        )

    async def page(self, merchant_id: UUID, *, limit: int, offset: int) -> Page[Delivery]:
        """See ``DeliveryRepository.page``."""
        with self.executor.models() as db:
            query = DeliveryRow.filter(merchant_id=merchant_id).using_db(db)
            total = await query.count()
            rows = (
                await query.order_by("-created_at", "-seq", "-id")
                .limit(limit)
                .offset(offset)
                .values()
            )
        return Page([mapping.delivery(row) for row in rows], total, limit, offset)

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
    }
