"""``paygate dev --with``: a program beside the gateway, which ends with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.harness.processes import free_port

PATIENCE_S = 120.0
PROGRAM = """
import os, pathlib, time, urllib.request
said = urllib.request.urlopen(os.environ["PAYGATE_URL"] + "/health").status
there = pathlib.Path({told!r})
there.with_suffix(".part").write_text(f"{{os.getpid()}} {{said}}")
there.with_suffix(".part").rename(there)
{then}
"""


def run_with(
    folder: Path, database_url: str, redis_url: str, then: str
) -> tuple[subprocess.Popen[bytes], Path]:
    told, program = folder / "told", folder / "program.py"
    program.write_text(PROGRAM.format(told=str(told), then=then))
    environ = {**os.environ, "DATABASE_URL": database_url, "REDIS_URL": redis_url}
    port, home = str(free_port()), str(folder / "home")
    options = ["--port", port, "--home", home, "--with", str(program)]
    dev = subprocess.Popen([sys.executable, "-m", "paygate", "dev", *options], env=environ)
    return dev, told


def until(is_so: Callable[[], bool], dev: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end
        assert dev.poll() is None, "it ended by itself"
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_it_is_told_where_the_api_is_and_ends_with_it(
    tmp_path: Path, database_url: str, redis_url: str
):
    dev, told = run_with(tmp_path, database_url, redis_url, "time.sleep(600)")
    try:
        until(told.exists, dev)
        pid, health = map(int, told.read_text().split())
        dev.send_signal(signal.SIGINT)
        code = dev.wait(PATIENCE_S)
    finally:
        dev.kill()

    assert (code, health, is_running(pid)) == (0, 200, False)


def test_one_that_ends_by_itself_ends_nothing_else(
    tmp_path: Path, database_url: str, redis_url: str
):
    dev, told = run_with(tmp_path, database_url, redis_url, "raise SystemExit(3)")
    try:
        until(told.exists, dev)
        time.sleep(1)
        assert dev.poll() is None
        dev.send_signal(signal.SIGINT)
        assert dev.wait(PATIENCE_S) == 0
    finally:
        dev.kill()
