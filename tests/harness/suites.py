"""Run the test suites of merchants and plugin authors."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from .prepared import run_module

PATIENCE_S = 240
# Plugins of pytest that libraries of ours bring along: seconds to import, for nothing.
UNUSED = ("valkey", "schemathesis", "respx", "cacheprovider")
# The process of a suite has imported paygate, whose assertions pytest would write anew.
NO_WARNING = ("-W", "ignore::pytest.PytestAssertRewriteWarning")
PYTEST = ("-q", *NO_WARNING, *(part for name in UNUSED for part in ("-p", f"no:{name}")))
"""The arguments of pytest."""


def run_suite(
    *arguments: str, cwd: Path, environ: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run pytest in a process of its own; see ``prepared``."""
    return run_module(
        "pytest", (*PYTEST, *arguments), cwd=cwd, environ=environ, timeout_s=PATIENCE_S
    )
