"""Merchants, users, sessions, API keys, roles and audit entries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID


class Role(StrEnum):
    """A role; each role includes the roles before it."""

    READ_ONLY = "read_only"
    SUPPORT = "support"
    DEVELOPER = "developer"
    OWNER = "owner"

    def covers(self, needed: Role) -> bool:
        """Check whether this role includes the other."""
        return _RANKS[self] >= _RANKS[needed]


_RANKS: Mapping[Role, int] = {role: rank for rank, role in enumerate(Role)}
PUBLISHED_KEY = "key_test_abc123"
PUBLISHED_SECRET = "secret_test_xyz789"  # noqa: S105 - it is in the README; production refuses it
"""The key pair that development seeds, and that everyone may read."""
KeyEnded = Literal["revoked", "expired"]
NAMESPACE_MAIL_DOMAIN = "namespace.invalid"
"""The mail domain of test merchants. No mail is sent to it."""
EVERYTHING = ("*",)
"""The filter that matches every event."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """An enabled endpoint other than the default one, and its events.

    Args:
        id: The endpoint's id.
        url: Its URL.
        events: Names, ``payment.*``, ``*``.
        sink: The only sink that delivers to it; None for those that deliver to any endpoint.
    """

    id: UUID
    url: str
    events: tuple[str, ...]
    sink: str | None = None


@dataclass(frozen=True, slots=True)
class Merchant:
    """A merchant: the owner of keys, orders and endpoints.

    Args:
        webhook_url: URL of the default endpoint; None sends nothing.
        webhook_secret: In clear, if SQL wrote it; it takes precedence over the sealed one.
        webhook_sealed: The sealed secret.
        webhook_disabled_at: When the default endpoint was disabled.
        subscriptions: The other enabled endpoints, read with the row so that an event needs
            no further query.
        is_test: Whether development seeded it, or a test created it.
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
        """Whether production must refuse its credentials.

        Checks known names too: an older process may have stored the merchant without the mark.
        """
        return (
            self.is_test
            or self.api_key == PUBLISHED_KEY
            or self.email.endswith(f"@{NAMESPACE_MAIL_DOMAIN}")
        )


@dataclass(frozen=True, slots=True)
class KeyPair:
    """The merchant's key pair, without its secret.

    Args:
        key: The public half.
        previous_until: Until when the previous secret is valid.
        revoked_at: When the pair was revoked.
    """

    key: str
    previous_until: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Credentials:
    """A merchant with the data that authentication needs.

    Args:
        merchant: The merchant of the key.
        secret_sha256: SHA-256 of the API secret, in hex. The secret is not stored.
        role: The key's role.
        key_id: The id of a further key; None for the merchant's key pair.
        previous_sha256: SHA-256 of the previous secret, while it is valid.
        ended: Why the key is no longer valid; None while it is.
        is_stale: Whether the time of last use has to be stored again.
    """

    merchant: Merchant
    secret_sha256: str
    role: Role = Role.OWNER
    key_id: UUID | None = None
    is_stale: bool = False
    ended: KeyEnded | None = None
    previous_sha256: str | None = None


CallerKind = Literal["key", "user", "anybody"]
ActorKind = Literal["key", "user", "anybody", "system"]


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller of a request, and its rights.

    Args:
        merchant: The merchant it acts for.
        kind: How it authenticated: with an API key, a session, or not at all.
        id: The id of the user or the key; the merchant's id for the merchant's key pair.
        label: For people: an e-mail address, or the key's public half.
        is_operator: Whether it operates this installation, and may change what belongs to
            all merchants.
        proof_sha256: SHA-256 of the API secret or session token, in hex.
    """

    merchant: Merchant
    role: Role
    kind: CallerKind
    id: str
    label: str
    is_operator: bool = False
    proof_sha256: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class User:
    """A person who signs in.

    Args:
        email: In lower case; no two users of a merchant share one.
        password_hash: Argon2id with its parameters; empty for a user without a password.
    """

    id: UUID
    merchant_id: UUID
    email: str
    password_hash: str = field(repr=False)
    role: Role
    is_active: bool
    is_operator: bool
    created_at: datetime
    last_login_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A login session.

    Args:
        expires_at: When it expires, also if it is in use.
        is_stale: Whether the time of last use has to be stored again.
    """

    user: User
    merchant: Merchant
    expires_at: datetime
    is_stale: bool = False


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A further key beside the merchant's key pair. Its secret is not stored.

    Args:
        key: The public half.
        secret_last4: The end of the secret, by which people recognize it.
        expires_at: When it expires, in real time; None for never.
        created_by: The user it ends with; None if the merchant's key pair created it.
    """

    id: UUID
    merchant_id: UUID
    label: str
    key: str
    secret_last4: str
    role: Role
    created_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
    expires_at: datetime | None = None
    created_by: UUID | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """The actor of an audit entry."""

    kind: ActorKind
    id: str
    label: str


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """An audit entry.

    Args:
        action: The action, such as ``refund.create``.
        subject: The id of the resource, or empty.
        ip: The client's address.
        detail: Useful values; never a secret or a card.
        id: None until it is stored.
    """

    merchant_id: UUID
    at: datetime
    actor: Actor
    action: str
    subject: str
    ip: str | None
    detail: Mapping[str, Any]
    id: int | None = None


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """A filter for audit entries; None and empty match anything."""

    action: str | None = None
    actor: str | None = None
    subject: str | None = None
