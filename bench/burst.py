"""A burst of payments on one worker: how soon all settle, how much memory it takes."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import aiohttp
import asyncpg

from paygate.adapters.embedded import start_servers

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.harness.apps import KEYS
from tests.harness.folders import open_folder
from tests.harness.processes import stack

UNSETTLED = "SELECT count(*) FROM payments WHERE status NOT IN ('success', 'failed')"
GIVE_UP_S = 120.0
CONNECTIONS = 32


def resident_kib(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    raise RuntimeError("no VmRSS")


async def create_all(base: str, count: int) -> tuple[float, list[float]]:
    """Create the payments; how long that took, and each answer's time."""
    slots = asyncio.Semaphore(CONNECTIONS)
    took: list[float] = []

    async def post(path: str, body: object) -> str:
        async with slots:
            began = time.perf_counter()
            async with session.post(f"{base}/api/v1{path}", json=body) as response:
                assert response.status == 201, await response.text()
                answer = await response.json()
            took.append(time.perf_counter() - began)
            return str(answer["id"])

    async with aiohttp.ClientSession(headers=KEYS) as session:
        orders = await asyncio.gather(*(post("/orders", {"amount": 100}) for _ in range(count)))
        took.clear()
        began = time.perf_counter()
        await asyncio.gather(
            *(post("/payments", {"order_id": o, "method": "upi", "vpa": "a@b"}) for o in orders)
        )
        return time.perf_counter() - began, sorted(took)


async def settle(url: str, worker: int) -> tuple[float, int]:
    """Until nothing is unsettled; how long that took, and the most memory seen."""
    began, most = time.perf_counter(), 0
    connection = await asyncpg.connect(url)
    try:
        while await connection.fetchval(UNSETTLED):
            most = max(most, resident_kib(worker))
            if time.perf_counter() - began > GIVE_UP_S:
                raise SystemExit("some payments never settled")
            await asyncio.sleep(0.1)
    finally:
        await connection.close()
    return time.perf_counter() - began, most


async def burst(count: int, rounds: int, home: Path) -> None:
    with start_servers(home / "servers") as servers:
        urls = servers.urls
        async with stack(urls.database_url, urls.redis_url, home, {}) as processes:
            client = await processes.serve("--prepare")
            worker = await processes.start("work")
            await asyncio.sleep(2)
            print(f"worker at rest: {resident_kib(worker.pid) / 1024:.0f} MiB")
            for round_ in range(1, rounds + 1):
                creating, took = await create_all(client.base, count)
                settling, most = await settle(urls.database_url, worker.pid)
                print(
                    f"round {round_}: {count} payments created in {creating:.1f} s "
                    f"(p50 {took[len(took) // 2] * 1000:.0f} ms, "
                    f"p99 {took[len(took) * 99 // 100] * 1000:.0f} ms, {CONNECTIONS} connections), "
                    f"all settled {settling:.1f} s after the last, worker {most / 1024:.0f} MiB"
                )
            worker.send_signal(signal.SIGTERM)
            await worker.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    os.environ.pop("TEST_MODE", None)
    with open_folder() as home:
        asyncio.run(burst(options.count, options.rounds, home))


if __name__ == "__main__":
    main()
