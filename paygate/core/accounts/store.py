"""What the storage of accounts offers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from ..records import Page, Unchanged
from ..webhooks.model import Endpoint
from ..webhooks.store import NewSecret
from .model import (
    ApiKey,
    AuditEntry,
    AuditFilter,
    Credentials,
    KeyPair,
    Merchant,
    Role,
    Session,
    User,
)


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

    async def clear_failures(self, account_and_ip: str) -> None:
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


class Passwords(Protocol):
    """Hashes passwords so that a thief of the database has to guess each for long."""

    async def hash(self, password: str) -> str:
        """What to store of a password; another text each time."""
        ...

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether that was stored of this password.

        It takes as long when nothing was stored, so that time does not tell who has
        an account.
        """
        ...


class MerchantRepository(Protocol):
    """Merchants."""

    async def credentials(self, api_key: str) -> Credentials | None:
        """The merchant with that key, active or not, and whatever has ended the key."""
        ...

    async def key_pair(self, merchant_id: UUID) -> KeyPair | None:
        """The pair on the merchant."""
        ...

    async def lock(self, merchant_id: UUID) -> None:
        """Keep the merchant's row, and its key pair, as it is until the transaction ends."""
        ...

    async def rotate_key_pair(
        self, merchant_id: UUID, *, secret_sha256: str, grace: timedelta, at: datetime
    ) -> KeyPair | None:
        """Store another secret of the pair, a revoked one too; None for no such merchant.

        Args:
            merchant_id: Whose pair.
            secret_sha256: Of the new secret.
            grace: How long the secret before authenticates too, in real time. That of a
                revoked pair does not.
            at: Now.
        """
        ...

    async def revoke_key_pair(self, merchant_id: UUID, *, at: datetime) -> KeyPair | None:
        """End the pair, with the secret before it; None for no such merchant."""
        ...

    async def get(self, merchant_id: UUID) -> Merchant | None:
        """The merchant with that id."""
        ...

    async def destinations(self, merchant_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Endpoint]]:
        """Each of these merchants → where its events go, as stored at this moment."""
        ...

    async def configure_webhook(
        self,
        merchant_id: UUID,
        *,
        url: str | Unchanged | None,
        secret: NewSecret | None,
        first_secret: NewSecret,
        at: datetime,
    ) -> Merchant:
        """Store where webhooks go and what signs them; the merchant as it is then.

        Args:
            merchant_id: Whose.
            url: None sends none.
            secret: None keeps the present one.
            first_secret: For a merchant that has none.
            at: When, in UTC.
        """
        ...

    async def set_scenario(self, merchant_id: UUID, scenario: str | None) -> None:
        """Store what simulators play of payments that name nothing."""
        ...

    async def set_origins(self, merchant_id: UUID, origins: Sequence[str], *, at: datetime) -> None:
        """Store which pages may frame the checkout of the merchant's orders."""
        ...

    async def origins(self, merchant_id: UUID) -> Sequence[str]:
        """What ``set_origins`` stored, or somebody by SQL; empty where any page may."""
        ...

    async def origins_of_order(self, order_id: str) -> Sequence[str]:
        """The same of the merchant whose order it is; empty where there is no such order."""
        ...

    async def retire(self, merchant_id: UUID, *, mail_domain: str) -> bool:
        """Switch off a merchant whose e-mail is of that domain; False if there is none."""
        ...

    async def seed(
        self, merchant: Merchant, *, secret_sha256: str, webhook_secret: NewSecret
    ) -> None:
        """Store the merchant; one with its id gets these credentials and keeps the rest."""
        ...

    async def active_tests(self) -> Sequence[str]:
        """API keys of the active merchants that production must not accept."""
        ...

    async def deactivate_tests(self) -> Sequence[str]:
        """Deactivate those merchants; their API keys."""
        ...

    async def activate_test(self, merchant_id: UUID) -> None:
        """Activate a merchant, if it is one of a test."""
        ...
