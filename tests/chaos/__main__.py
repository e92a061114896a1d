"""Run it: ``python -m tests.chaos --seconds 120 --seed 1``."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from .run import Chaos, run


def main() -> None:
    """Run the load and the faults, and print the report."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=120, help="how long faults happen")
    parser.add_argument("--seed", type=int, default=None, help="of the plan; default: any")
    parser.add_argument("--payments", type=int, default=None, help="stop selling after so many")
    parser.add_argument("--programs", type=int, default=12, help="merchants' programs at once")
    parser.add_argument("--standby", action="store_true", help="PostgreSQL fails over, twice")
    parser.add_argument("--logs", type=Path, default=None, help="keep the processes' logs here")
    options = parser.parse_args()
    seed = Random().randrange(1_000_000) if options.seed is None else options.seed
    chaos = Chaos(seed, options.seconds, options.payments, options.programs, options.standby)
    with TemporaryDirectory(prefix="paygate-chaos-") as temporary:
        logs = options.logs or Path(temporary)
        logs.mkdir(parents=True, exist_ok=True)
        report = asyncio.run(run(chaos, logs))
    lines = [*report.sentences, json.dumps(report.figures)]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.exit(0 if report.is_good else 1)


if __name__ == "__main__":
    main()
