"""A plugin of pytest: write what became of each test, and what was imported, to a file.

The runner copies this file into the environment of a copied tree, where it imports nothing of
that tree.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

OUTCOMES = "PAYGATE_MUTANT_OUTCOMES"
"""The variable that names the file."""
TEXT_CHARS_MAX = 20_000

found: list[dict[str, Any]] = []


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Keep the class of the exception, which a report does not have."""
    outcome: Any = yield
    raised = call.excinfo
    outcome.get_result().exception = None if raised is None else raised.type.__name__


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Record what could not be collected."""
    if report.failed:
        _add(report, "collect")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Record each call, and each part of a test that failed."""
    if report.when == "call" or report.failed:
        _add(report, str(report.when))


def pytest_sessionfinish() -> None:
    """Write the file."""
    files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    imported = sorted({str(file) for file in files if file})
    Path(os.environ[OUTCOMES]).write_text(json.dumps({"tests": found, "imported": imported}))


def _add(report: Any, when: str) -> None:
    text = "\n".join([str(report.longrepr or ""), *(content for _, content in report.sections)])
    found.append(
        {
            "test": report.nodeid,
            "when": when,
            "failed": report.failed,
            "exception": getattr(report, "exception", None),
            "text": text[-TEXT_CHARS_MAX:],
        }
    )
