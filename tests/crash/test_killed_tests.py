"""Tests that are killed leave no process behind."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from tests.harness.patience import PATIENCE_S
from tests.harness.prepared import ROOT

# Starts a command, names its process, and waits for it.
TESTS = """
import asyncio, os, sys
from pathlib import Path
from tests.harness.prepared import start_paygate

async def main():
    environ = {"PATH": os.environ["PATH"], "PAYGATE_HOME": sys.argv[1]}
    begun = await start_paygate(
        ["bank", "--port", "0"], environ=environ, cwd=Path(sys.argv[1]), output=2
    )
    print(begun.pid, flush=True)
    await begun.wait()

asyncio.run(main())
"""


async def test_processes_of_killed_tests_end(tmp_path: Path):
    tests = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", TESTS, str(tmp_path)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert tests.stdout is not None
    started = int(await tests.stdout.readline())
    os.kill(started, 0)

    tests.send_signal(signal.SIGKILL)
    await tests.wait()

    async with asyncio.timeout(PATIENCE_S):
        while _is_running(started):
            await asyncio.sleep(0.02)


def _is_running(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(") ")[2][0] != "Z"
