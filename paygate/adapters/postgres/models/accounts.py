"""Tables of users, sessions, API keys and the audit log."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.indexes import Index

from .base import APP, Row


def _of_merchant(related_name: str) -> Any:
    return fields.ForeignKeyField(f"{APP}.MerchantRow", related_name, on_delete=fields.RESTRICT)


class UserRow(Row):
    """A user who can log in. The e-mail address is in lower case."""

    id = fields.UUIDField(primary_key=True)
    merchant = _of_merchant("users")
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


class SessionRow(Row):
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


class LoginTriesRow(Row):
    """Login attempts for an account from an address; the id is a digest of both."""

    id = fields.CharField(max_length=64, primary_key=True)
    tries = fields.IntField()
    began_at = fields.DatetimeField()
    locked_until = fields.DatetimeField(null=True)

    class Meta:
        table = "login_tries"
        indexes = (("began_at",),)


class ApiKeyRow(Row):
    """An API key in addition to the merchant's own key pair."""

    id = fields.UUIDField(primary_key=True)
    merchant = _of_merchant("api_keys")
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


class AuditRow(Row):
    """An audit entry. A trigger refuses to change or delete a row."""

    id = fields.BigIntField(primary_key=True)
    merchant = _of_merchant("audit_log")
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
