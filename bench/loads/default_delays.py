"""Many payments in flight at the delays that a simulated processor has by default."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from time import perf_counter

from ..figures import PAYGATE, Figures, Row, percentile
from ..load import Generator, LoadError
from ..machine import CpuMeter, memory_kib, tree
from ..plan import Run
from ..receiver import Receiver, open_receiver
from ..systems import Site, create_requests, open_paygate
from .end_to_end import CLIENTS, CREATED, EVENT, until_recorded

PAYMENTS = 5_000
DELAYS = {"TEST_MODE": "false", "UPI_SUCCESS_RATE": "1"}
DELAY_S_MAX = 10.0
# Less than the shortest delay.
SAMPLE_S = 1.0
# While the processor has not decided, this is when it will have.
DUE = """
SELECT o.payment_id, o.run_at FROM operations AS o JOIN payments AS p ON p.id = o.payment_id
WHERE p.status NOT IN ('success', 'failed') AND o.run_at > now()
"""
SETTLED = "SELECT id, updated_at FROM payments"


class DefaultDelays:
    """Payments that the processor decides after 5 to 10 seconds, created in a burst."""

    name = "default_delays"

    async def __call__(self, run: Run) -> list[Row]:
        """Run the load once, with paygate alone."""
        count = run.plan.scaled(PAYMENTS)
        site = await open_paygate(
            run.servers,
            run.processes,
            database="paygate_delays",
            redis=run.next_redis(),
            worker=True,
            environ=DELAYS,
        )
        assert site.workers
        try:
            async with open_receiver(Receiver()) as receiver:
                receiver.secret = await site.subscribe([receiver.url], [EVENT])
                requests = create_requests(await site.orders(count))
                await site.settle_statistics()
                receiver.expect(count)
                meter = CpuMeter(site.pids)
                generator = Generator(site.port, connections=CLIENTS, expect=CREATED)
                watching = asyncio.create_task(_watch(site))
                meter.start()
                began_s = perf_counter()
                try:
                    await generator.closed_loop(requests, patience_s=run.plan.patience_s)
                    complete = await receiver.until_complete(run.plan.patience_s + DELAY_S_MAX)
                finally:
                    watching.cancel()
                meter.stop()
                if not complete:
                    raise LoadError(f"{count - len(receiver.arrived_s)} webhooks did not come")
                took_s = max(receiver.arrived_s.values()) - began_s
                await until_recorded(site)
                watched = await watching
                run.facts["default_delays_worker_mib"] = round(watched.memory_kib / 1024, 1)
                settled = await site.connection.fetch(SETTLED)
                late_s = [
                    (settled_at - watched.due[payment]).total_seconds()
                    for payment, settled_at in settled
                    if payment in watched.due
                ]
        finally:
            await site.close()
        api_us, *worker_us, postgres_us = meter.used_us
        figures = Figures(
            rps=count / took_s,
            p50_ms=1000 * percentile(late_s, 0.50),
            p99_ms=1000 * percentile(late_s, 0.99),
            api_us=(api_us + sum(worker_us)) / count,
            pg_us=postgres_us / count,
        )
        return [
            Row(
                self.name,
                PAYGATE,
                figures,
                f"{count} payments; p50 and p99: settled after they were due",
            )
        ]


@dataclass
class _Watched:
    """What was seen while payments were in flight.

    Attributes:
        due: When each payment would be decided.
        memory_kib: The most memory that the worker had.
    """

    due: dict[str, datetime] = field(default_factory=dict)
    memory_kib: int = 0


async def _watch(site: Site) -> _Watched:
    """Watch until this is cancelled."""
    assert site.workers
    watched = _Watched()
    connection = await site.servers.connect(site.database)
    try:
        while True:
            memory = sum(map(memory_kib, tree(site.workers[0].pid)))
            watched.memory_kib = max(watched.memory_kib, memory)
            watched.due.update(await connection.fetch(DUE))
            await asyncio.sleep(SAMPLE_S)
    except asyncio.CancelledError:
        return watched
    finally:
        await connection.close()
