"""Of those that can carry a payment out, the cheapest first."""

from collections.abc import Sequence

from paygate import CallContext, Router, RouteRequest

from .fees import FeeTable


class LeastCost(Router):
    """Ranks the processors whose fees are known; equals keep their usual order.

    Whose fees are not known is not ranked, and follows. With fewer than two known there is
    nothing to compare, hence no opinion.
    """

    name = "least_cost"
    requires_api = 2

    def __init__(self, table: FeeTable) -> None:
        self._table = table

    async def rank(self, request: RouteRequest, context: CallContext) -> Sequence[str] | None:
        """The cheapest first, and in the log why."""
        costs = self._costs(request)
        if len(costs) < 2:
            return None
        # Sorting is stable: equals stay as the host has ordered them.
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
        """Processor → its fee in minor units, where that is known."""
        amount, costs = request.amount, {}
        for candidate in request.candidates:
            fee = self._table.find(candidate.processor, request.method, amount.currency)
            if fee is not None:
                costs[candidate.processor] = fee.of(amount)
        return costs
