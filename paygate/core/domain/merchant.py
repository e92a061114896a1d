"""The merchant: who gets the money."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from .role import Role

PUBLISHED_KEY = "key_test_abc123"
PUBLISHED_SECRET = "secret_test_xyz789"  # noqa: S105 - it is in the README; production refuses it
"""The pair that development seeds, and that everyone may read."""

KeyEnded = Literal["revoked", "expired"]

NAMESPACE_MAIL_DOMAIN = "namespace.invalid"
"""Of merchants that tests open without credentials. No mail is ever sent to such a name."""

EVERYTHING = ("*",)
"""The filter that lets every event through."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """An enabled endpoint beside the merchant's own: which events go where.

    Args:
        id: Of the endpoint.
        url: Where they go.
        events: Names, ``payment.*``, ``*``.
    """

    id: UUID
    url: str
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Merchant:
    """Owns keys, orders and webhook addresses.

    Args:
        webhook_url: Of the default endpoint; None sends nothing there.
        webhook_secret: In clear, where SQL wrote it; it counts before the sealed one.
        webhook_sealed: The secret as anything else stores it.
        webhook_disabled_at: Since when the default endpoint gets nothing.
        subscriptions: The enabled endpoints beside it, read with the row so that an
            event costs no further question.
        is_test: Seeded by development, or opened by a test.
    """

    id: UUID
    name: str
    email: str
    api_key: str
    is_active: bool
    webhook_url: str | None
    webhook_secret: str | None = field(repr=False)
    created_at: datetime
    webhook_sealed: str | None = field(default=None, repr=False)
    default_scenario: str | None = None
    webhook_disabled_at: datetime | None = None
    subscriptions: tuple[Subscription, ...] = ()
    is_test: bool = False

    @property
    def is_for_tests(self) -> bool:
        """Whether production must not accept its credentials.

        The known names count as well as the mark: an older process may have stored it.
        """
        return (
            self.is_test
            or self.api_key == PUBLISHED_KEY
            or self.email.endswith(f"@{NAMESPACE_MAIL_DOMAIN}")
        )


@dataclass(frozen=True, slots=True)
class KeyPair:
    """The pair on the merchant, without its secret.

    Args:
        key: The public half.
        previous_until: Until when the secret before the present one authenticates too.
        revoked_at: Since when the pair authenticates nobody.
    """

    key: str
    previous_until: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Credentials:
    """A merchant as authentication needs it.

    Args:
        merchant: Who the key names.
        secret_sha256: SHA-256 of the API secret, in hex. The secret is not kept.
        role: What the key may do.
        key_id: Of a key of its own; None for the pair that stands on the merchant.
        previous_sha256: Of the secret before, while it authenticates too.
        ended: Why the key no longer authenticates; None while it does.
        is_stale: The key's last use was written down a while ago, or never.
    """

    merchant: Merchant
    secret_sha256: str
    role: Role = Role.OWNER
    key_id: UUID | None = None
    is_stale: bool = False
    ended: KeyEnded | None = None
    previous_sha256: str | None = None
