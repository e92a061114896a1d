"""Convert the filters of lists to conditions of the models.

Each function returns conditions of which a row meets at most one; an index serves each of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from tortoise.expressions import Q, Subquery

from ....core.accounts.model import AuditFilter
from ....core.payments.store import OrderSearch, PaymentSearch, RefundSearch, Span
from ....core.webhooks.store import DeliveryFilter
from ..models.payments import EventRow

# The lengths of columns; Tortoise raises an error for a longer value.
CARD_DIGITS = 4
ACTOR_ID_CHARS_MAX = 64


def search_payments(merchant_id: UUID, search: PaymentSearch) -> Sequence[Q]:
    """Return the conditions for payments."""
    wanted = _within(merchant_id, search) & _equal(method=search.method, order_id=search.order_id)
    if search.text is not None:
        wanted &= _payment_text(search.text)
    if search.statuses is None:
        return [wanted]
    return [wanted & Q(status=status) for status in sorted(search.statuses)]


def search_orders(merchant_id: UUID, search: OrderSearch) -> Sequence[Q]:
    """Return the conditions for orders."""
    wanted = _within(merchant_id, search) & _equal(status=search.status)
    if search.text is not None:
        wanted &= Q(id__startswith=search.text) | Q(receipt__icontains=search.text)
    return [wanted]


def search_refunds(merchant_id: UUID, search: RefundSearch) -> Sequence[Q]:
    """Return the conditions for refunds."""
    only = _equal(status=search.status, payment_id=search.payment_id)
    return [_within(merchant_id, search) & only]


def search_deliveries(merchant_id: UUID, only: DeliveryFilter) -> Sequence[Q]:
    """Return the conditions for deliveries."""
    wanted = Q(merchant_id=merchant_id) & _equal(**asdict(only))
    if only.payment_id is None:
        return [wanted]
    # They are found by their events: webhook_logs has no index on payments.
    events = EventRow.filter(payment_id=only.payment_id).values("id")
    return [wanted & Q(event_id__in=Subquery(events))]


def search_audit(merchant_id: UUID, wanted: AuditFilter) -> Sequence[Q]:
    """Return the conditions for audit entries."""
    condition = Q(merchant_id=merchant_id)
    condition &= _equal(action=wanted.action or None, subject=wanted.subject or None)
    actor = wanted.actor
    if not actor:
        return [condition]
    # An e-mail address may be longer than the column of ids.
    if len(actor) > ACTOR_ID_CHARS_MAX:
        return [condition & Q(actor_label=actor)]
    by_label = Q(actor_label=actor) & ~Q(actor_id=actor)
    return [condition & Q(actor_id=actor), condition & by_label]


def _payment_text(text: str) -> Q:
    found = Q(id__startswith=text) | Q(order_id__startswith=text) | Q(vpa__icontains=text)
    found |= Q(order__receipt__icontains=text)
    if len(text) == CARD_DIGITS:
        found |= Q(card_last4=text)
    return found


def _within(merchant_id: UUID, span: Span) -> Q:
    return Q(merchant_id=merchant_id) & _equal(
        created_at__gte=span.since, created_at__lt=span.until
    )


def _equal(**wanted: Any) -> Q:
    return Q(**{name: value for name, value in wanted.items() if value is not None})
