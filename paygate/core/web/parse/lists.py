"""What is looked for, and which page of it."""

from __future__ import annotations

from collections.abc import Mapping

from ...limits import PAGE_ROWS_MAX
from ...payments.store import OrderSearch, PaymentSearch, RefundSearch
from ..present.entities import STATUS
from ..wire import lists, request_bodies
from .checked import checked, said


def callbacks(query: Mapping[str, str]) -> str | None:
    """``?effect=`` of ``GET /test/callbacks``."""
    given = {"effect": query["effect"]} if query.get("effect") else {}
    return checked(request_bodies.CallbacksQuery, given).effect


def page(query: Mapping[str, str]) -> tuple[int, int]:
    """``?limit=&offset=``; an empty one counts as left out."""
    given = {name: query[name] for name in ("limit", "offset") if query.get(name)}
    asked = checked(request_bodies.PageQuery, given)
    return min(asked.limit, PAGE_ROWS_MAX), asked.offset


def payments(query: Mapping[str, str]) -> PaymentSearch:
    """The filters of ``GET /payments``; an empty one counts as left out."""
    asked = checked(lists.PaymentsQuery, said(query))
    statuses = {status for status, shown in STATUS.items() if shown == asked.status}
    return PaymentSearch(
        since=asked.from_,
        until=asked.to,
        statuses=frozenset(statuses) if asked.status else None,
        method=asked.method,
        order_id=asked.order_id,
        text=asked.q,
    )


def orders(query: Mapping[str, str]) -> OrderSearch:
    """The filters of ``GET /orders``."""
    asked = checked(lists.OrdersQuery, said(query))
    return OrderSearch(since=asked.from_, until=asked.to, status=asked.status, text=asked.q)


def refunds(query: Mapping[str, str]) -> RefundSearch:
    """The filters of ``GET /refunds``."""
    asked = checked(lists.RefundsQuery, said(query))
    return RefundSearch(
        since=asked.from_, until=asked.to, status=asked.status, payment_id=asked.payment_id
    )


def methods_order(query: Mapping[str, str]) -> str | None:
    """``?order_id=`` of ``GET /checkout/methods``."""
    return checked(lists.MethodsQuery, said(query)).order_id


def is_resolved(query: Mapping[str, str]) -> bool:
    """``?resolved=`` of ``GET /attention``."""
    return checked(lists.AttentionQuery, said(query)).resolved == "true"


def overview_hours(query: Mapping[str, str]) -> int:
    """``?hours=`` of ``GET /overview``."""
    return checked(lists.OverviewQuery, said(query)).hours


def cursor(query: Mapping[str, str], last_event_id: str | None) -> str | None:
    """Where a stream goes on. What a browser has seen since wins over its first address."""
    given = {"cursor": last_event_id} if last_event_id else said(query)
    return checked(lists.StreamQuery, given).cursor
