"""Convert the filters of lists to conditions of the models.

Each function returns conditions of which a row meets any. They are read one by one, because an
index serves each of them, and none serves all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from tortoise.expressions import Q, Subquery

from ....core.accounts.model import AuditFilter
from ....core.ids import IdKind, is_id
from ....core.payments.store import LinkSearch, OrderSearch, PaymentSearch, RefundSearch, Span
from ....core.webhooks.store import DeliveryFilter
from .feed import EventRow

# The lengths of columns; Tortoise raises an error for a longer value.
CARD_DIGITS = 4
ACTOR_ID_CHARS_MAX = 64

# An index of trigrams finds no shorter part of a text.
PART_CHARS_MIN = 3
INDEXES_TEXTS = "SELECT to_regclass('orders_receipt_parts') IS NOT NULL"
"""Whether the database has those indexes; without them a search reads all rows."""


def search_payments(merchant_id: UUID, search: PaymentSearch) -> Sequence[Q]:
    """Return the conditions for payments."""
    wanted = _within(merchant_id, search) & _equal(method=search.method, order_id=search.order_id)
    if search.text is None:
        statuses = [{}] if search.statuses is None else [{"status": s} for s in search.statuses]
        return [wanted & Q(**status) for status in statuses]
    if search.statuses is not None:
        wanted &= Q(status__in=sorted(search.statuses))
    return [wanted & found for found in _payment_texts(search.text)]


def search_orders(merchant_id: UUID, search: OrderSearch) -> Sequence[Q]:
    """Return the conditions for orders."""
    wanted = _within(merchant_id, search) & _equal(status=search.status)
    if search.text is None:
        return [wanted]
    found = [_begins("id", search.text, IdKind.ORDER)]
    if len(search.text) >= PART_CHARS_MIN:
        found.append(Q(receipt__icontains=search.text))
    return [wanted & each for each in found]


def search_links(merchant_id: UUID, search: LinkSearch) -> Sequence[Q]:
    """Return the conditions for orders of payment links; the model has the same statuses."""
    wanted = _within(merchant_id, search) & Q(link_id__isnull=False)
    if search.status is None:
        return [wanted]
    if search.status == "paid":
        return [wanted & Q(status="paid")]
    wanted &= Q(link_cancelled_at__isnull=search.status != "cancelled")
    if search.status == "expired":
        wanted &= Q(link_expires_at__lte=search.at)
    if search.status == "created":
        wanted &= Q(link_expires_at__isnull=True) | Q(link_expires_at__gt=search.at)
    # An index has the order's status: links that are not paid are found without the others.
    return [wanted & Q(status=status) for status in ("created", "attempted")]


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
    return [condition & Q(actor_id=actor), condition & Q(actor_label=actor)]


def _payment_texts(text: str) -> Sequence[Q]:
    found = [_begins("id", text, IdKind.PAYMENT), _begins("order_id", text, IdKind.ORDER)]
    if len(text) >= PART_CHARS_MIN:
        found += [Q(vpa__icontains=text), Q(order__receipt__icontains=text)]
    if len(text) == CARD_DIGITS:
        found.append(Q(card_last4=text))
    return found


def _begins(column: str, text: str, kind: IdKind) -> Q:
    # The index of a column finds beginnings only in a database with the collation C.
    return Q(**{column if is_id(kind, text) else f"{column}__startswith": text})


def _within(merchant_id: UUID, span: Span) -> Q:
    return Q(merchant_id=merchant_id) & _equal(
        created_at__gte=span.since, created_at__lt=span.until
    )


def _equal(**wanted: Any) -> Q:
    return Q(**{name: value for name, value in wanted.items() if value is not None})
