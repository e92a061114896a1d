"""How long statements take that delete old rows beside load: ``.venv/bin/python -m bench.purge``.

200,000 deliveries, with their events, attempts, calls, callbacks and decisions, are old. While they
are deleted, clients create payments and list them.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import statistics
import sys
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

from paygate.adapters.embedded import start_servers
from paygate.adapters.postgres.migrate import migrate
from paygate.adapters.postgres.tables.housekeeping import PostgresRetention
from paygate.core.queue.retention import purge_old_rows
from paygate.core.queue.store import Retention
from tests.harness.apps import KEYS, TestApp, running_app
from tests.harness.fakes import Fakes
from tests.harness.folders import open_folder
from tests.harness.many_rows import fill

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
DAY = timedelta(days=1)
EVERYTHING = Retention(DAY, DAY, DAY, DAY, DAY, DAY)
CLIENTS = 4


def measured(took_ms: list[tuple[float, str, int]]) -> None:
    """Let each statement that deletes note how long it took."""
    purge = PostgresRetention.purge

    async def noted(self: Any, rows: Any, *args: Any, **how: Any) -> int:
        began_s = time.perf_counter()
        count = await purge(self, rows, *args, **how)
        took_ms.append((1000 * (time.perf_counter() - began_s), rows, count))
        return count

    PostgresRetention.purge = noted  # type: ignore[method-assign]  # measured, not changed


async def client(app: TestApp, took_ms: list[float]) -> None:
    """Create payments and list them, one after the other."""
    while True:
        order = await app.order()
        began_s = time.perf_counter()
        body = {"order_id": order, "method": "coin"}
        created = await app.client.post("/api/v1/payments", json=body, headers=KEYS)
        assert created.status_code == 201
        await app.client.get("/api/v1/payments?limit=20", headers=KEYS)
        took_ms.append(1000 * (time.perf_counter() - began_s))


def load(url: str, folder: str, asked: Any) -> None:
    """Create and list payments in a process of its own; answer a word with the times so far."""

    async def run() -> None:
        async with running_app(url, folder, plugins=Fakes().found()) as app:
            took_ms: list[float] = []
            clients = [asyncio.create_task(client(app, took_ms)) for _ in range(CLIENTS)]
            while await asyncio.to_thread(asked.recv) == "show":
                asked.send([*took_ms])
                took_ms.clear()
            for each in clients:
                each.cancel()
            await asyncio.gather(*clients, return_exceptions=True)

    asyncio.run(run())


def shown(what: str, took_ms: list[float]) -> str:
    p99 = statistics.quantiles(took_ms, n=100)[-1]
    median = statistics.median(took_ms)
    return f"{what}: {len(took_ms)} requests, median {median:.1f} ms, p99 {p99:.1f} ms"


async def main() -> None:
    with open_folder() as home, start_servers(home, durable=False) as servers:
        url, folders = servers.urls.database_url, [home / name for name in ("app", "load")]
        await migrate(url)
        for folder in folders:
            folder.mkdir()
        async with running_app(url, folders[0], plugins=Fakes().found()) as app:
            await fill(app, ROWS)
            here, there = multiprocessing.Pipe()
            process = multiprocessing.Process(target=load, args=(url, str(folders[1]), there))
            process.start()
            await asyncio.sleep(5)
            await times_of(here)
            await asyncio.sleep(10)
            print(shown("alone", await times_of(here)))
            took_ms: list[tuple[float, str, int]] = []
            measured(took_ms)
            deps = app.app.deps
            deps = replace(deps, policy=replace(deps.policy, retention=EVERYTHING))
            began_s, purged = time.monotonic(), 0
            while count := await purge_old_rows(deps):
                purged += count
            seconds = time.monotonic() - began_s
            print(shown("beside deletion", await times_of(here)))
            here.send("end")
            process.join()
            times = [took for took, _, _ in took_ms]
            print(
                f"{purged:,} rows deleted in {seconds:.0f} s by {len(times)} statements: median "
                f"{statistics.median(times):.1f} ms, longest {max(times):.0f} ms"
            )
            slow = sum(took > 100 for took in times)
            print(f"{slow} of {len(times)} statements took more than 100 ms")


async def times_of(here: Any) -> list[float]:
    here.send("show")
    found: list[float] = await asyncio.to_thread(here.recv)
    return found


if __name__ == "__main__":
    asyncio.run(main())
