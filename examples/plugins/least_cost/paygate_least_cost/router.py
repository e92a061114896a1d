"""Ranks processors by fee, the cheapest first."""

from collections.abc import Sequence

from paygate import CallContext, Router, RouteRequest

from .fees import FeeTable


class LeastCost(Router):
    """Ranks processors with known fees; equal ones keep their order.

    Processors without a known fee are not ranked and come last. With fewer than two known fees
    it has no opinion.
    """

    name = "least_cost"
    requires_api = 2

    def __init__(self, table: FeeTable) -> None:
        self._table = table

    async def rank(self, request: RouteRequest, context: CallContext) -> Sequence[str] | None:
        """Rank by fee, and log the fees."""
        costs = self._costs(request)
        if len(costs) < 2:
            return None
        # Sorting is stable: equal processors keep the host's order.
        ranking = sorted(costs, key=costs.__getitem__)
        context.logger.info(
            "least cost",
            payment_id=request.payment_id,
            chosen=ranking[0],
            saves_minor=costs[ranking[1]] - costs[ranking[0]],
            costs_minor=costs,
        )
        return ranking

    def _costs(self, request: RouteRequest) -> dict[str, int]:
        """Return the known fees in minor units by processor."""
        amount, costs = request.amount, {}
        for candidate in request.candidates:
            fee = self._table.find(candidate.processor, request.method, amount.currency)
            if fee is not None:
                costs[candidate.processor] = fee.of(amount)
        return costs
