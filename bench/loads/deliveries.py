"""Webhooks of ten merchants: first all servers respond, then three of them hang."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from time import perf_counter

from ..figures import EXPRESS, Figures, Row, rows_of
from ..load import Generator, LateError
from ..machine import CpuMeter
from ..plan import Run
from ..receiver import Receiver, open_receiver
from ..systems import Site, create_requests
from .end_to_end import CLIENTS, CREATED, EVENT, warm_site

MERCHANTS = 10
PAYMENTS = 5_000


class Deliveries:
    """Payments of ten merchants, until the servers that answer have all their webhooks.

    Attributes:
        name: The load's name.
        hanging: How many of the servers accept webhooks and never answer.
    """

    def __init__(self, name: str, *, hanging: int) -> None:
        self.name = name
        self.hanging = hanging

    async def __call__(self, run: Run) -> list[Row]:
        """Run the load once against each system: it needs new merchants."""
        rounds = {}
        for system in run.systems({EXPRESS}):
            site = await self._open(run, system)
            try:
                rounds[system] = [await self._round(run, site)]
            finally:
                # Deliveries to servers that hang are tried again for hours.
                await run.close_working_site(system)
        healthy = MERCHANTS - self.hanging
        return rows_of(self.name, rounds, f"{healthy} of {MERCHANTS} receivers answer")

    async def _open(self, run: Run, system: str) -> Site:
        async with open_receiver(Receiver()) as receiver:
            site = await warm_site(run, system, receiver)
            await site.subscribe([])
        return site

    async def _round(self, run: Run, site: Site) -> Figures:
        assert site.workers
        count = MERCHANTS * (run.plan.scaled(PAYMENTS) // MERCHANTS)
        async with AsyncExitStack() as undo:
            answering = Receiver()
            stuck = Receiver(hangs=True)
            for receiver in (answering, stuck):
                await undo.enter_async_context(open_receiver(receiver))
            urls = [
                (stuck if number < self.hanging else answering).url for number in range(MERCHANTS)
            ]
            keys = await site.add_merchants(urls, EVENT)
            orders = await site.orders(count)
            requests = []
            for number, headers in enumerate(keys):
                mine = orders[number::MERCHANTS]
                await site.give_orders(mine, headers)
                requests.append(create_requests(mine, keys=headers))
            # One merchant's after the other's.
            mixed = [request for each in zip(*requests, strict=True) for request in each]
            await site.settle_statistics()
            answering.expect(count * (MERCHANTS - self.hanging) // MERCHANTS)
            meter = CpuMeter(site.pids)
            generator = Generator(site.port, connections=CLIENTS, expect=CREATED)
            meter.start()
            began_s = perf_counter()
            creating = asyncio.ensure_future(
                generator.closed_loop(mixed, patience_s=run.plan.patience_s)
            )
            complete = await answering.until_complete(run.plan.patience_s)
            last_s = max(answering.arrived_s.values()) if complete else perf_counter()
            meter.stop()
            try:
                await creating
            except LateError:
                complete = False
            site.forget_orders(count)
            arrived = len(answering.arrived_s)
            if not complete or not arrived:
                return Figures(rps=arrived / (last_s - began_s))
            api_us, *worker_us, postgres_us = meter.used_us
            return Figures(
                rps=arrived / (last_s - began_s),
                api_us=(api_us + sum(worker_us)) / arrived,
                pg_us=postgres_us / arrived,
            )


LOADS = (Deliveries("deliveries", hanging=0), Deliveries("deliveries_3_of_10_hang", hanging=3))
