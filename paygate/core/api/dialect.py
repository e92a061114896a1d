"""The dialect: where requests and responses of other gateways' clients differ from our own.

``Dialect`` itself changes nothing. The composition root chooses another one by
``PAYGATE_PROFILE``; the routes ask the app's dialect and know none by name.
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
    """Our own API: every method leaves what it is given as it is."""

    def register(self, app: Quart, *, with_docs: bool) -> None:
        """Add routes, after all others.

        Args:
            app: The app that serves them.
            with_docs: Whether routes that only help developers are served.
        """

    def payment_body(self, body: Body) -> Body:
        """Return a payment request in our own words."""
        return body

    def endpoint_body(self, body: Body) -> Body:
        """Return the settings of a webhook endpoint in our own words."""
        return body

    async def anonymous_merchant(self, deps: Deps) -> Merchant | None:
        """Return the merchant of a caller without credentials; None refuses the caller."""
        return None

    async def owner_of_order(self, order_id: str, deps: Deps) -> UUID:
        """Return the id of the merchant whose order a shopper pays.

        Raises:
            NotFoundError: There is no such order.
        """
        return (await find_order(order_id, None, deps)).merchant_id

    @property
    def creates_orders(self) -> bool:
        """Whether creating a payment may create its order, in the same transaction."""
        return False

    async def with_order(
        self, command: CreatePayment, body: Body, owner: UUID, deps: Deps
    ) -> CreatePayment:
        """Create the order of a payment that brings one along; return what to pay."""
        return command

    async def implied_order(self, order_id: str, query: Body, deps: Deps) -> Order | None:
        """Return the order that a payment under this name would create, if any."""
        return None

    async def with_receipt(self, shown: Shown, payment: Payment, deps: Deps) -> Shown:
        """Add to a shopper's payment the name under which it was asked for."""
        return shown

    def wants_bare_list(self, query: Body) -> bool:
        """Whether a list of deliveries is returned without its envelope."""
        return False

    def health(self, shown: Shown) -> Shown:
        """Return the health of the service in the dialect's words."""
        return shown
