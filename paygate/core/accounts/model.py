"""Merchants, users, sessions, API keys, roles and audit entries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID


class Role(StrEnum):
    """What somebody may do; each role may do all that those before it may."""

    READ_ONLY = "read_only"
    SUPPORT = "support"
    DEVELOPER = "developer"
    OWNER = "owner"

    def covers(self, needed: Role) -> bool:
        """Whether this role may do what the other may."""
        return _RANKS[self] >= _RANKS[needed]


_RANKS: Mapping[Role, int] = {role: rank for rank, role in enumerate(Role)}
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


CallerKind = Literal["key", "user", "anybody"]
ActorKind = Literal["key", "user", "anybody", "system"]


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose request it is, and with what right.

    Args:
        merchant: On whose behalf.
        kind: How they named themselves: by API key, by a session, or not at all.
        id: Of the user or the key; the merchant's for the pair on the merchant.
        label: What people call them: an e-mail address, or the key's public half.
        is_operator: Runs this installation, and so may change what is every merchant's.
        proof_sha256: SHA-256 of the API secret or session token that they showed, in hex.
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
    """A user who has signed in.

    Args:
        expires_at: The end, however busy the user is.
        is_stale: Its last use was written down a while ago.
    """

    user: User
    merchant: Merchant
    expires_at: datetime
    is_stale: bool = False


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key beside the pair on the merchant. Its secret is not kept.

    Args:
        key: The public half.
        secret_last4: The end of the secret, for people to know it by.
        expires_at: When it ends by itself, in real time; None for never.
        created_by: The user it ends with; None for one that the merchant's own pair made.
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
    """Who did something."""

    kind: ActorKind
    id: str
    label: str


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One thing that somebody did.

    Args:
        action: What, such as ``refund.create``.
        subject: The id of what it was done to, or empty.
        ip: Where the request came from.
        detail: What is worth knowing; never a secret or a card.
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
    """What to look for; None and empty are anything."""

    action: str | None = None
    actor: str | None = None
    subject: str | None = None
