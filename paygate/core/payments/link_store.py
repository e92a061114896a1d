"""The storage of payment links: orders with what a link adds to them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from ..paging import Page, PageRequest
from .model import Order
from .store import LinkSearch


class LinkRepository(Protocol):
    """Orders that payment links have created."""

    async def find(self, link_id: str) -> Order | None:
        """Return the order of a payment link, of any merchant."""
        ...

    async def cancel(self, order: Order) -> None:
        """Store when the link of an order that was locked in this transaction was cancelled."""
        ...

    async def page(self, merchant_id: UUID, page: PageRequest, search: LinkSearch) -> Page[Order]:
        """Return a page of the orders of a merchant's payment links."""
        ...

    async def has_ended(self, *, now: datetime) -> bool:
        """Return whether ``lock_ended`` finds an order, or one that is locked."""
        ...

    async def lock_ended(self, *, now: datetime, limit: int) -> Sequence[Order]:
        """Lock orders whose link's end has come and was not reported; skip locked ones."""
        ...

    async def mark_reported(self, orders: Collection[Order]) -> None:
        """Store that the ends of these links need no report any more."""
        ...
