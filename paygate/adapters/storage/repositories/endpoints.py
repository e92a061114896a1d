"""Endpoints: where a merchant's events go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ....core.records import Kept
from ....core.webhooks.model import EndpointSettings
from ....core.webhooks.store import EndpointChange, NewEndpoint, NewSecret
from .. import mapping
from ..database import Executor
from ..statements import endpoints as sql


@dataclass(frozen=True, slots=True)
class PostgresEndpoints:
    """See ``EndpointRepository``."""

    executor: Executor

    async def by_ids(self, ids: Sequence[UUID]) -> Mapping[UUID, EndpointSettings]:
        """See ``EndpointRepository.by_ids``."""
        rows = await self.executor.fetch(sql.BY_IDS, list(set(ids)))
        return {found.id: found for found in map(mapping.endpoint, rows)}

    async def of_merchant(self, merchant_id: UUID) -> Sequence[EndpointSettings]:
        """See ``EndpointRepository.of_merchant``."""
        rows = await self.executor.fetch(sql.OF_MERCHANT, merchant_id)
        return [mapping.endpoint(row) for row in rows]

    async def get(self, endpoint_id: UUID, *, merchant_id: UUID) -> EndpointSettings | None:
        """See ``EndpointRepository.get``."""
        row = await self.executor.fetchrow(sql.ONE, endpoint_id, merchant_id)
        return mapping.endpoint(row) if row else None

    async def add(self, new: NewEndpoint) -> bool:
        """See ``EndpointRepository.add``."""
        async with self.executor.transaction() as executor:
            await executor.fetchval(sql.LOCK_MERCHANT, new.merchant_id)
            added = await executor.fetchval(
                sql.ADD,
                new.id,
                new.merchant_id,
                new.url,
                new.description,
                mapping.encoded(list(new.events)),
                new.secret.sealed,
                new.secret.hint,
                new.created_at,
            )
        return added is not None

    async def change(self, change: EndpointChange, *, at: datetime) -> None:
        """See ``EndpointRepository.change``."""
        values: list[object] = []
        for value in (change.url, change.description):
            values += [False, None] if isinstance(value, Kept) else [True, value]
        if isinstance(change.events, Kept):
            values += [False, None]
        else:
            values += [True, mapping.encoded(list(change.events))]
        await self._locked(change.id, change.merchant_id, sql.CHANGE, *values, at)

    async def remove(self, endpoint_id: UUID, *, merchant_id: UUID) -> bool:
        """See ``EndpointRepository.remove``."""
        return bool(await self._locked(endpoint_id, merchant_id, sql.REMOVE))

    async def rotate(
        self, endpoint_id: UUID, secret: NewSecret, *, merchant_id: UUID, at: datetime
    ) -> None:
        """See ``EndpointRepository.rotate``."""
        until = secret.previous_until
        if endpoint_id == merchant_id:
            new = (secret.sealed, secret.hint)
            await self.executor.fetch(sql.ROTATE_DEFAULT, merchant_id, *new, until, at)
            return
        await self._locked(
            endpoint_id, merchant_id, sql.ROTATE, secret.sealed, secret.hint, until, at
        )

    async def enable(self, endpoint_id: UUID, *, merchant_id: UUID, at: datetime) -> None:
        """See ``EndpointRepository.enable``."""
        if endpoint_id == merchant_id:
            await self.executor.fetch(sql.ENABLE_DEFAULT, merchant_id, at)
            return
        await self._locked(endpoint_id, merchant_id, sql.ENABLE, at)

    async def disable(self, endpoint_id: UUID, *, merchant_id: UUID, at: datetime) -> None:
        """See ``EndpointRepository.disable``."""
        if endpoint_id == merchant_id:
            await self.executor.fetch(sql.DISABLE_DEFAULT, merchant_id, at)
            return
        await self._locked(endpoint_id, merchant_id, sql.DISABLE, at)

    async def _locked(
        self, endpoint_id: UUID, merchant_id: UUID, statement: str, *args: object
    ) -> Sequence[object]:
        async with self.executor.transaction() as executor:
            await executor.fetchval(sql.LOCK_MERCHANT, merchant_id)
            return await executor.fetch(statement, endpoint_id, merchant_id, *args)
