"""The same requests on a small and on a large database."""

from __future__ import annotations

from collections.abc import Sequence

from ..figures import Figures, Row, rows_of
from ..plan import Run
from .api import CREATE, GET, LIST, ApiLoad

# Of the databases in a full run.
LABELS = ("10k", "1m")
LOADS: Sequence[ApiLoad] = (CREATE, GET, LIST)


class Growth:
    """Create, read and list with 10,000 and with 1,000,000 payments in the database."""

    name = "growth"

    async def __call__(self, run: Run) -> list[Row]:
        """Fill the databases, then run the loads, the systems in turns."""
        rows: list[Row] = []
        for label, count in zip(LABELS, run.plan.growth, strict=True):
            sites = await run.sites(run.systems(run.plan.growth_peers))
            for site in sites:
                await site.fill(count)
            rounds: dict[str, dict[str, list[Figures]]] = {each.name: {} for each in LOADS}
            for number in range(run.plan.rounds):
                for site in sites if number % 2 == 0 else reversed(sites):
                    for load in LOADS:
                        figures = await load.round(site, run.plan, first=number == 0)
                        rounds[load.name].setdefault(site.system, []).append(figures)
            for load in LOADS:
                note = f"{load.note}, with {count:,} payments"
                rows += rows_of(f"{load.name}_{label}", rounds[load.name], note)
            for site in sites:
                await site.empty()
        return rows
