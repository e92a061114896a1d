"""The profile ``open-demo``: the dialect of a gateway without merchants and orders.

Callers without keys are the test merchant, and a payment creates its order.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import cast
from uuid import UUID

from ...accounts.model import Merchant
from ...deps import Deps
from ...errors import AuthenticationError
from ...event import Event, EventType
from ...ids import is_order_name
from ...payments.create import CreateOrder, CreatePayment, create_order
from ...payments.model import Order, Payment
from ...payments.queries import find_order, find_test_merchant
from ..dialect import Body, Shown
from ..event_bodies import EventBodies
from ..fields import PageQuery
from ..resources.orders import parse_order
from .other_gateways import OtherGateways

_WHOLE = re.compile(r"[0-9]{1,15}", re.ASCII)


class OpenDemo(OtherGateways):
    """Callers without keys are the test merchant; payments create their orders."""

    async def anonymous_merchant(self, deps: Deps) -> Merchant:
        """Return the test merchant.

        Raises:
            AuthenticationError: The test merchant was not seeded.
        """
        merchant = await find_test_merchant(deps)
        if merchant is None or not merchant.is_active:
            raise AuthenticationError
        return merchant

    async def owner_of_order(self, order_id: str, deps: Deps) -> UUID:
        """Return the order's merchant; the test merchant if the order does not exist."""
        if await deps.storage.orders.get(order_id) is None:
            return (await self.anonymous_merchant(deps)).id
        return await super().owner_of_order(order_id, deps)

    @property
    def creates_orders(self) -> bool:
        return True

    async def with_order(
        self, command: CreatePayment, body: Body, owner: UUID, deps: Deps
    ) -> CreatePayment:
        """Create an order with the payment's ``amount``, and pay it.

        Clients of this dialect have no orders: each payment is independent, also if several
        name the same order. So the named order is used while it accepts a payment of that
        amount; after that another order is created, with the name as its receipt.
        """
        if not is_order_name(command.order_id) or "amount" not in body:
            return command
        test_merchant = await self.anonymous_merchant(deps)
        if owner != test_merchant.id:
            return command
        wanted = parse_order({**body, "receipt": command.order_id, "notes": None}, test_merchant)
        if await deps.storage.orders.get(command.order_id) is None:
            await create_order(replace(wanted, id=command.order_id), deps)
        # Locked: of concurrent payments that name it, one gets it and the others see that.
        await deps.storage.orders.lock(command.order_id)
        if await _accepts(command.order_id, wanted, deps):
            return command
        return replace(command, order_id=(await create_order(wanted, deps)).id)

    async def implied_order(self, order_id: str, query: Body, deps: Deps) -> Order | None:
        """Return the order that a payment of ``?amount=`` with that name would create.

        None if the named order itself would be paid, see ``with_order``.
        """
        amount = str(query.get("amount", ""))
        if not is_order_name(order_id) or not _WHOLE.fullmatch(amount):
            return None
        wanted = parse_order({"amount": int(amount)}, await self.anonymous_merchant(deps))
        there = await deps.storage.orders.get(order_id)
        if there is not None:
            is_owned = there.merchant_id == wanted.merchant.id
            if not is_owned or await _accepts(order_id, wanted, deps):
                return None
        now = deps.clock.now()
        return Order(
            id=order_id,
            merchant_id=wanted.merchant.id,
            amount=wanted.amount,
            receipt=None,
            notes={},
            status="created",
            created_at=now,
            updated_at=now,
        )

    async def with_receipt(self, shown: Shown, payment: Payment, deps: Deps) -> Shown:
        """Add the name that the payment's request contained."""
        order = await find_order(payment.order_id, None, deps)
        if not order.receipt:
            return shown
        return cast("Shown", {**cast("Body", shown), "order_receipt": order.receipt})

    def wants_bare_list(self, query: Body) -> bool:
        """Check whether the request is not paged: such clients expect an array."""
        return query.keys().isdisjoint(PageQuery.model_fields)

    def health(self, shown: Shown) -> Shown:
        """Return ``ok`` and ``Connected``, and the name of the profile."""
        body = cast("Body", shown)
        is_up = body["status"] == "healthy"
        words = {
            "status": "ok" if is_up else "error",
            "db": "Connected" if is_up else "not connected",
            "profile": "open-demo",
        }
        return cast("Shown", {**body, **words})


async def _accepts(order_id: str, wanted: CreateOrder, deps: Deps) -> bool:
    order = await find_order(order_id, wanted.merchant, deps)
    return order.amount == wanted.amount and not await deps.storage.payments.has_live(order_id)


class OpenDemoEventBodies(EventBodies):
    """Event bodies in which a processed refund is a success."""

    def type_of(self, event: Event) -> str:
        return "refund.success" if event.type == EventType.REFUND_PROCESSED else event.type
