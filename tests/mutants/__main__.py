"""Remove safeguards one at a time, and show that a named test fails without each.

``make mutants`` runs it. The last line of its output is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from paygate.adapters.embedded.throwaway import throwaway_servers
from tests.harness.databases import open_databases

from .copied import Copy
from .declared import ROOT, Mutant, declared_mutants, problems
from .verdict import Verdict, failures, judge

PATIENCE_S = 15
"""How long a test waits for what it expects. Without a safeguard it may wait in vain."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a mutant."""

    mutant: Mutant
    verdict: Verdict
    reason: str
    took_s: float

    @property
    def line(self) -> str:
        """The result for people."""
        reason = f"   {self.reason}" if self.reason else ""
        return f"{self.verdict:9}{self.took_s:6.1f} s  {self.mutant.name}{reason}"


def main() -> int:
    """Run the mutants that the arguments choose; return the exit code."""
    asked = _arguments()
    began_s = time.monotonic()
    chosen = _chosen(asked.only)
    if wrong := list(problems(chosen)):
        sys.stdout.write("\n".join([*wrong, ""]))
        return 1
    with _copies(asked.jobs) as copies:
        if not _is_green(chosen, copies[0], asked.jobs):
            return 1
        results = list(_results(chosen, copies, asked.repeat))
    _report(results, took_s=time.monotonic() - began_s)
    return 0 if all(each.verdict == "caught" for each in results) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("--only", default="", help="names of mutants, separated by commas")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="copies at work")
    parser.add_argument("--repeat", type=int, default=1, help="how often each must be caught")
    return parser.parse_args()


def _chosen(only: str) -> Sequence[Mutant]:
    every = declared_mutants()
    names = {name for name in only.split(",") if name}
    if unknown := names - {mutant.name for mutant in every}:
        raise SystemExit(f"no such mutants: {', '.join(sorted(unknown))}")
    return [mutant for mutant in every if not names or mutant.name in names]


@contextmanager
def _copies(count: int) -> Iterator[Sequence[Copy]]:
    """Copies of the tree, and one pair of servers for all of their tests."""
    with ExitStack() as stack:
        servers = stack.enter_context(throwaway_servers(f"mutants-{os.getpid()}", redis=True))
        # Keeps the template of the unchanged migrations between the runs.
        stack.enter_context(open_databases(servers.urls.database_url))
        environ = {
            "PAYGATE_TEST_DATABASE_URL": servers.urls.database_url,
            "PAYGATE_TEST_REDIS_URL": servers.urls.redis_url,
            "PAYGATE_TEST_PATIENCE_S": str(PATIENCE_S),
        }
        folders = [
            Path(stack.enter_context(TemporaryDirectory(prefix="paygate-mutants-")))
            for _ in range(count)
        ]
        yield [Copy.of(ROOT, folder, environ) for folder in folders]


def _is_green(mutants: Sequence[Mutant], copy: Copy, jobs: int) -> bool:
    """Whether all named tests pass as long as nothing is removed."""
    tests = sorted({test for mutant in mutants for test in mutant.tests})
    began_s = time.monotonic()
    deadline_s = max(mutant.deadline_s for mutant in mutants)
    run = copy.run(tests, deadline_s=deadline_s, options=["-n", str(jobs), "--dist", "loadfile"])
    failed = failures(run)
    took_s = time.monotonic() - began_s
    _say(f"{len(tests)} tests with all safeguards: {len(failed)} failed, {took_s:.0f} s")
    for each in failed:
        _say(f"  {each}")
    return not failed


def _results(mutants: Sequence[Mutant], copies: Sequence[Copy], repeat: int) -> Iterator[Result]:
    free: queue.Queue[Copy] = queue.Queue()
    for copy in copies:
        free.put(copy)

    def result(mutant: Mutant) -> Result:
        copy = free.get()
        try:
            return _result(mutant, copy, repeat)
        finally:
            free.put(copy)

    with ThreadPoolExecutor(len(copies)) as pool:
        try:
            for each in as_completed([pool.submit(result, mutant) for mutant in mutants]):
                _say(each.result().line)
                yield each.result()
        finally:
            # Ctrl-C waits for those that run, and not for all.
            pool.shutdown(cancel_futures=True)


def _result(mutant: Mutant, copy: Copy, repeat: int) -> Result:
    began_s = time.monotonic()
    verdict: Verdict = "caught"
    reason = ""
    # Of the parameters of one test, the first that fails is enough.
    options = ["--exitfirst"] if len(mutant.tests) == 1 else []
    with copy.without(mutant):
        for _ in range(repeat):
            run = copy.run(mutant.tests, deadline_s=mutant.deadline_s, options=options)
            verdict, reason = judge(run, mutant.tests)
            if verdict != "caught":
                break
    return Result(mutant, verdict, reason, time.monotonic() - began_s)


def _report(results: Sequence[Result], *, took_s: float) -> None:
    names: Mapping[str, list[str]] = {
        verdict: [each.mutant.name for each in results if each.verdict == verdict]
        for verdict in ("survived", "hung", "broken")
    }
    caught = sum(each.verdict == "caught" for each in results)
    _say("")
    for each in results:
        if each.verdict != "caught":
            _say(each.line)
    _say(f"{caught} of {len(results)} mutants are caught, {took_s:.0f} s")
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    figures = {"mutants": len(results), "caught": caught, **names, "seconds": round(took_s)}
    _say(json.dumps({**figures, "commit": commit.stdout.strip()}))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
