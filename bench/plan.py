"""How long and how large the loads of a run are, and what they share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .figures import EXPRESS, FASTAPI, PAYGATE
from .servers import Processes, Servers
from .systems import Opener, Site, open_express, open_fastapi, open_paygate


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
        scale: How large a load is, of the size that its name says.
        patience_s: How long one round of a load of a fixed size may take.
    """

    rounds: int = 3
    warm_up_s: float = 1.0
    window_s: float = 6.0
    connections: int = 32
    rate_max: int = 6_000
    known: int = 10_000
    scale: float = 1.0
    patience_s: float = 60.0

    def scaled(self, count: int) -> int:
        """Return the size of a load in this plan."""
        return max(1, int(self.scale * count))

    @property
    def orders(self) -> int:
        """How many orders a closed loop may need."""
        return int(self.rate_max * (self.warm_up_s + self.window_s))


FULL = Plan()
QUICK = Plan(rounds=1, warm_up_s=0.5, window_s=1.5, known=2_000, scale=0.05, patience_s=8.0)


@dataclass
class Run:
    """One run of the benchmark: what all loads share.

    Attributes:
        plan: Lengths and sizes.
        servers: PostgreSQL and Valkey.
        processes: Starts processes.
        openers: How each system is started.
    """

    plan: Plan
    servers: Servers
    processes: Processes
    openers: Mapping[str, Opener] = field(
        default_factory=lambda: {
            PAYGATE: open_paygate,
            EXPRESS: open_express,
            FASTAPI: open_fastapi,
        }
    )
    _sites: dict[str, Site] = field(default_factory=dict)
    _redis: int = 0

    async def sites(self) -> list[Site]:
        """Return the systems with their APIs and without workers."""
        return [await self._site(system, worker=False) for system in self.openers]

    async def working_site(self, system: str) -> Site:
        """Return a system with its API and its worker."""
        return await self._site(system, worker=True)

    def has_working_site(self, system: str) -> bool:
        """Whether a system with its worker is running."""
        return f"{system}_worker" in self._sites

    async def close_working_site(self, system: str) -> None:
        """Stop a system with its worker; the next one has an empty database."""
        await self._sites.pop(f"{system}_worker").close()

    async def close(self) -> None:
        """Stop all systems."""
        while self._sites:
            await self._sites.popitem()[1].close()

    async def _site(self, system: str, *, worker: bool) -> Site:
        database = f"{system}_{'worker' if worker else 'api'}"
        if database not in self._sites:
            # Nothing of another system, or of an earlier one of that name, is in its queue.
            self._redis += 1
            self._sites[database] = await self.openers[system](
                self.servers,
                self.processes,
                database=database,
                redis=self._redis,
                worker=worker,
            )
        return self._sites[database]
