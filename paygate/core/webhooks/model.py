"""Endpoints and deliveries."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from ..accounts.model import EVERYTHING, Merchant
from ..ids import REQUEST_ID


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A delivery to be stored with its event."""

    id: UUID
    sink: str
    endpoint_id: UUID


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event with its stored bytes and its deliveries.

    Args:
        seq: Its number among the events of its payment; None for an event without one.
        request_id: The ``X-Request-Id`` of the request that caused it; None without one.
    """

    id: str
    merchant_id: UUID
    type: str
    payment_id: str | None
    seq: int | None
    body: bytes
    created_at: datetime
    deliveries: tuple[NewDelivery, ...] = ()
    request_id: str | None = field(default_factory=REQUEST_ID.get)


DeliveryStatus = Literal["pending", "success", "failed"]


SINK_FAILED = "sink_failed"
"""The error of an attempt whose sink raised an exception."""


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """The result of one attempt.

    Args:
        delivered: Whether the receiver confirmed the event.
        status_code: The HTTP status of the response; None without a response.
        body: The start of the response's body, shown to the merchant.
        error: Why there was no response, as a short word (``timeout``, ``refused_address``).
        retry_after: How long the receiver asked paygate to wait.
        request_headers: The headers that were sent, shown to the merchant; without
            secrets.
    """

    delivered: bool
    status_code: int | None = None
    body: str | None = None
    error: str | None = None
    retry_after: timedelta | None = None
    request_headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delivery:
    """The delivery of one event to one endpoint.

    Args:
        body: The exact bytes, stored with the event.
        attempts: Number of attempts since it was created or last retried manually.
        due_at: When the next attempt is due, in UTC; None without one.
        is_manual: Whether a person requested the next attempt: it is made even if the
            endpoint is disabled.
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
    is_manual: bool = False

    def record(self, result: DeliveryResult, *, at: datetime, wait: timedelta | None) -> Delivery:
        """Record the result of an attempt.

        Args:
            result: The result.
            at: When the attempt ended, in UTC.
            wait: The delay before the next attempt; None when the retry policy gives up.
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
            is_manual=False,
        )


BreakerState = Literal["closed", "open", "half_open"]
"""``open``: it did not respond, and gets less; ``half_open``: a request is in progress."""
DisabledReason = Literal["manual", "gone", "failing"]
"""A person disabled it; the receiver answered 410; every attempt has failed for days."""
_NAME = r"[a-z][a-z_]*(?:\.[a-z][a-z_]*){0,3}"
FILTER = re.compile(rf"\*|{_NAME}(?:\.\*)?")
"""``*``, ``payment.*`` or ``payment.success``."""


def is_filter(text: str) -> bool:
    """Check whether the text is a valid event filter."""
    return FILTER.fullmatch(text) is not None


def matches(filters: Sequence[str], event_type: str) -> bool:
    """Check whether one of the filters matches the type of event."""
    return any(
        each in {"*", event_type} or (each.endswith(".*") and event_type.startswith(each[:-1]))
        for each in filters
    )


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint: where events are sent.

    It is read for every delivery and not cached: a change of the address or the secret in
    the database applies from the next attempt.

    Args:
        id: The endpoint's id; the merchant's own id for the default endpoint.
        merchant_id: The merchant.
        url: Where webhooks are sent; None without an address.
        secret: Signs webhooks; None without one, and when a sink is only asked whether
            it wants an event.
        events: Filters: names, ``payment.*``, ``*``.
        previous_secret: Also signs during a rotation.
        sink: The only sink that delivers to it; None for those that deliver to any endpoint.
    """

    id: UUID
    merchant_id: UUID
    url: str | None
    secret: str | None = field(repr=False)
    events: tuple[str, ...] = EVERYTHING
    previous_secret: str | None = field(default=None, repr=False)
    sink: str | None = None

    def listens_to(self, event_type: str) -> bool:
        """Check whether the endpoint is subscribed to events of that type."""
        return matches(self.events, event_type)

    @classmethod
    def of(cls, merchant: Merchant) -> Endpoint:
        """Return the default endpoint of a merchant, with what deliveries need."""
        return cls(merchant.id, merchant.id, merchant.webhook_url, None)

    @classmethod
    def all_of(cls, merchant: Merchant) -> tuple[Endpoint, ...]:
        """Return every enabled endpoint of a merchant, with what deliveries need."""
        default = () if merchant.webhook_disabled_at else (cls.of(merchant),)
        further = (
            cls(each.id, merchant.id, each.url, None, each.events, sink=each.sink)
            for each in merchant.subscriptions
        )
        return (*default, *further)


@dataclass(frozen=True, slots=True)
class EndpointSettings:
    """An endpoint as it is stored.

    Args:
        secret: Sealed, or in clear if SQL wrote it to the merchant's row.
        secret_hint: The secret's last characters.
        is_sealed: Whether the secret is sealed.
        is_previous_sealed: Whether the previous secret is sealed.
        previous_secret: The secret before; it is valid until ``previous_until``.
        disabled_at: When it was disabled, in UTC.
        consecutive_failures: Number of attempts since the last successful one.
        first_failure_at: When the first of those ended.
        unanswered: Number of attempts since the last one with an answer, whatever it was.
        breaker_open_since: Since when it gets one attempt at a time, in UTC.
        is_probed: Whether one of these is in progress. Workers do not read it.
        sink: The only sink that delivers to it; None for those that deliver to any endpoint.
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
    unanswered: int = 0
    breaker_open_since: datetime | None = None
    is_probed: bool = False
    sink: str | None = None

    @property
    def breaker(self) -> BreakerState:
        """The state of its circuit breaker; see docs/adr/0032."""
        if self.breaker_open_since is None:
            return "closed"
        return "half_open" if self.is_probed else "open"

    def overlaps(self, now: datetime) -> bool:
        """Check whether the previous secret is still valid."""
        return bool(self.previous_secret and self.previous_until and self.previous_until > now)
