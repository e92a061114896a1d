"""How long a test waits for its app: ``.venv/bin/python bench/fixture.py [how many]``."""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

APPS = int(sys.argv[1]) if len(sys.argv) > 1 else 30
# What a short test does with its app, so that the next database is made meanwhile as it
# would be in a suite.
TEST_S = 0.1


def main() -> None:
    began = time.perf_counter()
    from paygate.testing.session import open_session

    with open_session() as session:
        with session.app():
            print(f"the first, with imports and PostgreSQL: {time.perf_counter() - began:.2f} s")
        for name, make in (("paygate_app", session.app), ("paygate_server", session.server)):
            waited_ms, worked_ms = measure(make)
            print(
                f"{name}: median {statistics.median(waited_ms):.0f} ms, "
                f"p95 {statistics.quantiles(waited_ms, n=20)[-1]:.0f} ms, "
                f"of them {statistics.median(worked_ms):.0f} ms of this process's work "
                f"({len(waited_ms)} apps, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores)"
            )


def measure(make: Callable[[], AbstractContextManager[object]]) -> tuple[list[float], list[float]]:
    waited_ms, worked_ms = [], []
    for _ in range(APPS):
        began, worked = time.perf_counter(), time.process_time()
        with make():
            waited_ms.append((time.perf_counter() - began) * 1000)
            worked_ms.append((time.process_time() - worked) * 1000)
            time.sleep(TEST_S)
    return waited_ms, worked_ms


if __name__ == "__main__":
    main()
