"""Responses stored by idempotency key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tortoise import fields

from ....core.idempotency import Answer, StoredAnswer
from ..database import Executor
from ..orm import ExactJsonField, TableRow, unchecked


class IdempotencyKeyRow(TableRow):
    """The stored response of a request. The primary key is (key, merchant_id)."""

    # Tortoise has no composite keys; a migration creates the real one.
    key = fields.CharField(max_length=255, primary_key=True)
    merchant = unchecked("MerchantRow", "idempotency_keys")
    response = ExactJsonField()
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    # Keyed digests of the request, separated by spaces: one for each key of the vault.
    fingerprint = fields.TextField()
    response_code = fields.IntField()

    class Meta:
        table = "idempotency_keys"
        indexes = (("expires_at",),)


# The hashes of the merchant and of the key. Requests whose hashes are equal by chance only
# wait for each other.
LOCK = "SELECT pg_try_advisory_xact_lock(hashtext($1), hashtext($2))"
LOCK_ALL = """
SELECT pg_try_advisory_xact_lock(hashtext(merchant_id), hashtext(key)) AS is_locked
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS k(merchant_id, key, place) ORDER BY place
"""
FIND = """
SELECT fingerprint, response_code, response::text AS response, expires_at
FROM idempotency_keys WHERE merchant_id = $1 AND key = $2
"""
REMEMBER = """
INSERT INTO idempotency_keys
    (key, merchant_id, fingerprint, response_code, response, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5::text::json, $6, $7)
ON CONFLICT (key, merchant_id) DO UPDATE SET fingerprint = excluded.fingerprint,
    response_code = excluded.response_code, response = excluded.response,
    created_at = excluded.created_at, expires_at = excluded.expires_at
WHERE idempotency_keys.expires_at <= $6
RETURNING 1
"""
PURGE = """
DELETE FROM idempotency_keys WHERE (key, merchant_id) IN (
    SELECT key, merchant_id FROM idempotency_keys WHERE expires_at < $1
    LIMIT $2 FOR UPDATE SKIP LOCKED
) RETURNING 1
"""


@dataclass(frozen=True, slots=True)
class PostgresIdempotency:
    """Implements ``IdempotencyRepository``."""

    executor: Executor

    async def lock(self, merchant_id: UUID, key: str) -> bool:
        return bool(await self.executor.fetchval(LOCK, str(merchant_id), key))

    async def lock_all(self, keys: Sequence[tuple[UUID, str]]) -> Sequence[bool]:
        merchants, names = [str(merchant_id) for merchant_id, _ in keys], [key for _, key in keys]
        rows = await self.executor.fetch(LOCK_ALL, merchants, names)
        return [row["is_locked"] for row in rows]

    async def find(self, merchant_id: UUID, key: str) -> StoredAnswer | None:
        row = await self.executor.fetchrow(FIND, merchant_id, key)
        if row is None:
            return None
        answer = Answer(row["response_code"], row["response"].encode())
        return StoredAnswer(frozenset(row["fingerprint"].split()), answer, row["expires_at"])

    async def save(
        self, merchant_id: UUID, key: str, remembered: StoredAnswer, *, at: datetime
    ) -> bool:
        answer = remembered.answer
        stored = await self.executor.fetchval(
            REMEMBER,
            key,
            merchant_id,
            stored_fingerprints(remembered),
            answer.status,
            answer.body.decode(),
            at,
            remembered.expires_at,
        )
        return stored is not None

    async def purge(self, *, now: datetime, limit: int) -> int:
        return len(await self.executor.fetch(PURGE, now, limit))


def stored_fingerprints(remembered: StoredAnswer) -> str:
    """Return the value of the column ``fingerprint``."""
    return " ".join(sorted(remembered.fingerprints))
