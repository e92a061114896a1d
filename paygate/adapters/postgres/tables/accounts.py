"""Users, sessions, API keys and the audit log."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index

from ....core.accounts.model import Actor, ApiKey, AuditEntry, AuditFilter, Role, Session, User
from ....core.errors import EmailTakenError
from ....core.limits import (
    LAST_USE_EVERY,
    LOGIN_ATTEMPTS_MAX,
    LOGIN_ATTEMPTS_WINDOW,
    LOGIN_LOCKED_FOR,
    SESSION_IDLE_MAX,
    SESSION_LASTS,
)
from ....core.paging import AUDIT_LIST, Page, PageRequest
from ..database import Executor
from ..orm import APP, TableRow, restrict
from .merchants import PostgresMerchants, row_to_merchant
from .pages import read_page
from .rows import decoded, uuid
from .searches import search_audit


class UserRow(TableRow):
    """A user who can log in. The e-mail address is in lower case."""

    id = fields.UUIDField(primary_key=True)
    merchant = restrict("MerchantRow", "users")
    # Unique per merchant: a migration creates the index.
    email = fields.CharField(max_length=255)
    # Argon2id with its parameters; empty for a user without a password.
    password_hash = fields.CharField(max_length=255)
    role = fields.CharField(max_length=20)
    is_active = fields.BooleanField(default=True)
    is_operator = fields.BooleanField(default=False)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()
    last_login_at = fields.DatetimeField(null=True)

    class Meta:
        table = "users"
        indexes = (("merchant_id",),)


class SessionRow(TableRow):
    """A login session. Only the digest of the cookie's token is stored."""

    token_sha256 = fields.CharField(max_length=64, primary_key=True)
    user: Any = fields.ForeignKeyField(f"{APP}.UserRow", "sessions", on_delete=fields.CASCADE)
    created_at = fields.DatetimeField()
    # The database's time, which the test clock does not change.
    expires_at = fields.DatetimeField()
    last_seen_at = fields.DatetimeField()
    ip = fields.CharField(max_length=64, null=True)

    class Meta:
        table = "sessions"
        indexes = (("user_id",), ("expires_at",))


class LoginTriesRow(TableRow):
    """Login attempts for an account from an address; the id is a digest of both."""

    id = fields.CharField(max_length=64, primary_key=True)
    tries = fields.IntField()
    began_at = fields.DatetimeField()
    locked_until = fields.DatetimeField(null=True)

    class Meta:
        table = "login_tries"
        indexes = (("began_at",),)


class ApiKeyRow(TableRow):
    """An API key in addition to the merchant's own key pair."""

    id = fields.UUIDField(primary_key=True)
    merchant = restrict("MerchantRow", "api_keys")
    label = fields.CharField(max_length=100)
    key = fields.CharField(max_length=64, unique=True)
    secret_sha256 = fields.CharField(max_length=64)
    secret_last4 = fields.CharField(max_length=4)
    role = fields.CharField(max_length=20)
    created_at = fields.DatetimeField()
    last_used_at = fields.DatetimeField(null=True)
    revoked_at = fields.DatetimeField(null=True)
    # The database's time, which the test clock does not change.
    expires_at = fields.DatetimeField(null=True)
    # The user who created it, whose removal revokes it; null if the merchant's own key pair
    # created it. A migration creates the foreign key: Tortoise would name it created_by_id.
    created_by = fields.UUIDField(null=True)

    class Meta:
        table = "api_keys"
        indexes = (("merchant_id",), Index(fields=("created_by",), name="api_keys_created_by"))


class AuditRow(TableRow):
    """An audit entry. A trigger refuses to change or delete a row."""

    id = fields.BigIntField(primary_key=True)
    merchant = restrict("MerchantRow", "audit_log")
    at = fields.DatetimeField()
    actor_kind = fields.CharField(max_length=10)
    actor_id = fields.CharField(max_length=64)
    actor_label = fields.CharField(max_length=255)
    action = fields.CharField(max_length=64)
    subject = fields.CharField(max_length=255)
    ip = fields.CharField(max_length=64, null=True)
    detail = fields.JSONField[dict[str, Any]]()

    class Meta:
        table = "audit_log"
        indexes = (("merchant_id", "id"),)


ADD_USER = """
INSERT INTO users (id, merchant_id, email, password_hash, role, is_active, is_operator,
    created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
ON CONFLICT (email, merchant_id) DO NOTHING RETURNING 1
"""

# Several merchants may have a user with this address: the oldest active one logs in.
USER_BY_EMAIL = """
SELECT * FROM users WHERE email = $1 AND ($2::uuid IS NULL OR merchant_id = $2)
ORDER BY is_active DESC, created_at, id LIMIT 1
"""
LOCK_USER = "SELECT * FROM users WHERE id = $1 AND merchant_id = $2 FOR UPDATE"

# Always locked in the same order, so that there is no deadlock. A transaction that waited for
# the locks reads the current rows.
LOCK_OWNERS = """
SELECT id FROM users WHERE merchant_id = $1 AND role = 'owner' AND is_active
ORDER BY id FOR UPDATE
"""
UPDATE_USER = "UPDATE users SET role = $2, is_active = $3, updated_at = $4 WHERE id = $1"
STORE_HASH = """
UPDATE users SET password_hash = $2, updated_at = $4
WHERE id = $1 AND ($3::varchar IS NULL OR password_hash = $3) RETURNING 1
"""

# The update waits for a concurrent change of the password, and then matches no row.
LOGGED_IN = """
UPDATE users SET last_login_at = $3 WHERE id = $1 AND password_hash = $2 AND is_active
RETURNING 1
"""
OPEN_SESSION = """
INSERT INTO sessions (token_sha256, user_id, created_at, expires_at, last_seen_at, ip)
VALUES ($1, $2, $3, clock_timestamp() + $4::interval, clock_timestamp(), $5)
RETURNING expires_at
"""
FIND_SESSION = """
SELECT m.*, u.id AS user_id, u.email AS user_email, u.password_hash, u.role, u.is_operator,
    u.created_at AS user_created_at, u.last_login_at, s.expires_at,
    s.last_seen_at < clock_timestamp() - $3::interval AS is_stale
FROM sessions s JOIN users u ON u.id = s.user_id JOIN merchants m ON m.id = u.merchant_id
WHERE s.token_sha256 = $1 AND s.expires_at > clock_timestamp()
    AND s.last_seen_at > clock_timestamp() - $2::interval AND u.is_active AND m.is_active
"""
TOUCH_SESSION = """
UPDATE sessions SET last_seen_at = clock_timestamp()
WHERE token_sha256 = $1 AND last_seen_at < clock_timestamp() - $2::interval
"""
END_SESSION = "DELETE FROM sessions WHERE token_sha256 = $1"
END_SESSIONS = "DELETE FROM sessions WHERE user_id = $1"

# Counted before the password is checked, so that concurrent logins cannot exceed the limit.
# The count starts again when the lock or the counting period has ended.
TRY_PASSWORD = """
INSERT INTO login_tries AS t (id, tries, began_at) VALUES ($1, 1, clock_timestamp())
ON CONFLICT (id) DO UPDATE SET
    tries = CASE WHEN {is_over} THEN 1 ELSE t.tries + 1 END,
    began_at = CASE WHEN {is_over} THEN clock_timestamp() ELSE t.began_at END,
    locked_until = CASE
        WHEN {is_over} THEN NULL
        WHEN t.locked_until IS NULL AND t.tries + 1 >= $2 THEN clock_timestamp() + $4::interval
        ELSE t.locked_until
    END
RETURNING tries <= $2
""".format(is_over="coalesce(t.locked_until, t.began_at + $3::interval) < clock_timestamp()")
CLEAR_FAILURES = "DELETE FROM login_tries WHERE id = $1"
PURGE_SESSIONS = """
DELETE FROM sessions WHERE token_sha256 IN (
    SELECT token_sha256 FROM sessions WHERE expires_at < clock_timestamp()
    LIMIT $1 FOR UPDATE SKIP LOCKED
) RETURNING 1
"""
PURGE_TRIES = """
DELETE FROM login_tries WHERE id IN (
    SELECT id FROM login_tries
    WHERE began_at < clock_timestamp() - $2::interval
        AND coalesce(locked_until, began_at) < clock_timestamp()
    LIMIT $1 FOR UPDATE SKIP LOCKED
) RETURNING 1
"""
ADD_KEY = """
INSERT INTO api_keys (id, merchant_id, label, key, secret_sha256, secret_last4, role, created_at,
    created_by, expires_at)
SELECT $1::uuid, $2::uuid, $3::varchar, $4::varchar, $5::varchar, $6::varchar, $7::varchar,
    $8::timestamptz, $9::uuid, $10::timestamptz
WHERE coalesce($10::timestamptz > clock_timestamp(), true) RETURNING 1
"""
ONE_KEY = "SELECT * FROM api_keys WHERE id = $1 AND merchant_id = $2"
LOCK_KEY = """
SELECT 1 FROM api_keys WHERE id = $1 AND merchant_id = $2 FOR NO KEY UPDATE
"""
REVOKE_KEY = """
UPDATE api_keys SET revoked_at = coalesce(revoked_at, $3)
WHERE id = $1 AND merchant_id = $2 RETURNING *
"""
REVOKE_KEYS_OF_USER = """
UPDATE api_keys SET revoked_at = $3
WHERE created_by = $1 AND revoked_at IS NULL AND role <> ALL($2::varchar[]) RETURNING *
"""
TOUCH_KEY = """
UPDATE api_keys SET last_used_at = clock_timestamp()
WHERE id = $1 AND coalesce(last_used_at < clock_timestamp() - $2::interval, true)
"""
ADD_AUDIT = """
INSERT INTO audit_log (merchant_id, at, actor_kind, actor_id, actor_label, action, subject, ip,
    detail)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::text::jsonb)
"""


@dataclass(frozen=True, slots=True)
class PostgresUsers:
    """Implements ``UserRepository``."""

    executor: Executor

    async def add(self, user: User) -> None:
        if not await self._add(user):
            raise EmailTakenError

    async def seed(self, user: User) -> None:
        await self._add(user)

    async def _add(self, user: User) -> bool:
        return bool(
            await self.executor.fetchval(
                ADD_USER,
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
        row = await self.executor.fetchrow(USER_BY_EMAIL, email, merchant_id)
        return user_of(row) if row else None

    async def lock(self, user_id: UUID, *, merchant_id: UUID) -> User | None:
        row = await self.executor.fetchrow(LOCK_USER, user_id, merchant_id)
        return user_of(row) if row else None

    async def lock_owners(self, merchant_id: UUID) -> Sequence[UUID]:
        rows = await self.executor.fetch(LOCK_OWNERS, merchant_id)
        return [uuid(row["id"]) for row in rows]

    async def of_merchant(self, merchant_id: UUID) -> Sequence[User]:
        with self.executor.models() as db:
            query = UserRow.filter(merchant_id=merchant_id).using_db(db)
            rows = await query.order_by("created_at", "id").values()
        return [user_of(row) for row in rows]

    async def update(self, user_id: UUID, *, role: Role, is_active: bool, at: datetime) -> None:
        await self.executor.fetch(UPDATE_USER, user_id, role, is_active, at)

    async def set_password(
        self, user_id: UUID, password_hash: str, *, instead_of: str | None, at: datetime
    ) -> bool:
        done = await self.executor.fetchval(STORE_HASH, user_id, password_hash, instead_of, at)
        return bool(done)


@dataclass(frozen=True, slots=True)
class PostgresApiKeys:
    """Implements ``ApiKeyRepository``."""

    executor: Executor

    async def add(self, key: ApiKey, *, secret_sha256: str) -> bool:
        added = await self.executor.fetchval(
            ADD_KEY,
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
        row = await self.executor.fetchrow(ONE_KEY, key_id, merchant_id)
        return _key_of(row) if row else None

    async def lock(self, key_id: UUID, *, merchant_id: UUID) -> None:
        await self.executor.fetch(LOCK_KEY, key_id, merchant_id)

    async def of_merchant(self, merchant_id: UUID) -> Sequence[ApiKey]:
        with self.executor.models() as db:
            query = ApiKeyRow.filter(merchant_id=merchant_id).using_db(db)
            rows = await query.order_by("-created_at", "-id").values()
        return [_key_of(row) for row in rows]

    async def revoke(self, key_id: UUID, *, merchant_id: UUID, at: datetime) -> ApiKey | None:
        row = await self.executor.fetchrow(REVOKE_KEY, key_id, merchant_id, at)
        return _key_of(row) if row else None

    async def revoke_of_user(
        self, user_id: UUID, *, but: Collection[Role], at: datetime
    ) -> Sequence[ApiKey]:
        rows = await self.executor.fetch(REVOKE_KEYS_OF_USER, user_id, list(but), at)
        return [_key_of(row) for row in rows]

    async def touch(self, key_id: UUID) -> None:
        await self.executor.fetch(TOUCH_KEY, key_id, LAST_USE_EVERY)


def user_of(row: Mapping[str, Any]) -> User:
    """Convert a row of ``users``."""
    return User(
        id=uuid(row["id"]),
        merchant_id=uuid(row["merchant_id"]),
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
        id=uuid(row["id"]),
        merchant_id=uuid(row["merchant_id"]),
        label=row["label"],
        key=row["key"],
        secret_last4=row["secret_last4"],
        role=Role(row["role"]),
        created_at=row["created_at"],
        last_used_at=row["last_used_at"],
        revoked_at=row["revoked_at"],
        expires_at=row["expires_at"],
        created_by=None if row["created_by"] is None else uuid(row["created_by"]),
    )


@dataclass(frozen=True, slots=True)
class PostgresSessions:
    """Implements ``SessionRepository``."""

    executor: Executor

    async def open(
        self, token_sha256: str, user: User, *, ip: str | None, at: datetime
    ) -> Session | None:
        merchant = await PostgresMerchants(self.executor).get(user.merchant_id)
        is_right = await self.executor.fetchval(LOGGED_IN, user.id, user.password_hash, at)
        if merchant is None or not merchant.is_active or not is_right:
            return None
        expires_at = await self.executor.fetchval(
            OPEN_SESSION, token_sha256, user.id, at, SESSION_LASTS, ip
        )
        return Session(replace(user, last_login_at=at), merchant, expires_at)

    async def find(self, token_sha256: str) -> Session | None:
        row = await self.executor.fetchrow(
            FIND_SESSION, token_sha256, SESSION_IDLE_MAX, LAST_USE_EVERY
        )
        if row is None:
            return None
        merchant = row_to_merchant(row)
        user = User(
            id=uuid(row["user_id"]),
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
        await self.executor.fetch(TOUCH_SESSION, token_sha256, LAST_USE_EVERY)

    async def end(self, token_sha256: str) -> None:
        await self.executor.fetch(END_SESSION, token_sha256)

    async def end_all(self, user_id: UUID) -> None:
        await self.executor.fetch(END_SESSIONS, user_id)

    async def count_login_attempt(self, account_and_ip: str) -> bool:
        is_allowed = await self.executor.fetchval(
            TRY_PASSWORD,
            account_and_ip,
            LOGIN_ATTEMPTS_MAX,
            LOGIN_ATTEMPTS_WINDOW,
            LOGIN_LOCKED_FOR,
        )
        return bool(is_allowed)

    async def clear_failures(self, account_and_ip: str) -> None:
        await self.executor.fetch(CLEAR_FAILURES, account_and_ip)

    async def purge(self, *, limit: int) -> int:
        sessions = await self.executor.fetch(PURGE_SESSIONS, limit)
        tries = await self.executor.fetch(PURGE_TRIES, limit, LOGIN_ATTEMPTS_WINDOW)
        return max(len(sessions), len(tries))


@dataclass(frozen=True, slots=True)
class PostgresAudit:
    """Implements ``AuditRepository``."""

    executor: Executor

    async def add(self, entry: AuditEntry) -> None:
        await self.executor.fetch(
            ADD_AUDIT,
            entry.merchant_id,
            entry.at,
            entry.actor.kind,
            entry.actor.id,
            entry.actor.label,
            entry.action,
            entry.subject,
            entry.ip,
            json.dumps(dict(entry.detail)),
        )

    async def page(
        self, merchant_id: UUID, page: PageRequest, wanted: AuditFilter
    ) -> Page[AuditEntry]:
        conditions = search_audit(merchant_id, wanted)
        return await read_page(AuditRow, conditions, _entry_of, self.executor, page, of=AUDIT_LIST)


def _entry_of(row: Mapping[str, Any]) -> AuditEntry:
    return AuditEntry(
        merchant_id=uuid(row["merchant_id"]),
        at=row["at"],
        actor=Actor(row["actor_kind"], row["actor_id"], row["actor_label"]),
        action=row["action"],
        subject=row["subject"],
        ip=row["ip"],
        detail=decoded(row["detail"]),
        id=row["id"],
    )
