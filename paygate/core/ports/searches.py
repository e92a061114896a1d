"""What lists are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..domain.payment_status import PaymentStatus


@dataclass(frozen=True, slots=True)
class Span:
    """Things made in ``[since, until)``, in UTC; None for no bound."""

    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class PaymentSearch(Span):
    """Payments. None asks for all.

    Args:
        statuses: One of these.
        method: By this one.
        order_id: Of this order.
        text: How the id or the order's begins, a part of the order's receipt or of the
            VPA, or a card's last four digits.
    """

    statuses: frozenset[PaymentStatus] | None = None
    method: str | None = None
    order_id: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class OrderSearch(Span):
    """Orders. None asks for all.

    Args:
        status: In this one.
        text: How the id begins, or a part of the receipt.
    """

    status: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class RefundSearch(Span):
    """Refunds. None asks for all.

    Args:
        status: In this one.
        payment_id: Of this payment.
    """

    status: str | None = None
    payment_id: str | None = None


ALL_PAYMENTS = PaymentSearch()
ALL_ORDERS = OrderSearch()
ALL_REFUNDS = RefundSearch()
