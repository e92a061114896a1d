"""Dialects: differences of requests and responses for clients of other gateways.

``Dialect`` itself changes nothing. ``PAYGATE_PROFILE`` selects another one in the
composition root; the routes use the app's dialect.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar
from uuid import UUID

from quart import Quart

from ..accounts.model import Merchant
from ..deps import Deps
from ..payments.create import CreatePayment
from ..payments.model import Order, Payment
from ..payments.queries import find_order

Body = Mapping[str, Any]
Shown = TypeVar("Shown")


class Dialect:
    """paygate's own API: no method changes anything."""

    renamed_fields: frozenset[str] = frozenset()
    """Fields that ``endpoint_body`` reads under other names."""

    def register(self, app: Quart, *, with_docs: bool) -> None:
        """Register additional routes, after all others.

        Args:
            app: The app.
            with_docs: Whether routes for developers are served.
        """

    def payment_body(self, body: Body) -> Body:
        """Translate the body of a payment request."""
        return body

    def endpoint_body(self, body: Body) -> Body:
        """Translate the settings of a webhook endpoint."""
        return body

    async def anonymous_merchant(self, deps: Deps) -> Merchant | None:
        """Return the merchant of callers without credentials; None refuses them."""
        return None

    async def owner_of_order(self, order_id: str, deps: Deps) -> UUID:
        """Return the id of the merchant whose order a shopper pays.

        Raises:
            NotFoundError: No such order.
        """
        return (await find_order(order_id, None, deps)).merchant_id

    @property
    def creates_orders(self) -> bool:
        """Whether creating a payment may create its order, in the same transaction."""
        return False

    async def with_order(
        self, command: CreatePayment, body: Body, owner: UUID, deps: Deps
    ) -> CreatePayment:
        """Create the order of a payment that includes one; return the payment to create."""
        return command

    async def implied_order(self, order_id: str, query: Body, deps: Deps) -> Order | None:
        """Return the order that such a payment would create; None if it would create none."""
        return None

    async def with_receipt(self, shown: Shown, payment: Payment, deps: Deps) -> Shown:
        """Add the order's receipt to a shopper's payment."""
        return shown

    def wants_bare_list(self, query: Body) -> bool:
        """Check whether a list of deliveries is returned without its envelope."""
        return False

    def health(self, shown: Shown) -> Shown:
        """Translate the health of the service."""
        return shown
