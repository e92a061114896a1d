"""Let requests about one payment meet, and count how it ends.

One line of JSON per race; the last one says ``{"ok": true}`` where every count that
must be zero is. Two ``paygate serve`` and two ``paygate work`` on one PostgreSQL, which
``PAYGATE_TEST_DATABASE_URL`` may name.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.racing.races import RACES, Race
from bench.racing.track import Track, track
from paygate.adapters.embedded import start_servers
from tests.harness.folders import open_folder

ROUNDS = 200


async def run(race: Race, on: Track, rounds: int) -> dict[str, Any]:
    """Run one race; return its line."""
    on.answers.clear()
    deadlocks, assertions = on.deadlocks(), on.assertion_errors()
    began = time.monotonic()
    line: dict[str, Any] = {"race": race.__name__, "rounds": rounds}
    zero: dict[str, int] = {}
    try:
        result = await race(on, rounds)
        zero = dict(result.must_be_zero)
        line |= {"endings": result.endings, **result.counts}
    except (AssertionError, TimeoutError) as error:
        # The race could not be run to its end; the others still can.
        zero["cut short"] = 1
        line["cut_short"] = str(error)
    zero |= {
        "answers of 500 and more": on.server_errors(),
        "deadlocks": on.deadlocks() - deadlocks,
        "assertion errors logged": on.assertion_errors() - assertions,
    }
    line["answers"] = {str(status): count for status, count in sorted(on.answers.items())}
    line["seconds"] = round(time.monotonic() - began, 1)
    return {**line, "must_be_zero": zero, "ok": not any(zero.values())}


async def run_all(urls: tuple[str, str, Path | None], home: Path, rounds: int) -> bool:
    """Run every race, and print a line each; return whether all succeeded."""
    async with track(urls[0], urls[1], home, urls[2]) as (on, processes):
        went_well = True
        for race, divisor in RACES.items():
            line = await run(race, on, max(1, rounds // divisor))
            went_well &= line["ok"]
            print(json.dumps(line), flush=True)
        died = [p.pid for p in processes.processes if p.returncode is not None]
        await processes.close()
        deadlocks = await on.deadlocks_counted()
    went_well &= not died and not deadlocks
    last = {"ok": went_well, "deadlocks": deadlocks, "processes_that_died": len(died)}
    print(json.dumps(last), flush=True)
    return went_well


@contextmanager
def servers(home: Path) -> Iterator[tuple[str, str, Path | None]]:
    """Provide the URLs of PostgreSQL and Redis, and PostgreSQL's log if we started it."""
    database = os.environ.get("PAYGATE_TEST_DATABASE_URL", "")
    redis = os.environ.get("PAYGATE_TEST_REDIS_URL", "")
    if database and redis:
        yield database, redis, None
        return
    own = home / "servers"
    with start_servers(own, durable=False) as started:
        log = None if database else own / "postgres.log"
        yield database or started.urls.database_url, redis or started.urls.redis_url, log


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    with open_folder() as home, servers(home) as urls:
        went_well = asyncio.run(run_all(urls, home, options.rounds))
    sys.exit(0 if went_well else 1)


if __name__ == "__main__":
    main()
