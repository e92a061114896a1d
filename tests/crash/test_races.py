"""Requests about one payment that meet, over real HTTP and with real processes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE_S = 300


def test_no_order_of_concurrent_requests_loses_money():
    ran = subprocess.run(
        [sys.executable, "bench/races.py", "--rounds", "5"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    results = [json.loads(line) for line in ran.stdout.splitlines()]

    assert [each for each in results if not each["ok"]] == []
    assert len(results) == 8
    assert ran.returncode == 0, ran.stderr
