"""Deliveries that have waited for a worker: whether many of them slow it down."""

from __future__ import annotations

import asyncio
from time import monotonic, perf_counter

from ..figures import PAYGATE, Figures, Row
from ..load import LoadError
from ..machine import CpuMeter
from ..plan import Run
from ..receiver import Receiver, open_receiver
from ..servers import READY_WITHIN_S, Process
from ..systems import PaygateSite

# Of a payment that no worker has seen.
EVENT = "payment.created"


class Backlog:
    """So many payments and deliveries, all due, when a worker starts.

    Attributes:
        deliveries: How many.
    """

    def __init__(self, deliveries: int) -> None:
        self.deliveries = deliveries
        self.name = f"backlog_{deliveries}"

    async def __call__(self, run: Run) -> list[Row]:
        """Fill the database, start a worker, and measure from the first webhook to the last."""
        (site,) = await run.sites([PAYGATE])
        assert isinstance(site, PaygateSite)
        assert site.start_worker is not None
        count = run.plan.scaled(self.deliveries)
        async with open_receiver(Receiver(by_event=True)) as receiver:
            await site.subscribe([receiver.url], [EVENT])
            await site.fill_created(count)
            receiver.expect(count)
            worker = site.start_worker()
            try:
                await _until_first(receiver, worker)
                meter = CpuMeter([worker.pid, site.servers.postgres_pid])
                meter.start()
                complete = await receiver.until_complete(run.plan.patience_s)
                worker.require_alive()
                meter.stop()
            finally:
                await worker.stop()
                await site.subscribe([])
                await site.empty()
        arrived = len(receiver.arrived_s)
        first_s = min(receiver.arrived_s.values())
        last_s = max(receiver.arrived_s.values()) if complete else perf_counter()
        worker_us, postgres_us = meter.used_us
        figures = Figures(
            rps=(arrived - 1) / (last_s - first_s),
            api_us=worker_us / arrived,
            pg_us=postgres_us / arrived,
        )
        return [Row(self.name, PAYGATE, figures, f"{count} due deliveries of one endpoint")]


async def _until_first(receiver: Receiver, worker: Process) -> None:
    """Wait for the first webhook: the worker takes its time to start.

    Raises:
        LoadError: None came.
    """
    give_up_s = monotonic() + READY_WITHIN_S
    while not receiver.received:
        worker.require_alive()
        if monotonic() > give_up_s:
            raise LoadError(f"no webhook within {READY_WITHIN_S:.0f} s: {worker.words()}")
        await asyncio.sleep(0.005)


LOADS = (Backlog(1_000), Backlog(50_000))
