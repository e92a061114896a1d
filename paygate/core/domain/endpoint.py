"""Where a merchant wants events to go."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from .merchant import EVERYTHING, Merchant

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
