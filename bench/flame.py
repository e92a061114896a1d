"""Flame graphs of the API and of the worker under load: ``make bench FLAME=1``."""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import uvloop

from .loads.api import CREATE_WITH_KEY
from .loads.end_to_end import EndToEnd
from .machine import choose_cores
from .plan import QUICK, Run
from .run import until_done_or_stopped
from .servers import Processes, open_servers

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "flame"
SAMPLES_PER_S = 100
SECONDS = 12
# Pages load it.
BYTES_MAX = 200_000
PAYMENTS = 1_000
PLAN = replace(
    QUICK, window_s=SECONDS + 3.0, scale=1.0, patience_s=60.0, peers=frozenset(), rounds=1
)


async def record(pid: int, name: str) -> None:
    """Sample a process for some seconds and write the picture.

    Raises:
        RuntimeError: py-spy may not look into the process, or the picture is too large.
    """
    picture = FOLDER / f"{name}.svg"
    argv = [
        *(str(Path(sys.executable).with_name("py-spy")), "record", "--pid", str(pid)),
        *("--duration", str(SECONDS), "--rate", str(SAMPLES_PER_S), "--function"),
        *("--format", "flamegraph", "--output", str(picture)),
    ]
    recording = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.DEVNULL)
    if await recording.wait():
        raise RuntimeError("py-spy may not look into the process: run it as root")
    # It shows its command line, with the folders of this machine.
    picture.write_text(picture.read_text().replace(f"{ROOT}/", ""))
    if (size := picture.stat().st_size) > BYTES_MAX:
        raise RuntimeError(f"{picture} has {size} bytes")
    print(picture)


async def record_all() -> dict[str, object]:
    """Record the API while payments are created, and the worker while they are processed."""
    FOLDER.mkdir(exist_ok=True)
    cores = choose_cores()
    async with AsyncExitStack() as undo:
        servers = await undo.enter_async_context(open_servers(cores))
        processes = await undo.enter_async_context(Processes(servers.home, cores))
        run = Run(PLAN, servers, processes)
        undo.push_async_callback(run.close)
        (site,) = await run.sites(["paygate"])
        await site.empty()
        loading = asyncio.create_task(CREATE_WITH_KEY.round(site, PLAN, first=True))
        await asyncio.sleep(PLAN.warm_up_s + 2.0)
        await record(site.api.pid, "api_create_with_key")
        await loading
        await run.close()
        site = await run.working_site("paygate")
        repeating = asyncio.create_task(_end_to_end(run))
        await asyncio.sleep(5.0)
        await record(site.workers[0].pid, "worker_end_to_end_1000")
        repeating.cancel()
    return {}


async def _end_to_end(run: Run) -> None:
    while True:
        await EndToEnd(PAYMENTS)(run)


if __name__ == "__main__":
    sys.exit(uvloop.run(until_done_or_stopped(record_all())) is None)
