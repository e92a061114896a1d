"""Users, sessions, keys and the audit log, as the use cases see them.

What ends (sessions, locks) is counted on the database's real clock: a test that moves
the app's time signs nobody out.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from ..domain.account import ApiKey, AuditEntry, AuditFilter, Session, User
from ..domain.role import Role
from .records import Page


class UserRepository(Protocol):
    """People who sign in."""

    async def add(self, user: User) -> None:
        """Store a new user.

        Raises:
            EmailTakenError: Another of the merchant's has that address.
        """
        ...

    async def seed(self, user: User) -> None:
        """Store the user, unless another of the merchant's has that address."""
        ...

    async def by_email(self, email: str, *, merchant_id: UUID | None) -> User | None:
        """The user with that address, in lower case; active or not.

        Args:
            email: In lower case.
            merchant_id: Whose user; None for the oldest active one of any merchant.
        """
        ...

    async def lock(self, user_id: UUID, *, merchant_id: UUID) -> User | None:
        """A merchant's user, and nobody else changes them until the transaction ends."""
        ...

    async def lock_owners(self, merchant_id: UUID) -> Sequence[UUID]:
        """The merchant's active owners, kept as they are until the transaction ends."""
        ...

    async def of_merchant(self, merchant_id: UUID) -> Sequence[User]:
        """A merchant's users, the oldest first."""
        ...

    async def update(self, user_id: UUID, *, role: Role, is_active: bool, at: datetime) -> None:
        """Store what a user may do."""
        ...

    async def set_password(
        self, user_id: UUID, password_hash: str, *, instead_of: str | None, at: datetime
    ) -> bool:
        """Store a password; False if ``instead_of`` is given and is not the present one."""
        ...


class SessionRepository(Protocol):
    """Those who have signed in, and those who try to."""

    async def open(
        self, token_sha256: str, user: User, *, ip: str | None, at: datetime
    ) -> Session | None:
        """Sign the user in. Only inside a transaction.

        Returns:
            None if their password has changed meanwhile or they were switched off.
        """
        ...

    async def find(self, token_sha256: str) -> Session | None:
        """The session, while it lives: an active user, not expired and not idle for long."""
        ...

    async def touch(self, token_sha256: str) -> None:
        """Write down that it was used a moment ago."""
        ...

    async def end(self, token_sha256: str) -> None:
        """End that session, if it is there."""
        ...

    async def end_all(self, user_id: UUID) -> None:
        """End all of a user's."""
        ...

    async def try_password(self, account_and_ip: str) -> bool:
        """Count a try before it is made; False if there were too many.

        Args:
            account_and_ip: What they sign in as and where they come from, as a digest.
        """
        ...

    async def forgive(self, account_and_ip: str) -> None:
        """Forget the tries: the password was right."""
        ...

    async def purge(self, *, limit: int) -> int:
        """Forget sessions and tries that have expired; how many."""
        ...


class ApiKeyRepository(Protocol):
    """Keys beside the merchants' own pairs."""

    async def add(self, key: ApiKey, *, secret_sha256: str) -> bool:
        """Store a new key; False if it has expired already."""
        ...

    async def get(self, key_id: UUID, *, merchant_id: UUID) -> ApiKey | None:
        """A merchant's key, revoked ones too."""
        ...

    async def lock(self, key_id: UUID, *, merchant_id: UUID) -> None:
        """Keep a merchant's key as it is until the transaction ends."""
        ...

    async def of_merchant(self, merchant_id: UUID) -> Sequence[ApiKey]:
        """A merchant's keys, the newest first, revoked ones too."""
        ...

    async def revoke(self, key_id: UUID, *, merchant_id: UUID, at: datetime) -> ApiKey | None:
        """End a merchant's key; one that was revoked before keeps its moment."""
        ...

    async def revoke_of_user(
        self, user_id: UUID, *, but: Collection[Role], at: datetime
    ) -> Sequence[ApiKey]:
        """End the keys that a user made, but for those of these roles; which ones ended."""
        ...

    async def touch(self, key_id: UUID) -> None:
        """Write down that it was used a moment ago."""
        ...


class AuditRepository(Protocol):
    """Who did what. What is written stays as it is."""

    async def add(self, entry: AuditEntry) -> None:
        """Write it down, with whatever else the transaction does."""
        ...

    async def page(
        self, merchant_id: UUID, wanted: AuditFilter, *, limit: int, offset: int
    ) -> Page[AuditEntry]:
        """A merchant's, the newest first."""
        ...


class AccountRepositories(Protocol):
    """All of these, bound to a pool or to one transaction."""

    @property
    def users(self) -> UserRepository:
        """People who sign in."""
        ...

    @property
    def sessions(self) -> SessionRepository:
        """Those who have."""
        ...

    @property
    def api_keys(self) -> ApiKeyRepository:
        """Keys beside the merchants' own pairs."""
        ...

    @property
    def audit(self) -> AuditRepository:
        """Who did what."""
        ...
