"""The page about other languages starts a gateway and creates an order."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "test-in-your-language.md").read_text()


def program(language: str) -> str:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[0]


@pytest.mark.parametrize(
    ("language", "command"),
    [("python", [sys.executable, "-c"]), ("js", ["node", "--input-type=module", "-e"])],
)
def test_its_program_creates_an_order(language: str, command: list[str], tmp_path: Path):
    paygate = tmp_path / "paygate"
    paygate.write_text(f"#!/bin/sh\nexec '{sys.executable}' -m paygate \"$@\"\n")
    paygate.chmod(0o755)
    ran = subprocess.run(
        [*command, program(language)],
        env={**os.environ, "PAYGATE": str(paygate), "PAYGATE_LOG_LEVEL": "error"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )

    assert ran.stdout == "created\n"
