"""Who calls, and what they may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from .merchant import Merchant
from .role import Role

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
