"""The product speaks in the field's terms: words that were only ours stay away."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INSTEAD = {
    r"(door)?bells?": "notifier",
    r"rings?|rang|rung": "notify, notification",
    r"doorkeepers?": "worker",
    r"lanes?": "queue worker",
    r"guests?": "plugin",
}
"""What is not said, and what is said instead."""
WHERE = ("paygate", "pytest_paygate", "plugins", "examples", "docs", "dashboard/src", "sdk/js/src")
PAGES = ("README.md", "CONTRIBUTING.md", "SECURITY.md")
SUFFIXES = {".py", ".md", ".ts", ".tsx", ".toml", ".yml"}


def files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", *WHERE, *PAGES],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.suffix in SUFFIXES and "static" not in path.parts]


@pytest.mark.parametrize("words", list(INSTEAD))
def test_a_word_of_our_own_is_not_used(words: str):
    # Names are words too: `_bell`, `bell_of`, `SaqBell`.
    pattern = re.compile(rf"(?<![a-z])(?:{words})(?![a-z])", re.IGNORECASE)
    camel = re.compile(rf"(?<=[a-z])(?:{'|'.join(map(str.title, words.split('|')))})(?![a-z])")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if pattern.search(line) or camel.search(line)
    ]

    assert found == [], f"say {INSTEAD[words]}"


def test_no_module_has_the_name_of_a_library():
    """``from .json import`` reads like the standard library's and is not."""
    pinned = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    libraries = {re.split(r"[=\[]", line)[0].replace("-", "_").lower() for line in pinned}
    # watchdog comes with the documentation's site generator, which nothing of ours imports.
    taken = (libraries - {"watchdog"}) | sys.stdlib_module_names
    named = [path for path in files() if path.suffix == ".py" and "tests" not in path.parts]
    wrong = [
        str(path.relative_to(ROOT))
        for path in named
        if (path.stem in taken and not path.stem.startswith("__")) or path.stem.startswith("test_")
    ]

    assert [name for name in wrong if not name.startswith("examples/")] == []
