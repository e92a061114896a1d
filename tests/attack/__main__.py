"""Run it: ``python -m tests.attack --seed 1``."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from .corpus import attack, corpus
from .flood import FLOODS, flood
from .schema import EVERY_CHECK, fuzz
from .site import Site, open_site

ALL = ("schema", "corpus", "floods")
SCHEMA_PHASES = "examples,coverage,fuzzing,stateful"


@dataclass
class Report:
    """What the attacks found; a sentence for each finding."""

    seed: int
    figures: dict[str, Any] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)


async def attack_all(options: argparse.Namespace, seed: int, logs: Path) -> Report:
    """Attack a gateway with everything that was chosen."""
    report = Report(seed)
    async with open_site(logs) as site:
        if "schema" in options.only:
            await _schema(site, options.examples, logs, report)
        if "corpus" in options.only:
            await _corpus(site, options.requests, report)
        if "floods" in options.only:
            await _floods(site, options.seconds, report)
        errors = site.server_errors()
    report.figures["unexpected_errors"] = len(errors)
    report.findings += errors
    return report


async def _schema(site: Site, examples: int, logs: Path, report: Report) -> None:
    cases = 0
    for with_keys in (True, False):
        fuzzed = await fuzz(
            site.client,
            logs,
            examples=examples,
            checks=EVERY_CHECK,
            phases=SCHEMA_PHASES,
            seed=report.seed,
            with_keys=with_keys,
            timeout_s=3600,
        )
        cases += fuzzed.cases
        if fuzzed.code != 0:
            report.findings.append(fuzzed.output)
    report.figures["schema_cases"] = cases


async def _corpus(site: Site, count: int, report: Report) -> None:
    answers = await attack(site.port, corpus(report.seed, count))
    report.figures |= {
        "corpus_requests": answers.requests,
        "corpus_answers": dict(sorted(answers.counts.items())),
        "hangs": answers.hangs,
    }
    report.findings += answers.wrong


async def _floods(site: Site, seconds: float, report: Report) -> None:
    found = []
    for name in ("none", *FLOODS, "held connections", "all"):
        flooded = await flood(site, name, seconds)
        found.append(flooded.figures())
        sys.stdout.write(json.dumps(found[-1]) + "\n")
        sys.stdout.flush()
        report.findings += [f"{name}: the customer's request: {each}" for each in flooded.failures]
    report.figures["floods"] = found


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the attacks, and print what they found and one line of JSON."""
    parser = argparse.ArgumentParser(prog="make attack", description=__doc__)
    parser.add_argument("--seed", type=int, default=None, help="of all requests; default: any")
    parser.add_argument("--only", nargs="+", choices=ALL, default=ALL, help="these attacks")
    parser.add_argument("--examples", type=int, default=8, help="random requests an operation")
    parser.add_argument("--requests", type=int, default=2_000, help="hostile requests")
    parser.add_argument("--seconds", type=float, default=20, help="of each flood")
    options = parser.parse_args(arguments)
    seed = Random().randrange(1_000_000) if options.seed is None else options.seed
    with TemporaryDirectory(prefix="paygate-attack-") as logs:
        report = asyncio.run(attack_all(options, seed, Path(logs)))
    lines = [*report.findings, json.dumps({"seed": seed, **report.figures})]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.exit(1 if report.findings else 0)


if __name__ == "__main__":
    main()
