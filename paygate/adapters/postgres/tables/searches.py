"""Convert the filters of lists to conditions of the models."""

from __future__ import annotations

from typing import Any

from tortoise.expressions import Q

from ....core.payments.store import OrderSearch, PaymentSearch, RefundSearch, Span

# The length of the column; Tortoise raises an error for a longer value.
CARD_DIGITS = 4


def search_payments(search: PaymentSearch) -> Q:
    """Return the condition for payments."""
    wanted = _within(search) & _equal(method=search.method, order_id=search.order_id)
    if search.statuses is not None:
        wanted &= Q(status__in=sorted(search.statuses))
    if search.text is None:
        return wanted
    text = search.text
    found = Q(id__startswith=text) | Q(order_id__startswith=text) | Q(vpa__icontains=text)
    found |= Q(order__receipt__icontains=text)
    if len(text) == CARD_DIGITS:
        found |= Q(card_last4=text)
    return wanted & found


def search_orders(search: OrderSearch) -> Q:
    """Return the condition for orders."""
    wanted = _within(search) & _equal(status=search.status)
    if search.text is None:
        return wanted
    return wanted & (Q(id__startswith=search.text) | Q(receipt__icontains=search.text))


def search_refunds(search: RefundSearch) -> Q:
    """Return the condition for refunds."""
    return _within(search) & _equal(status=search.status, payment_id=search.payment_id)


def _within(span: Span) -> Q:
    return _equal(created_at__gte=span.since, created_at__lt=span.until)


def _equal(**wanted: Any) -> Q:
    return Q(**{name: value for name, value in wanted.items() if value is not None})
