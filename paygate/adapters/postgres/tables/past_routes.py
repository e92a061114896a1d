"""Past payments with the decisions of routers about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from ....core.payments.past_routes import PastPayments, PastRoute
from ....core.plugin_api.routing import Health
from ..database import Executor
from .columns import prefixed
from .payments import READ, row_to_payment
from .rows import Row, decoded

# Each merchant's newest payments come from an index; decisions are read for what is left.
NEWEST = f"""
WITH found AS (
    SELECT p.* FROM merchants m CROSS JOIN LATERAL (
        SELECT * FROM payments
        WHERE merchant_id = m.id AND created_at >= $1 AND created_at < $2
        ORDER BY created_at DESC, id DESC LIMIT $4
    ) AS p
    WHERE $3::uuid IS NULL OR m.id = $3
    ORDER BY p.created_at DESC, p.id DESC LIMIT $4
)
SELECT {prefixed(READ, "p")}, coalesce(d.chosen, p.processor) AS chosen,
    d.data -> 'health' AS health
FROM found p LEFT JOIN LATERAL (
    SELECT chosen, data FROM payment_decisions
    WHERE payment_id = p.id AND kind = 'route' LIMIT 1
) AS d ON true
ORDER BY p.created_at DESC, p.id DESC
"""
_FIGURES = frozenset(field.name for field in fields(Health))


@dataclass(frozen=True, slots=True)
class PostgresPastRoutes:
    """Implements ``PastRouteRepository``."""

    executor: Executor

    async def newest(self, wanted: PastPayments) -> Sequence[PastRoute]:
        rows = await self.executor.fetch(
            NEWEST, wanted.since, wanted.until, wanted.merchant_id, wanted.limit
        )
        return [_row_to_route(row) for row in rows]


def _row_to_route(row: Row) -> PastRoute:
    health: Mapping[str, Mapping[str, Any]] = decoded(row["health"]) or {}
    return PastRoute(
        row_to_payment(row, "p_"),
        row["chosen"],
        {id: _health(figures) for id, figures in health.items()},
    )


def _health(stored: Mapping[str, Any]) -> Health:
    # A newer version of paygate may store more.
    return Health(**{name: value for name, value in stored.items() if name in _FIGURES})
