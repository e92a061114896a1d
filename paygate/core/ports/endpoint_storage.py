"""Where endpoints are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from ..domain.endpoint import EndpointSettings
from .kept import Kept


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A secret on its way to where it is kept.

    Args:
        clear: As it signs; stored nowhere.
        sealed: As it is stored.
        hint: Its last characters.
        previous_until: How long the one before it signs beside it.
    """

    clear: str = field(repr=False)
    sealed: str = field(repr=False)
    hint: str
    previous_until: datetime


@dataclass(frozen=True, slots=True)
class NewEndpoint:
    """An endpoint to be stored."""

    id: UUID
    merchant_id: UUID
    url: str
    description: str | None
    events: tuple[str, ...]
    secret: NewSecret
    created_at: datetime


@dataclass(frozen=True, slots=True)
class EndpointChange:
    """What is to be another from now on; KEEP leaves a part as it is."""

    id: UUID
    merchant_id: UUID
    url: str | Kept
    description: str | Kept | None
    events: tuple[str, ...] | Kept


class EndpointRepository(Protocol):
    """Endpoints: the one on the merchant's row, under the merchant's id, and the others."""

    async def by_ids(self, ids: Sequence[UUID]) -> Mapping[UUID, EndpointSettings]:
        """Those that are there, as stored at this moment."""
        ...

    async def of_merchant(self, merchant_id: UUID) -> Sequence[EndpointSettings]:
        """All of a merchant's, the one on its row first."""
        ...

    async def get(self, endpoint_id: UUID, *, merchant_id: UUID) -> EndpointSettings | None:
        """One of the merchant's."""
        ...

    async def add(self, new: NewEndpoint) -> bool:
        """Store a new one; False if the merchant has as many as it may."""
        ...

    async def change(self, change: EndpointChange, *, at: datetime) -> None:
        """Store what is named of one that is not the merchant's own."""
        ...

    async def remove(self, endpoint_id: UUID, *, merchant_id: UUID) -> bool:
        """Forget one that is not the merchant's own; its deliveries stay. Whether it was there."""
        ...

    async def rotate(
        self, endpoint_id: UUID, secret: NewSecret, *, merchant_id: UUID, at: datetime
    ) -> None:
        """Store a new secret, and the present one as the one before it."""
        ...

    async def enable(self, endpoint_id: UUID, *, merchant_id: UUID, at: datetime) -> None:
        """Send to it again, and forget its failures."""
        ...

    async def disable(self, endpoint_id: UUID, *, merchant_id: UUID, at: datetime) -> None:
        """Send nothing more; one that is disabled keeps when and why."""
        ...
