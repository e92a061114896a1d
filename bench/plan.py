"""How long and how large the loads of a run are, and what they share."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from functools import partial

from .figures import EXPRESS, FASTAPI, PAYGATE, PEERS, Variant
from .servers import Processes, Servers
from .systems import Opener, Site, open_express, open_fastapi, open_paygate

# Of fewer payments the first ones, which are slower, would decide the rate.
SIZE_MIN = 200


@dataclass(frozen=True)
class Plan:
    """Lengths and sizes of the loads.

    Attributes:
        rounds: How often each load runs against each system, in turns.
        warm_up_s: Before each window.
        warm_up_requests: Before the first window of a load: Node compiles what is called often.
        window_s: What is measured.
        connections: Of the closed loops.
        rate_max: No system creates more payments per second: orders are made for so many.
        known: Payments that exist when one is read, or 20 are listed.
        growth: Payments that exist in the small and in the large database.
        scale: How large a load is, of the size that its name says.
        patience_s: How long one round of a load of a fixed size may take.
        peers: With which paygate is compared.
        growth_peers: The same, where databases grow.
        left_out: Loads that only run if they are named.
        warm_up_s_max: How long the first warm-up may take, however slow a system is.
        budget_s: After so long no other load begins.
        variants: Other ways to run paygate that are measured beside it.
        shared_cores: Every process may use every core.
    """

    rounds: int = 3
    warm_up_s: float = 1.0
    warm_up_requests: int = 6_000
    window_s: float = 6.0
    connections: int = 32
    rate_max: int = 6_000
    known: int = 10_000
    growth: tuple[int, int] = (10_000, 1_000_000)
    scale: float = 1.0
    patience_s: float = 60.0
    peers: frozenset[str] = frozenset({EXPRESS, FASTAPI})
    growth_peers: frozenset[str] = frozenset({EXPRESS})
    left_out: frozenset[str] = frozenset()
    warm_up_s_max: float = 10.0
    budget_s: float = 3_000.0
    variants: tuple[Variant, ...] = ()
    shared_cores: bool = False

    def to_json(self) -> dict[str, object]:
        """Return what the file of figures says of the plan."""
        fields = asdict(self)
        return {
            name: sorted(value) if isinstance(value, frozenset) else value
            for name, value in fields.items()
        }

    def scaled(self, count: int) -> int:
        """Return the size of a load in this plan."""
        return max(min(count, SIZE_MIN), int(self.scale * count))

    @property
    def orders(self) -> int:
        """How many orders a closed loop may need."""
        return self.warm_up_requests + int(self.rate_max * (self.warm_up_s + self.window_s))


FULL = Plan()
QUICK = Plan(
    rounds=1,
    warm_up_s=0.3,
    warm_up_requests=1_000,
    window_s=1.0,
    known=2_000,
    growth=(1_000, 30_000),
    scale=0.05,
    patience_s=6.0,
    warm_up_s_max=1.0,
    budget_s=60.0,
    peers=frozenset({EXPRESS}),
    growth_peers=frozenset(),
    left_out=frozenset(
        {
            "create_with_key_and_five_endpoints",
            "order",
            "deliveries",
            "deliveries_3_of_10_hang",
            "backlog_1000",
            "backlog_50000",
            "default_delays",
            "limit",
        }
    ),
)


@dataclass
class Run:
    """One run of the benchmark: what all loads share.

    Attributes:
        plan: Lengths and sizes.
        servers: PostgreSQL and Valkey.
        processes: Starts processes.
        facts: What was measured and is no rate of a load.
    """

    plan: Plan
    servers: Servers
    processes: Processes
    facts: dict[str, float] = field(default_factory=dict)
    _sites: dict[str, Site] = field(default_factory=dict)
    _redis: int = 0

    @property
    def openers(self) -> Mapping[str, Opener]:
        """How each system is started."""
        variants = {each.system: partial(open_paygate, variant=each) for each in self.plan.variants}
        return {
            PAYGATE: open_paygate,
            **variants,
            EXPRESS: open_express,
            FASTAPI: open_fastapi,
        }

    def systems(self, peers: Collection[str]) -> list[str]:
        """Return paygate, its variants and the peers that this plan compares it with."""
        left_out = PEERS - (self.plan.peers & {*peers})
        return [system for system in self.openers if system not in left_out]

    async def sites(self, systems: Collection[str]) -> list[Site]:
        """Return systems with their APIs and without workers."""
        return [await self._site(system, worker=False) for system in systems]

    async def working_site(self, system: str) -> Site:
        """Return a system with its API and its worker."""
        return await self._site(system, worker=True)

    def has_working_site(self, system: str) -> bool:
        """Check whether a system with its worker is running."""
        return f"{system}_worker" in self._sites

    async def close_working_site(self, system: str) -> None:
        """Stop a system with its worker; the next one has an empty database."""
        await self._sites.pop(f"{system}_worker").close()

    async def close(self) -> None:
        """Stop all systems."""
        while self._sites:
            await self._sites.popitem()[1].close()

    def next_redis(self) -> int:
        """Return the number of a database of Valkey that nothing has used yet."""
        self._redis += 1
        return self._redis

    async def _site(self, system: str, *, worker: bool) -> Site:
        database = f"{system}_{'worker' if worker else 'api'}"
        if database not in self._sites:
            # Nothing of another system, or of an earlier one of that name, is in its queue.
            self._sites[database] = await self.openers[system](
                self.servers,
                self.processes,
                database=database,
                redis=self.next_redis(),
                worker=worker,
            )
        return self._sites[database]
