"""The storage of accounts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from ..paging import Page, PageRequest
from ..records import Unchanged
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
    """Users."""

    async def add(self, user: User) -> None:
        """Store a new user.

        Raises:
            EmailTakenError: Another user of the merchant has that address.
        """
        ...

    async def seed(self, user: User) -> None:
        """Store the user, unless another user of the merchant has that address."""
        ...

    async def by_email(self, email: str, *, merchant_id: UUID | None) -> User | None:
        """Return the user with that address, active or not.

        Args:
            email: In lower case.
            merchant_id: The user's merchant; None for the oldest active user of any merchant.
        """
        ...

    async def lock(self, user_id: UUID, *, merchant_id: UUID) -> User | None:
        """Return a user of a merchant, locked until the transaction ends."""
        ...

    async def lock_owners(self, merchant_id: UUID) -> Sequence[UUID]:
        """Lock the merchant's active owners until the transaction ends."""
        ...

    async def of_merchant(self, merchant_id: UUID) -> Sequence[User]:
        """Return a merchant's users, the oldest first."""
        ...

    async def update(self, user_id: UUID, *, role: Role, is_active: bool, at: datetime) -> None:
        """Store the role and state of a user."""
        ...

    async def set_password(
        self, user_id: UUID, password_hash: str, *, instead_of: str | None, at: datetime
    ) -> bool:
        """Store a password; return False if ``instead_of`` is not the current one."""
        ...


class SessionRepository(Protocol):
    """Sessions and login attempts."""

    async def open(
        self, token_sha256: str, user: User, *, ip: str | None, at: datetime
    ) -> Session | None:
        """Open a session. Only inside a transaction.

        Returns:
            None if the password has changed meanwhile or the user was deactivated.
        """
        ...

    async def find(self, token_sha256: str) -> Session | None:
        """Return the session of an active user, unless it is expired or idle for too long."""
        ...

    async def touch(self, token_sha256: str) -> None:
        """Store that the session was just used."""
        ...

    async def end(self, token_sha256: str) -> None:
        """End the session, if it exists."""
        ...

    async def end_all(self, user_id: UUID) -> None:
        """End all sessions of a user."""
        ...

    async def count_login_attempt(self, account_and_ip: str) -> bool:
        """Count a login attempt before it is made; return False if there were too many.

        Args:
            account_and_ip: Digest of the account and the client's address.
        """
        ...

    async def clear_failures(self, account_and_ip: str) -> None:
        """Reset the count of attempts: the password was right."""
        ...

    async def purge(self, *, limit: int) -> int:
        """Delete expired sessions and attempts; return how many."""
        ...


class ApiKeyRepository(Protocol):
    """Further keys beside the merchants' key pairs."""

    async def add(self, key: ApiKey, *, secret_sha256: str) -> bool:
        """Store a new key; return False if it has expired already."""
        ...

    async def get(self, key_id: UUID, *, merchant_id: UUID) -> ApiKey | None:
        """Return a key of a merchant, also a revoked one."""
        ...

    async def lock(self, key_id: UUID, *, merchant_id: UUID) -> None:
        """Lock a key of a merchant until the transaction ends."""
        ...

    async def of_merchant(self, merchant_id: UUID) -> Sequence[ApiKey]:
        """Return a merchant's keys, the newest first, with revoked ones."""
        ...

    async def revoke(self, key_id: UUID, *, merchant_id: UUID, at: datetime) -> ApiKey | None:
        """Revoke a key of a merchant; a revoked one keeps its time."""
        ...

    async def revoke_of_user(
        self, user_id: UUID, *, but: Collection[Role], at: datetime
    ) -> Sequence[ApiKey]:
        """Revoke the keys that a user created, except those of these roles; return them."""
        ...

    async def touch(self, key_id: UUID) -> None:
        """Store that the key was just used."""
        ...


class AuditRepository(Protocol):
    """The audit log. Entries are never changed."""

    async def add(self, entry: AuditEntry) -> None:
        """Add an entry, in the current transaction."""
        ...

    async def page(
        self, merchant_id: UUID, page: PageRequest, wanted: AuditFilter
    ) -> Page[AuditEntry]:
        """Return a page of a merchant's entries, the newest first."""
        ...


class AccountRepositories(Protocol):
    """The repositories of accounts, bound to a pool or to one transaction."""

    @property
    def users(self) -> UserRepository:
        """Users."""
        ...

    @property
    def sessions(self) -> SessionRepository:
        """Login sessions."""
        ...

    @property
    def api_keys(self) -> ApiKeyRepository:
        """Further keys beside the merchants' key pairs."""
        ...

    @property
    def audit(self) -> AuditRepository:
        """The audit log."""
        ...


class Passwords(Protocol):
    """Hashes passwords, slowly, so that stolen hashes are expensive to guess."""

    def admit(self) -> AbstractContextManager[None]:
        """Admit a login, whose password is verified in the context.

        Raises:
            TooManyError: Too many logins are being verified.
        """
        ...

    async def hash(self, password: str) -> str:
        """Return a salted hash of a password."""
        ...

    async def verify(self, stored: str | None, password: str) -> bool:
        """Check whether the hash belongs to the password.

        Without a hash it takes as long, so that the duration does not reveal which accounts
        exist.
        """
        ...


class MerchantRepository(Protocol):
    """Merchants."""

    async def credentials(self, api_key: str) -> Credentials | None:
        """Return the merchant with that key, active or not, and why the key has ended."""
        ...

    async def key_pair(self, merchant_id: UUID) -> KeyPair | None:
        """Return the merchant's key pair."""
        ...

    async def lock(self, merchant_id: UUID) -> None:
        """Lock the merchant's row, with its key pair, until the transaction ends."""
        ...

    async def rotate_key_pair(
        self, merchant_id: UUID, *, secret_sha256: str, grace: timedelta, at: datetime
    ) -> KeyPair | None:
        """Store a new secret of the pair, also of a revoked one; None for no such merchant.

        Args:
            merchant_id: The merchant.
            secret_sha256: SHA-256 of the new secret.
            grace: How long the previous secret stays valid, in real time. Zero for a
                revoked pair.
            at: Now.
        """
        ...

    async def revoke_key_pair(self, merchant_id: UUID, *, at: datetime) -> KeyPair | None:
        """Revoke the pair and its previous secret; return None for no such merchant."""
        ...

    async def get(self, merchant_id: UUID) -> Merchant | None:
        """Return the merchant with that id."""
        ...

    async def destinations(self, merchant_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Endpoint]]:
        """Return merchant → endpoints, as they are stored now."""
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
        """Store the URL and the secret of the default endpoint; return the merchant.

        Args:
            merchant_id: The merchant.
            url: None sends no webhooks.
            secret: None keeps the current one.
            first_secret: For a merchant without a secret.
            at: When, in UTC.
        """
        ...

    async def set_scenario(self, merchant_id: UUID, scenario: str | None) -> None:
        """Store the default scenario of the merchant's payments."""
        ...

    async def set_origins(self, merchant_id: UUID, origins: Sequence[str], *, at: datetime) -> None:
        """Store the origins of pages that may frame the checkout of the merchant's orders."""
        ...

    async def origins(self, merchant_id: UUID) -> Sequence[str]:
        """Return the stored origins; empty if any page may frame the checkout."""
        ...

    async def origins_of_order(self, order_id: str) -> Sequence[str]:
        """Return the origins of the order's merchant; empty without such an order."""
        ...

    async def retire(self, merchant_id: UUID, *, mail_domain: str) -> bool:
        """Deactivate a merchant whose e-mail has that domain; return False without one."""
        ...

    async def seed(
        self, merchant: Merchant, *, secret_sha256: str, webhook_secret: NewSecret
    ) -> None:
        """Store the merchant; one with that id gets these credentials and keeps the rest."""
        ...

    async def active_tests(self) -> Sequence[str]:
        """Return API keys of the active merchants that production must refuse."""
        ...

    async def deactivate_tests(self) -> Sequence[str]:
        """Deactivate those merchants; return their API keys."""
        ...

    async def activate_test(self, merchant_id: UUID) -> None:
        """Activate a merchant, if it is a test merchant."""
        ...
