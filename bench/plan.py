"""How long and how large the loads of a run are, and what they share."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from .figures import EXPRESS, PAYGATE
from .servers import Processes, Servers
from .systems import Site, open_express, open_paygate


@dataclass(frozen=True)
class Plan:
    """Lengths and sizes of the loads.

    Attributes:
        rounds: How often each load runs against each system, in turns.
        warm_up_s: Before each window.
        window_s: What is measured.
        connections: Of the closed loops.
        rate_max: No system creates more payments per second: orders are made for so many.
        known: Payments that exist when one is read, or 20 are listed.
    """

    rounds: int = 3
    warm_up_s: float = 1.0
    window_s: float = 6.0
    connections: int = 32
    rate_max: int = 6_000
    known: int = 10_000

    @property
    def orders(self) -> int:
        """How many orders a closed loop may need."""
        return int(self.rate_max * (self.warm_up_s + self.window_s))


FULL = Plan()
QUICK = Plan(rounds=1, warm_up_s=0.5, window_s=1.5)


@dataclass
class Run:
    """One run of the benchmark: what all loads share.

    Attributes:
        plan: Lengths and sizes.
        servers: PostgreSQL and Valkey.
        processes: Starts processes.
        undo: Closed at the end of the run.
    """

    plan: Plan
    servers: Servers
    processes: Processes
    undo: AsyncExitStack
    _sites: dict[str, Site] = field(default_factory=dict)

    async def sites(self) -> list[Site]:
        """Return the systems with their APIs and without workers; start them first."""
        if not self._sites:
            self._sites[PAYGATE] = await open_paygate(
                self.servers, self.processes, database="paygate_api", redis=0
            )
            self._sites[EXPRESS] = await open_express(
                self.servers, self.processes, database="express_api", redis=1
            )
            for site in self._sites.values():
                self.undo.push_async_callback(site.connection.close)
        return list(self._sites.values())
