"""The delivery: one event to one endpoint, until it succeeds or is given up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

DeliveryStatus = Literal["pending", "success", "failed"]


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """What came of one attempt.

    Args:
        delivered: The other side confirmed that it has the event.
        status_code: The answer's HTTP status; None when there was none.
        body: The beginning of the answer's body, for the merchant's eyes.
        error: Why there was no answer, as a short word (``timeout``, ``refused_address``).
        retry_after: How long the other side asked us to wait.
        request_headers: What was sent beside the body, kept for the merchant's eyes;
            never a secret.
    """

    delivered: bool
    status_code: int | None = None
    body: str | None = None
    error: str | None = None
    retry_after: timedelta | None = None
    request_headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event to one endpoint.

    Args:
        body: The exact bytes, frozen when the event was stored.
        attempts: Recorded tries since it was made or last retried by hand.
        due_at: When the next try is due, in UTC; None when there is none.
        by_hand: Somebody asked for the next try: it is made even while the endpoint
            is disabled.
    """

    id: UUID
    merchant_id: UUID
    endpoint_id: UUID
    sink: str
    event_id: str
    event_type: str
    payment_id: str | None
    body: bytes
    status: DeliveryStatus
    attempts: int
    created_at: datetime
    due_at: datetime | None
    last_attempt_at: datetime | None = None
    response_code: int | None = None
    response_body: str | None = None
    by_hand: bool = False

    def record(self, result: DeliveryResult, *, at: datetime, wait: timedelta | None) -> Delivery:
        """Take the result of an attempt.

        Args:
            result: What came of it.
            at: When it ended, in UTC.
            wait: Until the next try; None when the retry policy gives up.
        """
        given_up = wait is None
        status: DeliveryStatus = (
            "success" if result.delivered else "failed" if given_up else "pending"
        )
        return replace(
            self,
            status=status,
            attempts=self.attempts + 1,
            due_at=None if result.delivered or wait is None else at + wait,
            last_attempt_at=at,
            response_code=result.status_code,
            response_body=result.body if result.body is not None else result.error,
            by_hand=False,
        )
