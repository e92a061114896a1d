"""The bill of materials covers what the pages are built from."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Peers of the benchmark, examples and what tests use are not shipped.
NOT_SHIPPED = {"bench", "examples", "tests"}


def test_it_lists_every_lock_file_of_shipped_pages():
    tracked = subprocess.run(
        ["git", "ls-files", "*package-lock.json"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    folders = {Path(name).parent for name in tracked.stdout.splitlines()}
    shipped = {str(each) for each in folders if each.parts[0] not in NOT_SHIPPED}
    makefile = (ROOT / "Makefile").read_text()
    listed = makefile.partition("LOCKED := ")[2].partition("\n")[0].split()

    assert set(listed) == shipped
