"""Judge a run of tests without a safeguard."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from .copied import Run

Verdict = Literal["caught", "survived", "hung", "broken"]
"""``caught``: each named test failed. ``survived``: one of them passed. ``hung``: one had no end
within its deadline. ``broken``: the tests did not judge, as the code could not be executed."""

# What a replacement causes that leaves no working code, in Python and in SQL. A server answers
# 500 with it, which a test would count as a failure.
_NO_CODE = re.compile(
    r"\b(SyntaxError|IndentationError|ImportError|ModuleNotFoundError|NameError|UnboundLocalError"
    r"|PostgresSyntaxError|UndefinedColumnError|UndefinedTableError|UndefinedFunctionError"
    r"|AmbiguousColumnError|AmbiguousParameterError|IndeterminateDatatypeError"
    r"|DatatypeMismatchError|GroupingError|UndefinedParameterError)\b"
)
_TIMEOUT = re.compile(r"^(E\s+)?Failed: Timeout \(?>", re.MULTILINE)


def judge(run: Run, tests: Sequence[str]) -> tuple[Verdict, str]:
    """Return the verdict and its reason.

    Args:
        run: The run.
        tests: The tests that must have failed.
    """
    if run.is_killed or any(_TIMEOUT.search(each["text"]) for each in run.tests):
        return "hung", "a test had no end within its deadline"
    for each in run.tests:
        if each["failed"] and (cause := _NO_CODE.search(each["text"])):
            return "broken", f"{each['test']}: {cause[0]}"
    for test in tests:
        own = [each for each in run.tests if _is_of(test, each)]
        if any(each["failed"] and each["when"] == "call" for each in own):
            continue
        if failed := [each for each in own if each["failed"]]:
            return "broken", f"{test} failed in its {failed[0]['when']}: {failed[0]['exception']}"
        if not own:
            return "broken", f"{test} did not run: {run.output[-500:]}"
        return "survived", f"{test} passed"
    return "caught", ""


def failures(run: Run) -> Sequence[str]:
    """Return what failed in a run that must be green."""
    found = [f"{each['test']} ({each['when']})" for each in run.tests if each["failed"]]
    if not run.tests or run.is_killed:
        found.append(run.output[-2000:])
    return found


def _is_of(test: str, record: Mapping[str, Any]) -> bool:
    """Whether a record belongs to a test; a name without brackets means all its parameters."""
    return bool(record["test"] == test or record["test"].startswith(f"{test}["))
