"""A merchant says what is to be paid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..domain.ids import IdKind
from ..domain.merchant import Merchant
from ..domain.money import Money
from ..domain.order import CaptureMode, Order
from .authenticate import secret_digest
from .client_secret import client_secret
from .deps import Deps


@dataclass(frozen=True, slots=True)
class CreateOrder:
    """What the merchant said, checked.

    Args:
        id: What a client calls it that names its own orders; None for a fresh id.
    """

    merchant: Merchant
    amount: Money
    receipt: str | None
    notes: Mapping[str, Any]
    capture_mode: CaptureMode = "automatic"
    id: str | None = None


async def create_order(command: CreateOrder, deps: Deps) -> Order:
    """Store a new order; one whose name was used before is left as it is."""
    now = deps.clock.now()
    order = Order(
        id=command.id or deps.ids.new(IdKind.ORDER),
        merchant_id=command.merchant.id,
        amount=command.amount,
        receipt=command.receipt,
        notes=command.notes,
        status="created",
        capture_mode=command.capture_mode,
        created_at=now,
        updated_at=now,
    )
    digest = secret_digest(client_secret(order.id, deps))
    if command.id is None:
        await deps.storage.orders.add(order, client_secret_sha256=digest)
    else:
        await deps.storage.orders.add_unless_there(order, client_secret_sha256=digest)
    return order
