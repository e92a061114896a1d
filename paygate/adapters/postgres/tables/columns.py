"""Columns and conditions that several statements share.

A prepared statement keeps the plan that was made for its tables as they were, perhaps empty. The
plan of a join may read a whole index for each row of a batch, and later that index is large. So
statements for many rows use forms that search an index once for each row, whatever the size:
``id = ANY(ARRAY(SELECT …))`` in addition to a join, a scalar subquery with ``LIMIT 1`` instead of
``NOT EXISTS``, and ``LATERAL (SELECT … LIMIT 1)`` instead of a join.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ....core.limits import LEASE
from ....core.payments.model import LIVE

Entity = TypeVar("Entity")


@dataclass(frozen=True, slots=True)
class Column(Generic[Entity]):
    """A column of a table; column lists, record types and updates are generated from it.

    Args:
        name: Its name.
        type: Its type in PostgreSQL.
        get: Returns the value of an entity.
        changes: Whether it may change after the insert.
        is_read: Whether entities are built from it; other columns are for readers of the table.
    """

    name: str
    type: str
    get: Callable[[Entity], Any]
    changes: bool = False
    is_read: bool = True


def names(columns: Iterable[Column[Any]]) -> str:
    """Return ``id, order_id, …``."""
    return ", ".join(column.name for column in columns)


def prefixed(columns: Iterable[Column[Any]], table: str) -> str:
    """Return ``p.id AS p_id, p.order_id AS p_order_id, …`` for a join."""
    return ", ".join(f"{table}.{column.name} AS {table}_{column.name}" for column in columns)


def record_type(columns: Iterable[Column[Any]]) -> str:
    """Return ``id text, order_id text, …`` for ``json_to_record``."""
    return ", ".join(f"{column.name} {column.type}" for column in columns)


def assignments(columns: Iterable[Column[Any]], source: str) -> str:
    """Return ``status = m.status, …`` for ``UPDATE … SET``."""
    return ", ".join(f"{column.name} = {source}.{column.name}" for column in columns)


def stored_values(columns: Iterable[Column[Entity]], entity: Entity) -> dict[str, Any]:
    """Return the values of an entity by column name."""
    return {column.name: column.get(entity) for column in columns}


LEASE_SQL = f"interval '{int(LEASE.total_seconds())} seconds'"
CLAIMS_BEFORE_ALONE = 3
"""Claims without a result after which a row is claimed one at a time."""
LEASE_IS_FREE = "(lease_until IS NULL OR lease_until < clock_timestamp())"
NO_LEASE = "lease_token = NULL, lease_until = NULL, lease_owner = NULL"
LIVE_SQL = f"status IN ({', '.join(repr(status) for status in sorted(LIVE))})"
_EVENT = """(op_id text, event_id text, merchant_id uuid, type text, payment_id text, seq int,
    body text, created_at timestamptz, request_id text)"""
EVENT_ROWS = f"json_to_recordset($2::json) AS {_EVENT}"
EVENT_SET = f"json_to_recordset($2::json) AS e{_EVENT}"
DELIVERY_SET = """json_to_recordset($3::json) AS d(
    id uuid, event_id text, sink text, endpoint_id uuid)"""
IS_HELD = """(
    EXISTS (SELECT FROM merchants m WHERE m.id = w.merchant_id AND NOT m.is_active)
    OR NOT w.is_manual AND (
        EXISTS (SELECT FROM merchants m
            WHERE m.id = w.endpoint_id AND m.webhook_disabled_at IS NOT NULL)
        OR EXISTS (SELECT FROM webhook_endpoints e
            WHERE e.id = w.endpoint_id AND e.disabled_at IS NOT NULL)))"""
"""Condition of a pending delivery ``w`` whose endpoint is disabled or whose merchant is suspended.

It reads only ``endpoint_id``, ``merchant_id`` and ``is_manual`` of ``w``, because a claim checks
it once for each endpoint and value of ``is_manual``, not for each row.
"""
OVERDUE_REASON = (
    "coalesce(last_error, 'not attempted: no worker with the sink ' || sink || ' claimed it')"
)
"""SQL expression for the reason why a delivery is overdue."""


def store_events(operations: str) -> str:
    """Return CTEs that store the events of the operations in a CTE, and their deliveries.

    Positions follow the order of the parameter. The CTE ``operations`` is evaluated first, so
    the position of an event is higher than those of earlier events of its payment.
    """
    return f"""
    new_events AS (
        INSERT INTO events (id, merchant_id, payment_id, type, seq, payload, created_at, request_id)
        SELECT e.event_id, e.merchant_id, e.payment_id, e.type, e.seq, e.body::json, e.created_at,
            e.request_id
        FROM ROWS FROM ({EVENT_ROWS}) WITH ORDINALITY AS e(
            op_id, event_id, merchant_id, type, payment_id, seq, body, created_at, request_id,
            place)
        WHERE e.op_id IN (SELECT id FROM {operations}) ORDER BY e.place
    ),
    new_deliveries AS (
        INSERT INTO webhook_logs (id, merchant_id, event, payload, status, attempts, next_retry_at,
            created_at, event_id, sink, endpoint_id, payment_id, seq, claims)
        SELECT d.id, e.merchant_id, e.type, e.body::json, 'pending', 0, e.created_at,
            e.created_at, e.event_id, d.sink, d.endpoint_id, e.payment_id, e.seq, 0
        FROM {DELIVERY_SET} JOIN {EVENT_SET} ON e.event_id = d.event_id
        WHERE e.op_id IN (SELECT id FROM {operations})
    )"""
