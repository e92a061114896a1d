"""Webhook endpoints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise import fields

from ....core.limits import ENDPOINTS_MAX
from ....core.records import Unchanged
from ....core.webhooks.model import EndpointSettings
from ....core.webhooks.store import EndpointChange, NewEndpoint, NewSecret
from ..database import Executor
from ..orm import APP, TableRow
from .rows import Row, decoded, encoded, uuid


class EndpointRow(TableRow):
    """A webhook endpoint in addition to ``merchants.webhook_url``."""

    id = fields.UUIDField(primary_key=True)
    merchant: Any = fields.ForeignKeyField(
        f"{APP}.MerchantRow", "endpoints", on_delete=fields.RESTRICT
    )
    url = fields.TextField()
    description = fields.TextField(null=True)
    events = fields.JSONField[list[str]]()
    # Encrypted together with the row's id: in another row it cannot be decrypted.
    sealed = fields.TextField()
    secret_hint = fields.CharField(max_length=16)
    previous_sealed = fields.TextField(null=True)
    previous_until = fields.DatetimeField(null=True)
    disabled_at = fields.DatetimeField(null=True)
    disabled_reason = fields.CharField(max_length=20, null=True)
    consecutive_failures = fields.IntField(default=0)
    first_failure_at = fields.DatetimeField(null=True)
    # Attempts in a row without an answer, and since when the breaker is open.
    unanswered = fields.IntField(default=0)
    breaker_open_since = fields.DatetimeField(null=True)
    # The only sink that delivers to it; NULL for those that deliver to any endpoint.
    sink = fields.TextField(null=True)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "webhook_endpoints"
        indexes = (("merchant_id",),)


def row_to_endpoint(row: Row) -> EndpointSettings:
    """Convert a row of the ``endpoints`` subquery."""
    return EndpointSettings(
        id=uuid(row["id"]),
        merchant_id=uuid(row["merchant_id"]),
        url=(row["url"] or "").strip() or None,
        description=row["description"],
        events=tuple(decoded(row["events"])),
        sink=row["sink"],
        is_default=row["is_default"],
        secret=row["secret"] or None,
        secret_hint=row["secret_hint"],
        is_sealed=row["is_sealed"],
        previous_secret=row["previous_secret"] or None,
        is_previous_sealed=row["is_previous_sealed"],
        previous_until=row["previous_until"],
        disabled_at=row["disabled_at"],
        disabled_reason=row["disabled_reason"],
        consecutive_failures=row["consecutive_failures"],
        first_failure_at=row["first_failure_at"],
        unanswered=row["unanswered"],
        breaker_open_since=row["breaker_open_since"],
        is_probed=row.get("is_probed", False),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


# A secret that SQL wrote is stored in clear and is the one in use.
_BY_SQL = "nullif(m.webhook_secret, '')"
_HINT = "'…' || right(m.webhook_secret, 4)"

# PostgreSQL applies conditions on its columns to both parts of the union.
BOTH = f"""(
    SELECT m.id, m.id AS merchant_id, m.webhook_url AS url, NULL::text AS description,
        '["*"]'::jsonb AS events, NULL::text AS sink, true AS is_default,
        coalesce({_BY_SQL}, m.webhook_sealed) AS secret, {_BY_SQL} IS NULL AS is_sealed,
        CASE WHEN {_BY_SQL} IS NULL THEN m.webhook_secret_hint
            WHEN length(m.webhook_secret) > 8 THEN {_HINT} END AS secret_hint,
        coalesce(m.webhook_previous_secret, m.webhook_previous_sealed) AS previous_secret,
        m.webhook_previous_secret IS NULL AS is_previous_sealed,
        m.webhook_previous_until AS previous_until,
        m.webhook_disabled_at AS disabled_at, m.webhook_disabled_reason AS disabled_reason,
        m.webhook_failures AS consecutive_failures, m.webhook_first_failure_at AS first_failure_at,
        m.webhook_unanswered AS unanswered, m.webhook_breaker_open_since AS breaker_open_since,
        m.created_at, m.updated_at
    FROM merchants m
    UNION ALL
    SELECT e.id, e.merchant_id, e.url, e.description, e.events, e.sink, false, e.sealed, true,
        e.secret_hint, e.previous_sealed, true, e.previous_until, e.disabled_at, e.disabled_reason,
        e.consecutive_failures, e.first_failure_at, e.unanswered, e.breaker_open_since,
        e.created_at, e.updated_at
    FROM webhook_endpoints e
) AS endpoints"""
BY_IDS = f"SELECT * FROM {BOTH} WHERE id = ANY($1::uuid[])"
# Only a reader wants to know whether an attempt is in progress.
_PROBED = """breaker_open_since IS NOT NULL AND EXISTS (
    SELECT FROM webhook_logs w WHERE w.endpoint_id = endpoints.id
        AND w.lease_token IS NOT NULL AND w.lease_until > clock_timestamp()) AS is_probed"""
OF_MERCHANT = f"""
SELECT *, {_PROBED} FROM {BOTH} WHERE merchant_id = $1 ORDER BY is_default DESC, created_at, id
"""
ONE = f"SELECT *, {_PROBED} FROM {BOTH} WHERE id = $1 AND merchant_id = $2"
LOCK_MERCHANT = "SELECT id FROM merchants WHERE id = $1 FOR NO KEY UPDATE"

# Run while the merchant is locked, so that no other endpoint is added meanwhile.
ADD = f"""
INSERT INTO webhook_endpoints (id, merchant_id, url, description, events, sealed, secret_hint,
    sink, consecutive_failures, created_at, updated_at)
SELECT $1::uuid, $2::uuid, $3::text, $4::text, $5::jsonb, $6::text, $7::varchar, $9::text, 0,
    $8::timestamptz, $8::timestamptz
WHERE (SELECT count(*) FROM webhook_endpoints WHERE merchant_id = $2::uuid) < {ENDPOINTS_MAX - 1}
RETURNING id
"""
CHANGE = """
UPDATE webhook_endpoints SET
    url = CASE WHEN $3 THEN $4 ELSE url END,
    description = CASE WHEN $5 THEN $6 ELSE description END,
    events = CASE WHEN $7 THEN $8::jsonb ELSE events END,
    unanswered = CASE WHEN $3 THEN 0 ELSE unanswered END,
    breaker_open_since = CASE WHEN $3 THEN NULL ELSE breaker_open_since END,
    updated_at = $9
WHERE id = $1 AND merchant_id = $2
"""
REMOVE = "DELETE FROM webhook_endpoints WHERE id = $1 AND merchant_id = $2 RETURNING id"
ROTATE = """
UPDATE webhook_endpoints SET previous_sealed = sealed, previous_until = $5, sealed = $3,
    secret_hint = $4, updated_at = $6
WHERE id = $1 AND merchant_id = $2
"""
ROTATE_DEFAULT = """
UPDATE merchants SET webhook_previous_secret = nullif(webhook_secret, ''),
    webhook_previous_sealed = CASE WHEN nullif(webhook_secret, '') IS NULL THEN webhook_sealed END,
    webhook_previous_until = $4, webhook_secret = NULL, webhook_sealed = $2,
    webhook_secret_hint = $3, updated_at = $5
WHERE id = $1
"""
ENABLE = """
UPDATE webhook_endpoints SET disabled_at = NULL, disabled_reason = NULL,
    consecutive_failures = 0, first_failure_at = NULL, unanswered = 0,
    breaker_open_since = NULL, updated_at = $3
WHERE id = $1 AND merchant_id = $2
"""

# A trigger resets the rest.
ENABLE_DEFAULT = "UPDATE merchants SET webhook_disabled_at = NULL, updated_at = $2 WHERE id = $1"
DISABLE = """
UPDATE webhook_endpoints SET disabled_at = $3, disabled_reason = 'manual', updated_at = $3
WHERE id = $1 AND merchant_id = $2 AND disabled_at IS NULL
"""
DISABLE_DEFAULT = """
UPDATE merchants SET webhook_disabled_at = $2, webhook_disabled_reason = 'manual', updated_at = $2
WHERE id = $1 AND webhook_disabled_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class PostgresEndpoints:
    """Implements ``EndpointRepository``."""

    executor: Executor

    async def by_ids(self, ids: Sequence[UUID]) -> Mapping[UUID, EndpointSettings]:
        rows = await self.executor.fetch(BY_IDS, list(set(ids)))
        return {found.id: found for found in map(row_to_endpoint, rows)}

    async def of_merchant(self, merchant_id: UUID) -> Sequence[EndpointSettings]:
        rows = await self.executor.fetch(OF_MERCHANT, merchant_id)
        return [row_to_endpoint(row) for row in rows]

    async def get(self, endpoint_id: UUID, *, merchant_id: UUID) -> EndpointSettings | None:
        row = await self.executor.fetchrow(ONE, endpoint_id, merchant_id)
        return row_to_endpoint(row) if row else None

    async def add(self, new: NewEndpoint) -> bool:
        async with self.executor.transaction() as executor:
            await executor.fetchval(LOCK_MERCHANT, new.merchant_id)
            added = await executor.fetchval(
                ADD,
                new.id,
                new.merchant_id,
                new.url,
                new.description,
                encoded(list(new.events)),
                new.secret.sealed,
                new.secret.hint,
                new.created_at,
                new.sink,
            )
        return added is not None

    async def change(self, change: EndpointChange, *, at: datetime) -> None:
        values: list[object] = []
        for value in (change.url, change.description):
            values += [False, None] if isinstance(value, Unchanged) else [True, value]
        if isinstance(change.events, Unchanged):
            values += [False, None]
        else:
            values += [True, encoded(list(change.events))]
        await self._locked(change.id, change.merchant_id, CHANGE, *values, at)

    async def remove(self, endpoint_id: UUID, *, merchant_id: UUID) -> bool:
        return bool(await self._locked(endpoint_id, merchant_id, REMOVE))

    async def rotate(
        self, endpoint_id: UUID, secret: NewSecret, *, merchant_id: UUID, at: datetime
    ) -> None:
        until = secret.previous_until
        if endpoint_id == merchant_id:
            new = (secret.sealed, secret.hint)
            await self.executor.fetch(ROTATE_DEFAULT, merchant_id, *new, until, at)
            return
        await self._locked(endpoint_id, merchant_id, ROTATE, secret.sealed, secret.hint, until, at)

    async def enable(self, endpoint_id: UUID, *, merchant_id: UUID, at: datetime) -> None:
        if endpoint_id == merchant_id:
            await self.executor.fetch(ENABLE_DEFAULT, merchant_id, at)
            return
        await self._locked(endpoint_id, merchant_id, ENABLE, at)

    async def disable(self, endpoint_id: UUID, *, merchant_id: UUID, at: datetime) -> None:
        if endpoint_id == merchant_id:
            await self.executor.fetch(DISABLE_DEFAULT, merchant_id, at)
            return
        await self._locked(endpoint_id, merchant_id, DISABLE, at)

    async def _locked(
        self, endpoint_id: UUID, merchant_id: UUID, statement: str, *args: object
    ) -> Sequence[object]:
        async with self.executor.transaction() as executor:
            await executor.fetchval(LOCK_MERCHANT, merchant_id)
            return await executor.fetch(statement, endpoint_id, merchant_id, *args)
