"""Users and keys."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from ....core.accounts.model import ApiKey, Role, User
from ....core.errors import EmailTakenError
from ....core.limits import LAST_USE_EVERY
from .. import mapping
from ..database import Executor
from ..models.accounts import ApiKeyRow, UserRow
from ..statements import accounts as sql


@dataclass(frozen=True, slots=True)
class PostgresUsers:
    """See ``UserRepository``."""

    executor: Executor

    async def add(self, user: User) -> None:
        """See ``UserRepository.add``."""
        if not await self._add(user):
            raise EmailTakenError

    async def seed(self, user: User) -> None:
        """See ``UserRepository.seed``."""
        await self._add(user)

    async def _add(self, user: User) -> bool:
        return bool(
            await self.executor.fetchval(
                sql.ADD_USER,
                user.id,
                user.merchant_id,
                user.email,
                user.password_hash,
                user.role,
                user.is_active,
                user.is_operator,
                user.created_at,
            )
        )

    async def by_email(self, email: str, *, merchant_id: UUID | None) -> User | None:
        """See ``UserRepository.by_email``."""
        row = await self.executor.fetchrow(sql.USER_BY_EMAIL, email, merchant_id)
        return user_of(row) if row else None

    async def lock(self, user_id: UUID, *, merchant_id: UUID) -> User | None:
        """See ``UserRepository.lock``."""
        row = await self.executor.fetchrow(sql.LOCK_USER, user_id, merchant_id)
        return user_of(row) if row else None

    async def lock_owners(self, merchant_id: UUID) -> Sequence[UUID]:
        """See ``UserRepository.lock_owners``."""
        rows = await self.executor.fetch(sql.LOCK_OWNERS, merchant_id)
        return [mapping.uuid(row["id"]) for row in rows]

    async def of_merchant(self, merchant_id: UUID) -> Sequence[User]:
        """See ``UserRepository.of_merchant``."""
        with self.executor.models() as db:
            query = UserRow.filter(merchant_id=merchant_id).using_db(db)
            rows = await query.order_by("created_at", "id").values()
        return [user_of(row) for row in rows]

    async def update(self, user_id: UUID, *, role: Role, is_active: bool, at: datetime) -> None:
        """See ``UserRepository.update``."""
        await self.executor.fetch(sql.UPDATE_USER, user_id, role, is_active, at)

    async def set_password(
        self, user_id: UUID, password_hash: str, *, instead_of: str | None, at: datetime
    ) -> bool:
        """See ``UserRepository.set_password``."""
        done = await self.executor.fetchval(sql.STORE_HASH, user_id, password_hash, instead_of, at)
        return bool(done)


@dataclass(frozen=True, slots=True)
class PostgresApiKeys:
    """See ``ApiKeyRepository``."""

    executor: Executor

    async def add(self, key: ApiKey, *, secret_sha256: str) -> bool:
        """See ``ApiKeyRepository.add``."""
        added = await self.executor.fetchval(
            sql.ADD_KEY,
            key.id,
            key.merchant_id,
            key.label,
            key.key,
            secret_sha256,
            key.secret_last4,
            key.role,
            key.created_at,
            key.created_by,
            key.expires_at,
        )
        return added is not None

    async def get(self, key_id: UUID, *, merchant_id: UUID) -> ApiKey | None:
        """See ``ApiKeyRepository.get``."""
        row = await self.executor.fetchrow(sql.ONE_KEY, key_id, merchant_id)
        return _key_of(row) if row else None

    async def lock(self, key_id: UUID, *, merchant_id: UUID) -> None:
        """See ``ApiKeyRepository.lock``."""
        await self.executor.fetch(sql.LOCK_KEY, key_id, merchant_id)

    async def of_merchant(self, merchant_id: UUID) -> Sequence[ApiKey]:
        """See ``ApiKeyRepository.of_merchant``."""
        with self.executor.models() as db:
            query = ApiKeyRow.filter(merchant_id=merchant_id).using_db(db)
            rows = await query.order_by("-created_at", "-id").values()
        return [_key_of(row) for row in rows]

    async def revoke(self, key_id: UUID, *, merchant_id: UUID, at: datetime) -> ApiKey | None:
        """See ``ApiKeyRepository.revoke``."""
        row = await self.executor.fetchrow(sql.REVOKE_KEY, key_id, merchant_id, at)
        return _key_of(row) if row else None

    async def revoke_of_user(
        self, user_id: UUID, *, but: Collection[Role], at: datetime
    ) -> Sequence[ApiKey]:
        """See ``ApiKeyRepository.revoke_of_user``."""
        rows = await self.executor.fetch(sql.REVOKE_KEYS_OF_USER, user_id, list(but), at)
        return [_key_of(row) for row in rows]

    async def touch(self, key_id: UUID) -> None:
        """See ``ApiKeyRepository.touch``."""
        await self.executor.fetch(sql.TOUCH_KEY, key_id, LAST_USE_EVERY)


def user_of(row: Mapping[str, Any]) -> User:
    """A row of ``users``."""
    return User(
        id=mapping.uuid(row["id"]),
        merchant_id=mapping.uuid(row["merchant_id"]),
        email=row["email"],
        password_hash=row["password_hash"],
        role=Role(row["role"]),
        is_active=row["is_active"],
        is_operator=row["is_operator"],
        created_at=row["created_at"],
        last_login_at=row["last_login_at"],
    )


def _key_of(row: Mapping[str, Any]) -> ApiKey:
    return ApiKey(
        id=mapping.uuid(row["id"]),
        merchant_id=mapping.uuid(row["merchant_id"]),
        label=row["label"],
        key=row["key"],
        secret_last4=row["secret_last4"],
        role=Role(row["role"]),
        created_at=row["created_at"],
        last_used_at=row["last_used_at"],
        revoked_at=row["revoked_at"],
        expires_at=row["expires_at"],
        created_by=None if row["created_by"] is None else mapping.uuid(row["created_by"]),
    )
