"""Endpoints and deliveries."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from ..accounts.model import EVERYTHING, Merchant


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A delivery to be stored with its event."""

    id: UUID
    sink: str
    endpoint_id: UUID


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event with its frozen bytes and where it goes.

    Args:
        seq: Its place in its payment's story; None for an event without one.
    """

    id: str
    merchant_id: UUID
    type: str
    payment_id: str | None
    seq: int | None
    body: bytes
    created_at: datetime
    deliveries: tuple[NewDelivery, ...] = ()


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


DisabledReason = Literal["by_hand", "gone", "failing"]
"""Somebody did it; the receiver answered 410; nothing succeeded for days."""
_NAME = r"[a-z][a-z_]*(?:\.[a-z][a-z_]*){0,3}"
FILTER = re.compile(rf"\*|{_NAME}(?:\.\*)?")
"""``*``, ``payment.*`` or ``payment.success``."""


def is_filter(text: str) -> bool:
    """Whether it could be a filter of events."""
    return FILTER.fullmatch(text) is not None


def matches(filters: Sequence[str], event_type: str) -> bool:
    """Whether one of the filters lets events of that type through."""
    return any(
        each in {"*", event_type} or (each.endswith(".*") and event_type.startswith(each[:-1]))
        for each in filters
    )


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A destination of events.

    Read when a delivery is made, never remembered: a merchant who changes the
    address or the secret in the database has changed it for the next attempt.

    Args:
        id: Of the endpoint; the merchant's own id for the one on the merchant row.
        merchant_id: Whose it is.
        url: Where a webhook goes; None while the merchant has not said.
        secret: Signs what is sent; None while there is none, and where a sink is
            only asked what it wants.
        events: The events it is for: names, ``payment.*``, ``*``.
        previous_secret: Signs beside the secret while a rotation lasts.
    """

    id: UUID
    merchant_id: UUID
    url: str | None
    secret: str | None = field(repr=False)
    events: tuple[str, ...] = EVERYTHING
    previous_secret: str | None = field(default=None, repr=False)

    def listens_to(self, event_type: str) -> bool:
        """Whether it is for events of that type."""
        return matches(self.events, event_type)

    @classmethod
    def of(cls, merchant: Merchant) -> Endpoint:
        """The one on the merchant's own row, as far as it matters to making deliveries."""
        return cls(merchant.id, merchant.id, merchant.webhook_url, None)

    @classmethod
    def all_of(cls, merchant: Merchant) -> tuple[Endpoint, ...]:
        """Every enabled one, as far as it matters to making deliveries."""
        default = () if merchant.webhook_disabled_at else (cls.of(merchant),)
        further = (
            cls(each.id, merchant.id, each.url, None, each.events)
            for each in merchant.subscriptions
        )
        return (*default, *further)


@dataclass(frozen=True, slots=True)
class EndpointSettings:
    """An endpoint as it is stored: what its owner sees, and what is needed to send.

    Args:
        secret: Sealed, or in clear where SQL wrote it on the merchant's row.
        secret_hint: The secret's last characters.
        is_sealed: Whether the secret is.
        is_previous_sealed: Whether the one before is.
        previous_secret: Likewise; it counts until ``previous_until``.
        disabled_at: Since when nothing is sent, in UTC.
        consecutive_failures: Tries since the last that succeeded.
        first_failure_at: When the first of those ended.
    """

    id: UUID
    merchant_id: UUID
    url: str | None
    description: str | None
    events: tuple[str, ...]
    is_default: bool
    secret: str | None = field(repr=False)
    secret_hint: str | None
    previous_secret: str | None = field(repr=False)
    previous_until: datetime | None
    is_sealed: bool
    is_previous_sealed: bool
    disabled_at: datetime | None
    disabled_reason: DisabledReason | None
    consecutive_failures: int
    first_failure_at: datetime | None
    created_at: datetime
    updated_at: datetime

    def overlaps(self, now: datetime) -> bool:
        """Whether the secret before this one still signs beside it."""
        return bool(self.previous_secret and self.previous_until and self.previous_until > now)
