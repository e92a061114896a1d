"""``make demo`` where it cannot work: it says why, and at once."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

DEMO = Path(__file__).parents[2] / "examples" / "demo.py"
# Less than the minute that it gives paygate to become ready.
AT_ONCE_S = 30.0


def test_the_demo_reports_why_paygate_ended():
    began = time.monotonic()
    ended = subprocess.run(
        [sys.executable, str(DEMO)],
        env={**os.environ, "PAYGATE_ENV": "production"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    took_s = time.monotonic() - began

    assert ended.returncode == 1
    assert "demo FAILED: paygate dev ended with exit code 2; its last lines:" in ended.stdout
    assert "PAYGATE_ENV" in ended.stdout
    assert "Traceback" not in ended.stdout + ended.stderr
    assert took_s < AT_ONCE_S
