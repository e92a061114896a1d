"""Merchants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ....core.domain.endpoint import Endpoint
from ....core.domain.merchant import Credentials, Merchant
from .. import mapping
from ..database import Executor
from ..models import MerchantRow

BY_KEY = "SELECT * FROM merchants WHERE api_key = $1"
ENDPOINTS = "SELECT id, webhook_url, webhook_secret FROM merchants WHERE id = ANY($1::uuid[])"
SEED = """
INSERT INTO merchants (id, name, email, api_key, api_secret, webhook_secret, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class PostgresMerchants:
    """See ``MerchantRepository``."""

    executor: Executor

    async def credentials(self, api_key: str) -> Credentials | None:
        """See ``MerchantRepository.credentials``."""
        row = await self.executor.fetchrow(BY_KEY, api_key)
        return Credentials(mapping.merchant(row), row["api_secret"]) if row else None

    async def get(self, merchant_id: UUID) -> Merchant | None:
        """See ``MerchantRepository.get``."""
        with self.executor.models() as db:
            rows = await MerchantRow.filter(id=merchant_id).using_db(db).values()
        return mapping.merchant(rows[0]) if rows else None

    async def endpoints(self, merchant_ids: Sequence[UUID]) -> Mapping[UUID, Endpoint]:
        """See ``MerchantRepository.endpoints``."""
        rows = await self.executor.fetch(ENDPOINTS, list(set(merchant_ids)))
        return {mapping.uuid(row["id"]): mapping.endpoint(row) for row in rows}

    async def configure_webhook(
        self, merchant_id: UUID, *, url: str | None, secret: str | None, at: datetime
    ) -> None:
        """See ``MerchantRepository.configure_webhook``."""
        with self.executor.models() as db:
            await (
                MerchantRow.filter(id=merchant_id)
                .using_db(db)
                .update(webhook_url=url, webhook_secret=secret, updated_at=at)
            )

    async def seed(self, merchant: Merchant, *, secret_sha256: str) -> None:
        """See ``MerchantRepository.seed``."""
        await self.executor.fetch(
            SEED,
            merchant.id,
            merchant.name,
            merchant.email,
            merchant.api_key,
            secret_sha256,
            merchant.webhook_secret,
            merchant.created_at,
        )
