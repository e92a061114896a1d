"""Merchants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField

from ....core.accounts.model import (
    NAMESPACE_MAIL_DOMAIN,
    PUBLISHED_KEY,
    Credentials,
    KeyPair,
    Merchant,
    Role,
    Subscription,
)
from ....core.batching import Batcher
from ....core.ids import is_order_name
from ....core.limits import LAST_USE_EVERY
from ....core.records import Unchanged
from ....core.webhooks.model import Endpoint
from ....core.webhooks.store import NewSecret
from ..database import Executor
from ..orm import TableRow
from .endpoints import LOCK_MERCHANT
from .rows import Row, decoded, uuid


class MerchantRow(TableRow):
    """A merchant. SQL may set ``webhook_url``, ``webhook_secret`` and ``allowed_origins``."""

    id = fields.UUIDField(primary_key=True)
    name = fields.CharField(max_length=255)
    email = fields.CharField(max_length=255, unique=True)
    api_key = fields.CharField(max_length=64, unique=True)
    # The SHA-256 digest of the secret in hex.
    api_secret = fields.CharField(max_length=64)
    webhook_url = fields.TextField(null=True)
    webhook_secret = fields.CharField(max_length=64, null=True)
    is_active = fields.BooleanField(default=True)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()
    # The columns above are promised to merchants who use SQL; the ones below are not.
    default_scenario = fields.CharField(max_length=64, null=True)
    # The encrypted secret, and its last characters to show. A secret that SQL wrote is in
    # webhook_secret in clear.
    webhook_sealed = fields.TextField(null=True)
    webhook_secret_hint = fields.CharField(max_length=16, null=True)
    # The previous secret, and until when it also signs.
    webhook_previous_secret = fields.CharField(max_length=64, null=True)
    webhook_previous_sealed = fields.TextField(null=True)
    webhook_previous_until = fields.DatetimeField(null=True)
    # Since when webhook_url is disabled; null while it is enabled. A write of webhook_url or
    # webhook_secret enables it again.
    webhook_disabled_at = fields.DatetimeField(null=True)
    webhook_disabled_reason = fields.CharField(max_length=20, null=True)
    webhook_failures = fields.IntField(default=0)
    webhook_first_failure_at = fields.DatetimeField(null=True)
    # Attempts in a row without an answer, and since when the breaker is open.
    webhook_unanswered = fields.IntField(default=0)
    webhook_breaker_open_since = fields.DatetimeField(null=True)
    # The enabled rows of webhook_endpoints, copied by a trigger.
    webhook_endpoints = fields.JSONField[list[dict[str, Any]]](default=[])
    allowed_origins = ArrayField("text", null=True)
    # The digest of the previous secret, and until when it also authenticates.
    api_previous_secret = fields.CharField(max_length=64, null=True)
    api_previous_until = fields.DatetimeField(null=True)
    # Since when the key pair is revoked.
    api_revoked_at = fields.DatetimeField(null=True)
    # Created for development or by a test: production does not accept its credentials.
    is_test = fields.BooleanField(default=False)

    class Meta:
        table = "merchants"


def row_to_merchant(row: Row) -> Merchant:
    """Convert a row of ``merchants``."""
    return Merchant(
        id=uuid(row["id"]),
        name=row["name"],
        email=row["email"],
        api_key=row["api_key"],
        is_active=row["is_active"],
        webhook_url=(row["webhook_url"] or "").strip() or None,
        webhook_secret=row["webhook_secret"] or None,
        webhook_sealed=row["webhook_sealed"],
        created_at=row["created_at"],
        default_scenario=row["default_scenario"],
        webhook_disabled_at=row["webhook_disabled_at"],
        subscriptions=tuple(
            Subscription(UUID(each["id"]), each["url"], tuple(each["events"]), each["sink"])
            for each in decoded(row["webhook_endpoints"])
        ),
        is_test=row["is_test"],
    )


BY_IDS = "SELECT * FROM merchants WHERE id = ANY($1::uuid[])"

# The merchants' key pairs and the additional API keys in one statement, each by an index.
BY_KEYS = """
SELECT m.*, m.api_key AS used_key, m.api_secret AS secret_sha256, 'owner' AS key_role,
    NULL::uuid AS key_id,
    false AS is_stale, CASE WHEN m.api_revoked_at IS NOT NULL THEN 'revoked' END AS ended,
    CASE WHEN m.api_previous_until > clock_timestamp() THEN m.api_previous_secret END AS previous
FROM merchants m WHERE m.api_key = ANY($1::text[])
UNION ALL
SELECT m.*, k.key, k.secret_sha256, k.role, k.id,
    coalesce(k.last_used_at < clock_timestamp() - $2::interval, true),
    CASE WHEN k.revoked_at IS NOT NULL THEN 'revoked'
        WHEN k.expires_at <= clock_timestamp() THEN 'expired' END,
    NULL
FROM api_keys k JOIN merchants m ON m.id = k.merchant_id
WHERE k.key = ANY($1::text[])
"""

# A secret that SQL wrote is stored in clear: only its digest stays, as the previous secret.
ROTATE_PAIR = """
UPDATE merchants SET
    api_previous_secret = CASE
        WHEN api_revoked_at IS NOT NULL OR $3::interval <= interval '0' THEN NULL
        WHEN api_secret ~ '^[0-9a-f]{64}$' THEN api_secret
        ELSE encode(sha256(convert_to(api_secret, 'UTF8')), 'hex')
    END,
    api_previous_until = CASE
        WHEN api_revoked_at IS NULL AND $3::interval > interval '0'
        THEN clock_timestamp() + $3::interval
    END,
    api_secret = $2, api_revoked_at = NULL, updated_at = $4
WHERE id = $1 RETURNING api_key, api_previous_until, api_revoked_at
"""
REVOKE_PAIR = """
UPDATE merchants SET api_revoked_at = coalesce(api_revoked_at, $2), api_previous_secret = NULL,
    api_previous_until = NULL, updated_at = $2
WHERE id = $1 RETURNING api_key, api_previous_until, api_revoked_at
"""
PAIR = """
SELECT api_key, api_revoked_at,
    CASE WHEN api_previous_until > clock_timestamp() THEN api_previous_until END
        AS api_previous_until
FROM merchants WHERE id = $1
"""
CONFIGURE = """
UPDATE merchants SET
    webhook_url = CASE WHEN $2 THEN $3 ELSE webhook_url END,
    webhook_secret = CASE WHEN $4::text IS NULL THEN webhook_secret END,
    webhook_sealed = coalesce($4::text, CASE
        WHEN coalesce(nullif(webhook_secret, ''), webhook_sealed) IS NULL THEN $6
        ELSE webhook_sealed
    END),
    webhook_secret_hint = coalesce($5::varchar, CASE
        WHEN coalesce(nullif(webhook_secret, ''), webhook_sealed) IS NULL THEN $7
        ELSE webhook_secret_hint
    END),
    updated_at = $8
WHERE id = $1 RETURNING *
"""
ORIGINS_OF_ORDER = """
SELECT m.allowed_origins FROM orders o JOIN merchants m ON m.id = o.merchant_id WHERE o.id = $1
"""

# The app may be started with other credentials; settings of the merchant are not changed.
SEED = """
INSERT INTO merchants (id, name, email, api_key, api_secret, webhook_sealed,
    webhook_secret_hint, created_at, updated_at, is_test)
SELECT $1::uuid, $2::varchar, $3::varchar, $4::varchar, $5::varchar, $6::text, $7::varchar,
    $8::timestamptz, $8::timestamptz, $9::boolean
WHERE NOT EXISTS (SELECT 1 FROM merchants WHERE id <> $1 AND (email = $3 OR api_key = $4))
ON CONFLICT (id) DO UPDATE
SET email = EXCLUDED.email, api_key = EXCLUDED.api_key, api_secret = EXCLUDED.api_secret,
    is_test = EXCLUDED.is_test, api_revoked_at = NULL
"""
IS_FOR_TESTS = f"""
(is_test OR api_key = '{PUBLISHED_KEY}' OR split_part(email, '@', 2) = '{NAMESPACE_MAIL_DOMAIN}')
"""
ACTIVE_TESTS = f"SELECT api_key FROM merchants WHERE is_active AND {IS_FOR_TESTS} ORDER BY api_key"
DEACTIVATE_TESTS = f"""
UPDATE merchants SET is_active = false WHERE is_active AND {IS_FOR_TESTS} RETURNING api_key
"""
ACTIVATE_TEST = "UPDATE merchants SET is_active = true WHERE id = $1 AND is_test"
RETIRE = """
UPDATE merchants SET is_active = false, webhook_url = NULL
WHERE id = $1 AND split_part(email, '@', 2) = $2 RETURNING id
"""


async def find_credentials(
    api_keys: Sequence[str], executor: Executor
) -> Sequence[Credentials | None]:
    """Return the credentials of each key; None for an unknown one."""
    found: dict[str, Credentials] = {}
    for row in await executor.fetch(BY_KEYS, list(set(api_keys)), LAST_USE_EVERY):
        found.setdefault(row["used_key"], _row_to_credentials(row))
    return [found.get(api_key) for api_key in api_keys]


@dataclass(frozen=True, slots=True)
class PostgresMerchants:
    """Implements ``MerchantRepository``.

    Args:
        executor: Runs the statements.
        by_key: Reads credentials for concurrent requests together; None in a transaction.
    """

    executor: Executor
    by_key: Batcher[str, Credentials | None] | None = None

    async def credentials(self, api_key: str) -> Credentials | None:
        if self.by_key is not None:
            return await self.by_key.submit(api_key)
        return (await find_credentials([api_key], self.executor))[0]

    async def key_pair(self, merchant_id: UUID) -> KeyPair | None:
        return _pair_of(await self.executor.fetchrow(PAIR, merchant_id))

    async def lock(self, merchant_id: UUID) -> None:
        await self.executor.fetch(LOCK_MERCHANT, merchant_id)

    async def rotate_key_pair(
        self, merchant_id: UUID, *, secret_sha256: str, grace: timedelta, at: datetime
    ) -> KeyPair | None:
        row = await self.executor.fetchrow(ROTATE_PAIR, merchant_id, secret_sha256, grace, at)
        return _pair_of(row)

    async def revoke_key_pair(self, merchant_id: UUID, *, at: datetime) -> KeyPair | None:
        return _pair_of(await self.executor.fetchrow(REVOKE_PAIR, merchant_id, at))

    async def get(self, merchant_id: UUID) -> Merchant | None:
        with self.executor.models() as db:
            rows = await MerchantRow.filter(id=merchant_id).using_db(db).values()
        return row_to_merchant(rows[0]) if rows else None

    async def destinations(self, merchant_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Endpoint]]:
        rows = await self.executor.fetch(BY_IDS, list(set(merchant_ids)))
        found = {row["id"]: Endpoint.all_of(row_to_merchant(row)) for row in rows}
        return {id: found.get(id, ()) for id in merchant_ids}

    async def configure_webhook(
        self,
        merchant_id: UUID,
        *,
        url: str | Unchanged | None,
        secret: NewSecret | None,
        first_secret: NewSecret,
        at: datetime,
    ) -> Merchant:
        chosen = (None, None) if secret is None else (secret.sealed, secret.hint)
        first = (first_secret.sealed, first_secret.hint)
        named, given = (False, None) if isinstance(url, Unchanged) else (True, url)
        row = await self.executor.fetchrow(
            CONFIGURE, merchant_id, named, given, *chosen, *first, at
        )
        assert row is not None, "an authenticated merchant exists"
        return row_to_merchant(row)

    async def set_scenario(self, merchant_id: UUID, scenario: str | None) -> None:
        with self.executor.models() as db:
            await MerchantRow.filter(id=merchant_id).using_db(db).update(default_scenario=scenario)

    async def set_origins(self, merchant_id: UUID, origins: Sequence[str], *, at: datetime) -> None:
        stored = list(origins) or None
        with self.executor.models() as db:
            rows = MerchantRow.filter(id=merchant_id).using_db(db)
            await rows.update(allowed_origins=stored, updated_at=at)

    async def origins(self, merchant_id: UUID) -> Sequence[str]:
        with self.executor.models() as db:
            rows = await MerchantRow.filter(id=merchant_id).using_db(db).values("allowed_origins")
        return (rows[0]["allowed_origins"] or []) if rows else []

    async def origins_of_order(self, order_id: str) -> Sequence[str]:
        if not is_order_name(order_id):
            return []
        row = await self.executor.fetchrow(ORIGINS_OF_ORDER, order_id)
        return (row["allowed_origins"] or []) if row else []

    async def retire(self, merchant_id: UUID, *, mail_domain: str) -> bool:
        return bool(await self.executor.fetch(RETIRE, merchant_id, mail_domain))

    async def seed(
        self, merchant: Merchant, *, secret_sha256: str, webhook_secret: NewSecret
    ) -> None:
        await self.executor.fetch(
            SEED,
            merchant.id,
            merchant.name,
            merchant.email,
            merchant.api_key,
            secret_sha256,
            webhook_secret.sealed,
            webhook_secret.hint,
            merchant.created_at,
            merchant.is_test,
        )

    async def active_tests(self) -> Sequence[str]:
        return [row["api_key"] for row in await self.executor.fetch(ACTIVE_TESTS)]

    async def deactivate_tests(self) -> Sequence[str]:
        return [row["api_key"] for row in await self.executor.fetch(DEACTIVATE_TESTS)]

    async def activate_test(self, merchant_id: UUID) -> None:
        await self.executor.fetch(ACTIVATE_TEST, merchant_id)


def _pair_of(row: Mapping[str, Any] | None) -> KeyPair | None:
    if row is None:
        return None
    return KeyPair(row["api_key"], row["api_previous_until"], row["api_revoked_at"])


def _row_to_credentials(row: Row) -> Credentials:
    return Credentials(
        row_to_merchant(row),
        row["secret_sha256"],
        role=Role(row["key_role"]),
        key_id=None if row["key_id"] is None else uuid(row["key_id"]),
        is_stale=row["is_stale"],
        ended=row["ended"],
        previous_sha256=row["previous"],
    )
