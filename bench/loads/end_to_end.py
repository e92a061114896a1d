"""From the first request until the last payment is settled and its webhook has arrived."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable
from dataclasses import dataclass
from time import monotonic, perf_counter

from ..figures import EXPRESS, PAYGATE, Figures, Row, percentile, rows_of
from ..load import Generator, LateError, LoadError, Measured
from ..machine import CpuMeter
from ..plan import Run
from ..receiver import Receiver, open_receiver
from ..systems import Site, create_requests

CLIENTS = 16
EVENT = "payment.success"
RECORDED_WITHIN_S = 20.0
CREATED = 201
WARM_UP = 100
# Statuses that clients may read by SQL: all payments settled, all deliveries recorded.
UNRECORDED = """
SELECT (SELECT count(*) FROM payments WHERE status <> 'success')
    + (SELECT count(*) FROM webhook_logs WHERE status <> 'success')
"""

WAL_BYTES = "SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint"
# Tables with their indexes. They are truncated before a round.
STORED_BYTES = """
SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""


@dataclass(frozen=True)
class EndToEnd:
    """A number of payments, created as fast as possible by sixteen clients.

    Attributes:
        payments: How many.
        peers: With which paygate is compared.
    """

    payments: int
    peers: frozenset[str] = frozenset({EXPRESS})

    @property
    def name(self) -> str:
        """The load's name."""
        return f"end_to_end_{self.payments}"

    async def __call__(self, run: Run) -> list[Row]:
        """Run the load, the systems in turns."""
        count = run.plan.scaled(self.payments)
        systems = run.systems(self.peers)
        rounds: dict[str, list[Figures]] = {system: [] for system in systems}
        late: set[str] = set()
        async with open_receiver(Receiver()) as receiver:
            for number in range(run.plan.rounds):
                for system in systems if number % 2 == 0 else reversed(systems):
                    site = await warm_site(run, system, receiver)
                    wal = await site.connection.fetchval(WAL_BYTES)
                    figures, complete = await one_round(site, receiver, count, run.plan.patience_s)
                    rounds[system].append(figures)
                    if complete and system == PAYGATE:
                        wal = await site.connection.fetchval(WAL_BYTES) - wal
                        stored = await site.connection.fetchval(STORED_BYTES)
                        run.facts[f"{self.name}_wal_bytes"] = round(wal / count)
                        run.facts[f"{self.name}_stored_bytes"] = round(stored / count)
                    if not complete:
                        # What is left over would disturb the next round.
                        late.add(system)
                        await run.close_working_site(system)
        note = f"{count} payments until settled and delivered"
        if late:
            note += f"; {', '.join(sorted(late))}: what arrived in {run.plan.patience_s:.0f} s"
        return rows_of(self.name, rounds, note)


async def warm_site(run: Run, system: str, receiver: Receiver) -> Site:
    """Return a system with its worker; one that was just started has done some payments."""
    if run.has_working_site(system):
        return await run.working_site(system)
    site = await run.working_site(system)
    await one_round(site, receiver, WARM_UP, run.plan.patience_s)
    return site


async def one_round(
    site: Site, receiver: Receiver, count: int, patience_s: float
) -> tuple[Figures, bool]:
    """Run one round; return its figures, and whether every webhook came in time.

    Raises:
        LoadError: A signature was wrong, or the system does not record what it has done.
    """
    assert site.workers
    await site.empty()
    receiver.secret = await site.subscribe([receiver.url], [EVENT])
    requests = create_requests(await site.orders(count))
    await site.settle_statistics()
    receiver.expect(count)
    meter = CpuMeter(site.pids)
    generator = Generator(site.port, connections=CLIENTS, expect=CREATED, keep_bodies=True)
    meter.start()
    began_s = perf_counter()
    created = await _both(
        generator.closed_loop(requests, patience_s=patience_s),
        receiver.until_complete(patience_s),
    )
    meter.stop()
    if receiver.wrong_signatures:
        raise LoadError(f"{site.system}: {receiver.wrong_signatures} wrong signatures")
    arrived = dict(receiver.arrived_s)
    if created is None:
        return Figures(rps=len(arrived) / (perf_counter() - began_s)), False
    site.forget_orders(count)
    await until_recorded(site)
    api_us, *worker_us, postgres_us = meter.used_us
    waited_s = [
        arrived[json.loads(body)["id"].encode()] - created_s
        for created_s, body in zip(created.ended_s, created.bodies, strict=True)
    ]
    figures = Figures(
        rps=count / (max(arrived.values()) - began_s),
        p50_ms=1000 * percentile(waited_s, 0.50),
        p99_ms=1000 * percentile(waited_s, 0.99),
        api_us=(api_us + sum(worker_us)) / count,
        pg_us=postgres_us / count,
    )
    return figures, True


async def _both(creating: Awaitable[Measured], arriving: Awaitable[bool]) -> Measured | None:
    """Wait for the last response and the last webhook; return None if they are late.

    Raises:
        LoadError: A response was not as expected.
    """
    responses, webhooks = asyncio.ensure_future(creating), asyncio.ensure_future(arriving)
    try:
        # An error ends it at once. Being late is none.
        await asyncio.wait({responses, webhooks}, return_when=asyncio.FIRST_EXCEPTION)
        if responses.done() and not isinstance(responses.exception(), LateError):
            measured = responses.result()
            return measured if await webhooks else None
        return None
    finally:
        for task in (responses, webhooks):
            task.cancel()
        await asyncio.gather(responses, webhooks, return_exceptions=True)


async def until_recorded(site: Site) -> None:
    """Wait until the database says what the receiver has seen.

    Raises:
        LoadError: It does not.
    """
    give_up_s = monotonic() + RECORDED_WITHIN_S
    while left := await site.connection.fetchval(UNRECORDED):
        if monotonic() > give_up_s:
            raise LoadError(f"{site.system}: {left} payments or deliveries are not recorded")
        await asyncio.sleep(0.05)


# The largest one tells whether paygate keeps its rate; the peer would take minutes.
LOADS = (EndToEnd(1_000), EndToEnd(8_000), EndToEnd(20_000, frozenset()))
