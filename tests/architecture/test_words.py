"""The product speaks in the field's terms: words that were only ours stay away."""

from __future__ import annotations

import re
import subprocess
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
