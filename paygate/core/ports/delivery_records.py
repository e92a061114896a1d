"""What is asked of deliveries in bulk, and what people see of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ..domain.delivery import DeliveryStatus
from .records import StoredEvent


@dataclass(frozen=True, slots=True)
class DisabledNotice:
    """What is told if an endpoint is disabled by what came of its tries.

    Args:
        endpoint_id: Which.
        event: Without a payment, addressed to the merchant's other endpoints.
    """

    endpoint_id: UUID
    event: StoredEvent


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which of a merchant's deliveries; None is any."""

    status: DeliveryStatus | None = None
    event: str | None = None
    endpoint_id: UUID | None = None
    payment_id: str | None = None


ANY_DELIVERY = DeliveryFilter()


@dataclass(frozen=True, slots=True)
class Recovery:
    """Which deliveries are to be sent again.

    Args:
        since: The earliest moment at which they were made, in UTC.
        until: The first moment that is too late.
        statuses: What became of them.
        events: Filters, or None for every event.
        endpoint_id: The only endpoint, or None for all.
    """

    merchant_id: UUID
    since: datetime
    until: datetime
    statuses: tuple[DeliveryStatus, ...]
    events: tuple[str, ...] | None = None
    endpoint_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt as people look at it.

    Args:
        ordinal: Its place among all tries of the delivery, from 1.
        took_ms: None of tries that an older version made.
    """

    ordinal: int
    started_at: datetime
    finished_at: datetime
    took_ms: int | None
    url: str | None
    request_headers: Mapping[str, str]
    status_code: int | None
    error: str | None
    response_body: str | None
