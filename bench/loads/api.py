"""Loads of the API alone: no worker runs, so that only the requests cost anything."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from ..figures import EXPRESS, PEERS, Figures, Row, percentile, rows_of
from ..load import Generator, Window, repeat
from ..machine import CpuMeter
from ..plan import Plan, Run
from ..systems import (
    PaygateSite,
    Site,
    create_requests,
    get_requests,
    list_requests,
    order_requests,
)

# Where webhooks would go. No worker runs, so nothing is sent.
NOWHERE = "http://localhost:9/hook"
CREATED = 201


@dataclass(frozen=True)
class ApiLoad:
    """Requests of one kind.

    Attributes:
        name: The load's name.
        note: What it is.
        requests: Makes a round's requests. More than can be sent.
        expect: The status code of every response.
        prepare: Called once per system, on an empty database.
        spends_orders: Whether each request pays an order.
        peers: With which paygate is compared.
    """

    name: str
    note: str
    requests: Callable[[Site, Plan], Awaitable[Sequence[bytes]]]
    expect: int = 200
    prepare: Callable[[Site, Plan], Awaitable[None]] | None = None
    spends_orders: bool = False
    peers: frozenset[str] = PEERS

    async def __call__(self, run: Run) -> list[Row]:
        """Run the load, the systems in turns."""
        sites = await run.sites(run.systems(self.peers))
        for site in sites:
            await site.empty()
            if self.prepare is not None:
                await self.prepare(site, run.plan)
        rounds: dict[str, list[Figures]] = {site.system: [] for site in sites}
        for number in range(run.plan.rounds):
            # No system is always the first.
            for site in sites if number % 2 == 0 else reversed(sites):
                rounds[site.system].append(await self.round(site, run.plan, first=number == 0))
        for site in sites:
            await site.subscribe([])
        return rows_of(self.name, rounds, self.note)

    async def round(self, site: Site, plan: Plan, *, first: bool) -> Figures:
        """Run the load once against one system; before the first time, warm it up."""
        requests = await self.requests(site, plan)
        await site.settle_statistics()
        figures, sent = await measure(site, requests, self.expect, plan, first=first)
        if self.spends_orders:
            site.forget_orders(sent)
        return figures


async def measure(
    site: Site, requests: Sequence[bytes], expect: int, plan: Plan, *, first: bool
) -> tuple[Figures, int]:
    """Run a closed loop against a system; return its figures and how many requests were sent."""
    generator = Generator(site.port, connections=plan.connections, expect=expect)
    meter = CpuMeter([site.api.pid, site.servers.postgres_pid])
    measured = await generator.closed_loop(
        requests,
        warm_up_s=plan.warm_up_s,
        warm_up_requests=plan.warm_up_requests if first else 0,
        warm_up_s_max=plan.warm_up_s_max,
        window_s=plan.window_s,
        window=Window(meter.start, meter.stop),
    )
    api_us, postgres_us = meter.used_us
    count = len(measured.latencies_s)
    figures = Figures(
        rps=measured.rps,
        p50_ms=1000 * percentile(measured.latencies_s, 0.50),
        p99_ms=1000 * percentile(measured.latencies_s, 0.99),
        api_us=api_us / count,
        pg_us=postgres_us / count,
    )
    return figures, measured.sent


async def _plain(site: Site, plan: Plan) -> Sequence[bytes]:
    return create_requests(await site.orders(plan.orders))


async def _with_key(site: Site, plan: Plan) -> Sequence[bytes]:
    return create_requests(await site.orders(plan.orders), with_key=True)


async def _get(site: Site, plan: Plan) -> Sequence[bytes]:
    ids = await site.some_payments()
    return list(repeat(get_requests(ids), plan.orders))


async def _list(_: Site, plan: Plan) -> Sequence[bytes]:
    return list(repeat(list_requests(), plan.orders))


async def _order(_: Site, plan: Plan) -> Sequence[bytes]:
    return list(repeat(order_requests(), plan.orders))


def _endpoints(count: int) -> Callable[[Site, Plan], Awaitable[None]]:
    async def subscribe(site: Site, _: Plan) -> None:
        # The peers make their deliveries in the worker: an endpoint costs their API nothing.
        urls = [f"{NOWHERE}/{number}" for number in range(count)]
        await site.subscribe(urls if isinstance(site, PaygateSite) else urls[:1])

    return subscribe


async def _fill(site: Site, plan: Plan) -> None:
    await site.fill(plan.known)


CREATE = ApiLoad("create", "POST /payments", _plain, CREATED, spends_orders=True)
CREATE_WITH_KEY = ApiLoad(
    "create_with_key", "with an Idempotency-Key", _with_key, CREATED, spends_orders=True
)
CREATE_WITH_KEY_AND_ENDPOINT = ApiLoad(
    "create_with_key_and_endpoint",
    "with a key, for a merchant with one endpoint",
    _with_key,
    CREATED,
    _endpoints(1),
    spends_orders=True,
)
CREATE_WITH_KEY_AND_FIVE_ENDPOINTS = ApiLoad(
    "create_with_key_and_five_endpoints",
    "with a key, for a merchant with five endpoints; peers: one",
    _with_key,
    CREATED,
    _endpoints(5),
    spends_orders=True,
    peers=frozenset({EXPRESS}),
)
GET = ApiLoad("get", "GET /payments/{id}", _get, prepare=_fill)
LIST = ApiLoad("list", "GET /payments?limit=20", _list, prepare=_fill)
ORDER = ApiLoad("order", "POST /orders", _order, CREATED, peers=frozenset({EXPRESS}))

CREATES = (
    CREATE,
    CREATE_WITH_KEY,
    CREATE_WITH_KEY_AND_ENDPOINT,
    CREATE_WITH_KEY_AND_FIVE_ENDPOINTS,
)
OTHERS = (GET, LIST, ORDER)
