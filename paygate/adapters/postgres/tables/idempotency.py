"""Responses stored by idempotency key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ....core.idempotency import Answer, StoredAnswer
from ..database import Executor

# The hashes of the merchant and of the key. Requests whose hashes are equal by chance only
# wait for each other.
LOCK = "SELECT pg_try_advisory_xact_lock(hashtext($1), hashtext($2))"
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
            " ".join(sorted(remembered.fingerprints)),
            answer.status,
            answer.body.decode(),
            at,
            remembered.expires_at,
        )
        return stored is not None

    async def purge(self, *, now: datetime, limit: int) -> int:
        return len(await self.executor.fetch(PURGE, now, limit))
