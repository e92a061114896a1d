"""An idle gateway: its start time, and its CPU time and memory at rest."""

from __future__ import annotations

import asyncio
import statistics
import sys
import time

from ..figures import Row
from ..machine import cpu_us, memory_kib, tree
from ..plan import Run
from ..servers import Process, free_port, until_healthy

# Until a gateway that has just started is at rest.
REST_S = 2.0
HELP_RUNS = 5
HELP_WITHIN_S = 30.0


class Idle:
    """``paygate dev`` on a database of its own: time to start, CPU time at rest, memory."""

    name = "idle"

    async def __call__(self, run: Run) -> list[Row]:
        """Start it twice; store what was seen as facts of the run."""
        first_s, process = await self._start(run, 1)
        await process.stop()
        second_s, process = await self._start(run, 2)
        await asyncio.sleep(REST_S)
        used_us, began_s = cpu_us(process.pid), time.monotonic()
        await asyncio.sleep(run.plan.window_s)
        used_us = cpu_us(process.pid) - used_us
        percent = used_us / (time.monotonic() - began_s) / 10_000
        run.facts |= {
            "first_start_s": round(first_s, 2),
            "second_start_s": round(second_s, 2),
            "idle_cpu_percent": round(percent, 2),
            "idle_mib": round(sum(map(memory_kib, tree(process.pid))) / 1024, 1),
            "help_s": round(await self._help(run), 3),
        }
        await process.stop()
        return []

    async def _start(self, run: Run, number: int) -> tuple[float, Process]:
        """Start it; return how long until it answers, and its process."""
        home = run.servers.home / "idle"
        home.mkdir(exist_ok=True)
        home.chmod(0o711)
        port = free_port()
        environ = {
            "PAYGATE_HOME": str(home / "data"),
            "PORT": str(port),
            "PAYGATE_DASHBOARD_PORT": str(free_port()),
            "PAYGATE_CHECKOUT_PORT": str(free_port()),
        }
        argv = [sys.executable, "-m", "paygate", "dev"]
        began_s = time.monotonic()
        process = run.processes.start(
            f"idle-{number}", argv, environ, core=run.servers.cores.api, cwd=home
        )
        await until_healthy(process, port)
        return time.monotonic() - began_s, process

    async def _help(self, run: Run) -> float:
        """Return the median time of ``paygate --help``."""
        took_s = []
        for _ in range(HELP_RUNS):
            began_s = time.monotonic()
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "paygate", "--help"),
                cwd=run.servers.home,
                stdout=asyncio.subprocess.DEVNULL,
            )
            await asyncio.wait_for(process.wait(), HELP_WITHIN_S)
            took_s.append(time.monotonic() - began_s)
        return statistics.median(took_s)
