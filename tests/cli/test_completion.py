"""A shell completes commands and options of ``paygate``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = str(Path(sys.executable).parent / "paygate")


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("paygate cha", ["chaos"]),
        ("paygate chaos --forward", ["--forward-to"]),
        ("paygate payments ", ["list", "show", "timeline"]),
        ("paygate chaos --signature ", ["plain", "standard"]),
    ],
)
def test_commands_options_and_values_are_completed(words: str, completed: list[str]):
    place = len(words.split(" ")) - 1
    shell = {"_PAYGATE_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(place)}

    ran = subprocess.run(
        [PROGRAM], env={**os.environ, **shell}, capture_output=True, text=True, check=False
    )

    assert sorted(ran.stdout.split()) == completed
