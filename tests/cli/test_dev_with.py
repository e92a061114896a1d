"""``paygate dev --with``: a program beside the gateway, which ends with it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from tests.harness.processes import free_port

ROOT = Path(__file__).parents[2]
SHOP = ROOT / "examples" / "merchant" / "shop.py"
PATIENCE_S = 120.0
PROGRAM = """
import os, pathlib, time, urllib.request
status = urllib.request.urlopen(os.environ["PAYGATE_URL"] + "/health").status
there = pathlib.Path({started_file!r})
there.with_suffix(".part").write_text(f"{{os.getpid()}} {{status}}")
there.with_suffix(".part").rename(there)
{then}
"""


def run_with(folder: Path, database_url: str, then: str) -> tuple[subprocess.Popen[bytes], Path]:
    """Without Redis, which has no part in this and takes a second process."""
    started_file, program = folder / "started_file", folder / "program.py"
    program.write_text(PROGRAM.format(started_file=str(started_file), then=then))
    dev = run_beside(program, folder, database_url)
    return dev, started_file


def run_beside(
    program: Path, folder: Path, database_url: str, redis_url: str = "", **more: str
) -> subprocess.Popen[bytes]:
    """``paygate dev`` with that program; what it prints is in ``folder / "said"``."""
    environ = {**os.environ, "DATABASE_URL": database_url, "REDIS_URL": redis_url, **more}
    port, home = str(free_port()), str(folder / "home")
    redis = [] if redis_url else ["--no-redis"]
    options = ["--port", port, "--home", home, "--with", str(program), *redis]
    command = [sys.executable, "-m", "paygate", "dev", *options]
    with (folder / "output").open("wb") as output:
        return subprocess.Popen(command, env=environ, stdout=output, stderr=subprocess.STDOUT)


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


def test_the_program_gets_the_api_url_and_ends_with_dev(tmp_path: Path, database_url: str):
    dev, started_file = run_with(tmp_path, database_url, "time.sleep(600)")
    try:
        until(started_file.exists, dev)
        pid, health = map(int, started_file.read_text().split())
        dev.send_signal(signal.SIGINT)
        code = dev.wait(PATIENCE_S)
    finally:
        dev.kill()

    assert (code, health, is_running(pid)) == (0, 200, False)


def test_a_program_that_ends_stops_nothing_else(tmp_path: Path, database_url: str):
    dev, started_file = run_with(tmp_path, database_url, "raise SystemExit(3)")
    try:
        until(started_file.exists, dev)
        time.sleep(1)
        assert dev.poll() is None
        dev.send_signal(signal.SIGINT)
        assert dev.wait(PATIENCE_S) == 0
    finally:
        dev.kill()


def test_make_run_starts_the_gateway_with_the_shop():
    recipe = (ROOT / "Makefile").read_text().partition("\nrun:")[2].split("\n")[1]

    assert recipe.endswith(f"/paygate dev --with {SHOP.relative_to(ROOT)}")


def test_the_shop_is_linked_sells_and_ends_with_dev(
    tmp_path: Path, database_url: str, redis_url: str
):
    output, port = tmp_path / "output", free_port()
    address = f"http://localhost:{port}"
    # Another key pair than usual: the shop gets it.
    pair = {"TEST_API_KEY": "key_test_other1", "TEST_API_SECRET": "secret_test_other1"}
    dev = run_beside(SHOP, tmp_path, database_url, redis_url, SHOP_PORT=str(port), **pair)
    try:
        until(lambda: f"The demo shop is ready: {address}" in output.read_text(), dev)
        with urllib.request.urlopen(f"{address}/buy", data=b"item=tea") as answer:
            order = json.load(answer)
        dev.send_signal(signal.SIGINT)
        code = dev.wait(PATIENCE_S)
    finally:
        dev.kill()

    assert order["orderId"].startswith("order_")
    assert (order["key"], code) == (pair["TEST_API_KEY"], 0)
    # It is free again.
    socket.create_server(("127.0.0.1", port)).close()


def test_a_port_in_use_for_the_shop_is_reported_and_dev_continues(
    tmp_path: Path, database_url: str
):
    output = tmp_path / "output"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        dev = run_beside(SHOP, tmp_path, database_url, SHOP_PORT=str(port))
        try:
            until(lambda: f"port {port} is not available" in output.read_text(), dev)
            base = re.search(r"API +(http\S+)", output.read_text())[1]
            time.sleep(0.5)
            health = urllib.request.urlopen(f"{base}/health").status
            dev.send_signal(signal.SIGINT)
            code = dev.wait(PATIENCE_S)
        finally:
            dev.kill()

    assert (health, code) == (200, 0)
