"""paygate and its peers on this machine, side by side: ``make bench``."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import fnmatch
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvloop

from .ceiling import measure_ceiling
from .figures import PEERS, Row, Variant
from .load import LoadError
from .loads import api, backlog, deliveries, end_to_end
from .loads.default_delays import DefaultDelays
from .loads.growth import Growth
from .loads.idle import Idle
from .loads.limit import Limit
from .loads.steady import Steady
from .machine import busy_us, choose_cores, cpu_us, describe_machine
from .plan import FULL, QUICK, Plan, Run
from .report import fact_lines, ratio_lines, ratios_of, table, to_json, write
from .servers import Processes, open_servers

RESULTS = Path(__file__).parent / "results" / "latest.json"
LONGEST_S = 3600.0
OTHERS_PERCENT_MAX = 10

Load = Callable[[Run], Awaitable[list[Row]]]
# First those that the ratios need, which a quick run must not leave out.
LOADS: Mapping[str, Load] = {
    **{each.name: each for each in api.CREATES},
    **{each.name: each for each in end_to_end.LOADS},
    Growth.name: Growth(),
    **{each.name: each for each in api.OTHERS},
    Steady.name: Steady(),
    Limit.name: Limit(),
    **{each.name: each for each in backlog.LOADS},
    **{each.name: each for each in deliveries.LOADS},
    DefaultDelays.name: DefaultDelays(),
    Idle.name: Idle(),
}


class Others:
    """CPU time that processes use which do not belong to this run."""

    def __init__(self) -> None:
        self._began = self._now()

    def percent(self) -> int:
        """Return their share of one core so far."""
        used_us, at_s = self._now()
        return round((used_us - self._began[0]) / (at_s - self._began[1]) / 10_000)

    def _now(self) -> tuple[int, float]:
        return busy_us() - cpu_us(os.getpid()), time.monotonic()


def choose(only: str, left_out: Collection[str] = ()) -> list[str]:
    """Return the names of the loads to run.

    Args:
        only: Names with commas between them; ``create*`` names several. Empty for all.
        left_out: Loads that do not run unless they are named.
    """
    if not only:
        return [name for name in LOADS if name not in left_out]
    patterns = only.split(",")
    for pattern in patterns:
        if not fnmatch.filter(LOADS, pattern):
            raise SystemExit(f"there is no load {pattern}; there are {', '.join(LOADS)}")
    return [name for name in LOADS if any(fnmatch.fnmatch(name, each) for each in patterns)]


def choose_peers(named: str) -> frozenset[str]:
    """Return the peers to compare paygate with."""
    peers = frozenset() if named == "none" else frozenset(named.split(","))
    if unknown := peers - PEERS:
        raise SystemExit(f"there is no peer {min(unknown)}; there are {', '.join(sorted(PEERS))}")
    return peers


def choose_variants(servers: str, processes: str) -> tuple[Variant, ...]:
    """Return paygate with each of the servers and of the numbers of processes.

    Args:
        servers: Names with commas between them.
        processes: Numbers with commas between them.
    """
    numbers = sorted({1, *map(int, processes.split(","))})
    names = dict.fromkeys(["hypercorn", *servers.split(",")])
    return tuple(Variant(name, number) for name in names for number in numbers)[1:]


async def bench(plan: Plan, names: Sequence[str]) -> dict[str, Any]:
    """Run the loads, print each one's rows, return the content of the file."""
    cores = choose_cores(shared=plan.shared_cores)
    machine: dict[str, Any] = {
        **describe_machine(),
        "api_core": cores.api,
        "other_core": cores.rest,
    }
    rows: list[Row] = []
    others = Others()
    took_s: dict[str, float] = {}
    failed: dict[str, str] = {}
    began_s = time.monotonic()
    async with AsyncExitStack() as undo:
        servers = await undo.enter_async_context(open_servers(cores))
        processes = await undo.enter_async_context(Processes(servers.home, cores))
        machine["ceiling_rps"] = round(await measure_ceiling(servers, processes, plan))
        print(f"the load generator's own limit: {machine['ceiling_rps']:,} requests/s\n")
        run = Run(plan, servers, processes)
        undo.push_async_callback(run.close)
        print(table([]), flush=True)
        for name in names:
            if time.monotonic() - began_s > plan.budget_s:
                print(f"{name:46}left out: {plan.budget_s:.0f} s are over", flush=True)
                continue
            load_began_s = time.monotonic()
            try:
                found = await LOADS[name](run)
            except (LoadError, RuntimeError) as error:
                # The next loads get systems of their own, and the run fails at its end.
                print(f"{name:46}failed: {error}", flush=True)
                failed[name] = str(error)
                await run.close()
                continue
            took_s[name] = round(time.monotonic() - load_began_s, 1)
            rows += found
            if found:
                print(table(found, head=False), flush=True)
            machine["others_percent"] = others.percent()
    ratios = ratios_of(rows)
    print(f"\n{ratio_lines(ratios)}")
    if run.facts:
        print(f"\n{fact_lines(run.facts)}")
    if (percent := machine.get("others_percent", 0)) > OTHERS_PERCENT_MAX:
        print(
            f"\nother processes used {percent} % of a core meanwhile: repeat it on a quiet machine"
        )
    return {
        **to_json(rows, machine, ratios),
        "facts": run.facts,
        "took_s": took_s,
        "failed": failed,
        "plan": plan.to_json(),
    }


async def until_done_or_stopped(work: Awaitable[dict[str, Any]]) -> dict[str, Any] | None:
    """Run to the end; after Ctrl-C or SIGTERM stop everything and return None."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        async with asyncio.timeout(LONGEST_S):
            return await task
    return None


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less than 90 s: short and small")
    parser.add_argument("--only", default="", help="names of loads, separated by commas")
    parser.add_argument("--peers", help="express, fastapi, both with a comma, or none")
    parser.add_argument(
        "--server", default="hypercorn", help="also paygate with these HTTP servers: uvicorn"
    )
    parser.add_argument(
        "--processes", default="1", help="also paygate with so many API processes: 1,2,4"
    )
    parser.add_argument(
        "--shared-cores", action="store_true", help="every process may use every core"
    )
    parser.add_argument("--rounds", type=int, help="of each load")
    parser.add_argument("--window", type=float, help="length of a round in seconds")
    parser.add_argument("--output", type=Path, default=RESULTS, help="the file of JSON")
    options = parser.parse_args()
    if not hasattr(os, "sched_setaffinity"):
        raise SystemExit("the benchmark pins processes to cores and reads /proc: it needs Linux")
    plan = QUICK if options.quick else FULL
    names = choose(options.only, plan.left_out)
    began_s = time.monotonic()
    plan = replace(
        plan,
        rounds=options.rounds or plan.rounds,
        window_s=options.window or plan.window_s,
        peers=plan.peers if options.peers is None else choose_peers(options.peers),
        variants=choose_variants(options.server, options.processes),
        shared_cores=options.shared_cores,
    )
    content = uvloop.run(until_done_or_stopped(bench(plan, names)))
    if content is None:
        print("stopped", file=sys.stderr)
        return 130
    write(options.output, {"quick": options.quick, **content})
    print(f"\n{options.output} · {time.monotonic() - began_s:.0f} s")
    return 1 if content["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
