"""The merchant: who gets the money."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Merchant:
    """Owns keys, orders and a webhook address."""

    id: UUID
    name: str
    email: str
    api_key: str
    is_active: bool
    webhook_url: str | None
    webhook_secret: str | None
    created_at: datetime
    default_scenario: str | None = None


@dataclass(frozen=True, slots=True)
class Credentials:
    """A merchant as authentication needs it.

    Args:
        merchant: Who the key names.
        secret_sha256: SHA-256 of the API secret, in hex. The secret is not kept.
    """

    merchant: Merchant
    secret_sha256: str
