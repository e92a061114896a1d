"""Those who have signed in, and those who try to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from ....core.accounts.model import Role, Session, User
from ....core.limits import (
    LAST_USE_EVERY,
    LOGIN_LOCKED_FOR,
    LOGIN_TRIES_MAX,
    LOGIN_TRIES_WITHIN,
    SESSION_IDLE_MAX,
    SESSION_LASTS,
)
from .. import mapping
from ..database import Executor
from ..statements import accounts as sql
from .merchants import PostgresMerchants


@dataclass(frozen=True, slots=True)
class PostgresSessions:
    """See ``SessionRepository``."""

    executor: Executor

    async def open(
        self, token_sha256: str, user: User, *, ip: str | None, at: datetime
    ) -> Session | None:
        """See ``SessionRepository.open``."""
        merchant = await PostgresMerchants(self.executor).get(user.merchant_id)
        is_right = await self.executor.fetchval(sql.LOGGED_IN, user.id, user.password_hash, at)
        if merchant is None or not merchant.is_active or not is_right:
            return None
        expires_at = await self.executor.fetchval(
            sql.OPEN_SESSION, token_sha256, user.id, at, SESSION_LASTS, ip
        )
        return Session(replace(user, last_login_at=at), merchant, expires_at)

    async def find(self, token_sha256: str) -> Session | None:
        """See ``SessionRepository.find``."""
        row = await self.executor.fetchrow(
            sql.FIND_SESSION, token_sha256, SESSION_IDLE_MAX, LAST_USE_EVERY
        )
        if row is None:
            return None
        merchant = mapping.merchant(row)
        user = User(
            id=mapping.uuid(row["user_id"]),
            merchant_id=merchant.id,
            email=row["user_email"],
            password_hash=row["password_hash"],
            role=Role(row["role"]),
            is_active=True,
            is_operator=row["is_operator"],
            created_at=row["user_created_at"],
            last_login_at=row["last_login_at"],
        )
        return Session(user, merchant, row["expires_at"], is_stale=row["is_stale"])

    async def touch(self, token_sha256: str) -> None:
        """See ``SessionRepository.touch``."""
        await self.executor.fetch(sql.TOUCH_SESSION, token_sha256, LAST_USE_EVERY)

    async def end(self, token_sha256: str) -> None:
        """See ``SessionRepository.end``."""
        await self.executor.fetch(sql.END_SESSION, token_sha256)

    async def end_all(self, user_id: UUID) -> None:
        """See ``SessionRepository.end_all``."""
        await self.executor.fetch(sql.END_SESSIONS, user_id)

    async def try_password(self, account_and_ip: str) -> bool:
        """See ``SessionRepository.try_password``."""
        is_allowed = await self.executor.fetchval(
            sql.TRY_PASSWORD,
            account_and_ip,
            LOGIN_TRIES_MAX,
            LOGIN_TRIES_WITHIN,
            LOGIN_LOCKED_FOR,
        )
        return bool(is_allowed)

    async def forgive(self, account_and_ip: str) -> None:
        """See ``SessionRepository.forgive``."""
        await self.executor.fetch(sql.FORGIVE, account_and_ip)

    async def purge(self, *, limit: int) -> int:
        """See ``SessionRepository.purge``."""
        sessions = await self.executor.fetch(sql.PURGE_SESSIONS, limit)
        tries = await self.executor.fetch(sql.PURGE_TRIES, limit, LOGIN_TRIES_WITHIN)
        return max(len(sessions), len(tries))
