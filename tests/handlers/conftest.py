"""The fixtures of shops' tests, and the example handlers as programs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from paygate.testing import PaygateServer
from tests.harness.processes import free_port
from tests.testing.conftest import paygate_session

ROOT = Path(__file__).parents[2]
HANDLERS = ROOT / "examples" / "handlers"
PROGRAMS = {".py": sys.executable, ".mjs": "node"}

__all__ = ["paygate_session"]


@dataclass(frozen=True)
class Running:
    """A handler that runs, and its books."""

    webhook: str
    books: str


@contextmanager
def running(name: str, environ: Mapping[str, str]) -> Iterator[Running]:
    path, port = HANDLERS / name, free_port()
    process = subprocess.Popen(
        [PROGRAMS[path.suffix], str(path), "--port", str(port)],
        env={"PATH": os.environ["PATH"], **environ},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == f"listening: http://127.0.0.1:{port}/webhook\n"
        yield Running(f"http://127.0.0.1:{port}/webhook", f"http://127.0.0.1:{port}/books")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture
def start(paygate_server: PaygateServer) -> Iterator[Callable[..., Running]]:
    """Start an example handler with the secret of the test's gateway."""
    with ExitStack() as stack:

        def started(name: str, **environ: str) -> Running:
            secret = {"PAYGATE_WEBHOOK_SECRET": paygate_server.webhook_secret}
            return stack.enter_context(running(name, {**secret, **environ}))

        yield started
