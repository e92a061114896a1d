"""A merchant says what is to be paid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..domain.ids import IdKind
from ..domain.merchant import Merchant
from ..domain.money import Money
from ..domain.order import Order
from .deps import Deps


@dataclass(frozen=True, slots=True)
class CreateOrder:
    """What the merchant said, checked."""

    merchant: Merchant
    amount: Money
    receipt: str | None
    notes: Mapping[str, Any]


async def create_order(command: CreateOrder, deps: Deps) -> Order:
    """Store a new order."""
    now = deps.clock.now()
    order = Order(
        id=deps.ids.new(IdKind.ORDER),
        merchant_id=command.merchant.id,
        amount=command.amount,
        receipt=command.receipt,
        notes=command.notes,
        status="created",
        created_at=now,
        updated_at=now,
    )
    await deps.storage.orders.add(order)
    return order
