"""A rate that every system can sustain: how soon requests are answered and webhooks arrive."""

from __future__ import annotations

import time
from time import perf_counter

from ..figures import EXPRESS, Figures, Row, percentile, rows_of
from ..load import Generator, Window
from ..machine import CpuMeter
from ..plan import Run
from ..receiver import Receiver, open_receiver
from ..systems import Site, create_requests
from .end_to_end import CREATED, EVENT, until_recorded, warm_site

RATE = 200
CONNECTIONS = 64
# When each payment was settled, as the database says.
SETTLED = "SELECT id, extract(epoch FROM updated_at)::float8 FROM payments WHERE status = 'success'"


class Steady:
    """200 payments a second, whether or not the ones before are answered."""

    name = "steady"

    async def __call__(self, run: Run) -> list[Row]:
        """Run the load, the systems in turns."""
        systems = run.systems({EXPRESS})
        answered: dict[str, list[Figures]] = {system: [] for system in systems}
        delivered: dict[str, list[Figures]] = {system: [] for system in systems}
        async with open_receiver(Receiver()) as receiver:
            for number in range(run.plan.rounds):
                for system in systems if number % 2 == 0 else reversed(systems):
                    site = await warm_site(run, system, receiver)
                    api, webhooks = await self._round(run, site, receiver)
                    answered[system].append(api)
                    delivered[system].append(webhooks)
        note = f"{RATE} payments a second, from the time at which each request is due"
        return [
            *rows_of("steady_api", answered, note),
            *rows_of("steady_webhook", delivered, "from the time at which a payment is settled"),
        ]

    async def _round(self, run: Run, site: Site, receiver: Receiver) -> tuple[Figures, Figures]:
        assert site.workers
        count = int(RATE * (run.plan.warm_up_s + 2 * run.plan.window_s))
        await site.empty()
        receiver.secret = await site.subscribe([receiver.url], [EVENT])
        requests = create_requests(await site.orders(count))
        await site.settle_statistics()
        receiver.expect(count)
        meter = CpuMeter(site.pids)
        generator = Generator(site.port, connections=CONNECTIONS, expect=CREATED)
        measured = await generator.open_loop(
            requests,
            rate=RATE,
            warm_up_s=run.plan.warm_up_s,
            window=Window(meter.start, meter.stop),
        )
        await receiver.until_complete(run.plan.patience_s)
        site.forget_orders(count)
        await until_recorded(site)
        offset_s = time.time() - perf_counter()
        late_s = [
            receiver.arrived_s[id.encode()] + offset_s - settled_s
            for id, settled_s in await site.connection.fetch(SETTLED)
        ]
        api_us, *worker_us, postgres_us = meter.used_us
        done = len(measured.latencies_s)
        api = Figures(
            rps=measured.rps,
            p50_ms=1000 * percentile(measured.latencies_s, 0.50),
            p99_ms=1000 * percentile(measured.latencies_s, 0.99),
            api_us=(api_us + sum(worker_us)) / done,
            pg_us=postgres_us / done,
        )
        webhooks = Figures(
            p50_ms=1000 * percentile(late_s, 0.50), p99_ms=1000 * percentile(late_s, 0.99)
        )
        return api, webhooks
