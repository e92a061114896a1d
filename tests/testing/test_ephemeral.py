"""``paygate dev --ephemeral`` as other languages use it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "paygate", "dev", "--ephemeral"]
PATIENCE_S = 60.0


@pytest.fixture
def own_tmp() -> Iterator[Path]:
    # Short, for the sockets in it, and open to the user that root's servers run as.
    folder = Path(tempfile.mkdtemp(prefix="pg-eph-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def start(tmp: Path, *more: str) -> tuple[subprocess.Popen[bytes], dict[str, str]]:
    process = subprocess.Popen(
        [*COMMAND, *more],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PATH": os.environ["PATH"], "TMPDIR": str(tmp), "PAYGATE_LOG_LEVEL": "error"},
        cwd=tmp,
    )
    assert process.stdout is not None
    return process, json.loads(process.stdout.readline())


def ask(url: str, body: object = None, **headers: str) -> dict[str, object]:
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(url, data, headers), timeout=PATIENCE_S) as answer:
        return json.loads(answer.read())


def test_two_ephemeral_servers_run_concurrently_and_each_removes_its_data(own_tmp):
    one, first = start(own_tmp)
    two, second = start(own_tmp, "--until-stdin-closes")
    namespace = ask(first["namespaces_url"], {})
    keys = {"X-Api-Key": namespace["api_key"], "X-Api-Secret": namespace["api_secret"]}

    assert first["base_url"] != second["base_url"]
    assert first["database_url"] != second["database_url"]
    assert ask(f"{first['api_url']}/orders", {"amount": 500}, **keys)["amount"] == 500
    assert ask(first["clock_url"])["held"] is False
    assert int(first["pid"]) == one.pid
    one.send_signal(signal.SIGTERM)
    assert one.wait(PATIENCE_S) == 0
    assert not socket_folder(first).exists()
    assert socket_folder(second).exists()
    assert two.stdin is not None
    two.stdin.close()
    assert two.wait(PATIENCE_S) == 0
    assert list(own_tmp.iterdir()) == []


def socket_folder(address: dict[str, str]) -> Path:
    return Path(parse_qs(urlsplit(address["database_url"]).query)["host"][0])


def test_data_of_a_killed_run_is_removed_by_the_next(own_tmp):
    process, address = start(own_tmp)
    process.kill()
    process.wait(PATIENCE_S)
    socket = socket_folder(address)
    left = next(own_tmp.iterdir())
    deadline = time.monotonic() + PATIENCE_S
    while any(socket.glob(".s.PGSQL.*")) and time.monotonic() < deadline:
        time.sleep(0.05)

    process, _ = start(own_tmp)
    others = [folder for folder in own_tmp.iterdir() if folder == left]
    process.terminate()

    assert others == []
    assert process.wait(PATIENCE_S) == 0


def test_the_example_in_node_passes(own_tmp):
    program = own_tmp / "paygate"
    program.write_text(f"#!/bin/sh\nexec '{sys.executable}' -m paygate \"$@\"\n")
    program.chmod(0o755)
    ran = subprocess.run(
        ["node", "--test", "--test-reporter=tap", "examples/node_tests/shop.test.mjs"],
        cwd=ROOT,
        env={**os.environ, "PAYGATE": str(program), "PAYGATE_LOG_LEVEL": "error"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S * 2,
        check=False,
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "# pass 3" in ran.stdout
