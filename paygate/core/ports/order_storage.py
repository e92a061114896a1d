"""Orders, as the use cases see them."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from ..domain.order import Order
from .records import Page
from .searches import ALL_ORDERS, OrderSearch


class OrderRepository(Protocol):
    """Orders."""

    async def add(self, order: Order, *, client_secret_sha256: str) -> None:
        """Store a new order, and the digest of its client_secret."""
        ...

    async def add_unless_there(self, order: Order, *, client_secret_sha256: str) -> None:
        """Store it, unless an order of that id was stored before."""
        ...

    async def client_secret_sha256(self, order_id: str) -> str | None:
        """Return the stored digest of an order's client_secret; None if there is none."""
        ...

    async def lock(self, order_id: str) -> None:
        """Lock the order until the transaction ends.

        A payment becomes live (it is created, or succeeds late) only while its order is
        locked, and the lock is taken before anything that waits for the index of live
        payments. So of two at once one waits here, and neither waits for the other there.
        """
        ...

    async def get(self, order_id: str) -> Order | None:
        """The order with that id, whoever owns it."""
        ...

    async def page(
        self, merchant_id: UUID, *, limit: int, offset: int, search: OrderSearch = ALL_ORDERS
    ) -> Page[Order]:
        """A merchant's orders."""
        ...
