"""The commands of the page about a handler's bad days, as a reader runs them."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from paygate.chaos.sequence import Fault
from paygate.testing import PaygateServer
from tests.docs.blocks import ROOT, blocks_of
from tests.harness.prepared import run_module
from tests.harness.processes import free_port

PAGE = "how-to/test-your-webhook-handler.md"
PORT = "4300"
PATIENCE_S = 240.0


@dataclass
class Reader:
    """Runs commands in a shell's stead: a handler goes on while the next command runs."""

    port: str
    environ: dict[str, str]
    handlers: list[subprocess.Popen[str]] = field(default_factory=list)
    printed: list[tuple[int, str]] = field(default_factory=list)

    def run(self, line: str) -> None:
        words = shlex.split(line.replace(PORT, self.port))
        environ = dict(self.environ)
        while "=" in words[0]:
            name, _, value = words.pop(0).partition("=")
            environ[name] = str(Path(self.environ["HOME"]) / value)
        program, *arguments = map(_as_installed, words)
        if program == "paygate":
            ran = run_module(program, arguments, cwd=ROOT, environ=environ, timeout_s=PATIENCE_S)
            self.printed.append((ran.returncode, ran.stdout or ran.stderr))
            return
        assert program == "python", line
        self.stop()
        handler = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=environ,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.handlers.append(handler)
        assert handler.stdout is not None
        assert handler.stdout.readline().startswith("listening: ")

    def stop(self) -> None:
        for handler in self.handlers:
            handler.kill()
            handler.wait()
            assert handler.stdout is not None
            handler.stdout.close()
        self.handlers.clear()


def _as_installed(word: str) -> str:
    return word.replace("python ", f"{shlex.quote(sys.executable)} ")


@contextmanager
def reader(server: PaygateServer, home: Path) -> Iterator[Reader]:
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PAYGATE_URL": server.url,
        "PAYGATE_API_KEY": server.api_key,
        "PAYGATE_API_SECRET": server.api_secret,
    }
    here = Reader(str(free_port()), environ)
    try:
        yield here
    finally:
        here.stop()


def test_the_commands_of_the_page_do_what_it_says(paygate_server: PaygateServer, tmp_path: Path):
    lines = "\n".join(blocks_of(PAGE, "bash")).replace("\\\n", "").splitlines()
    with reader(paygate_server, tmp_path) as here:
        for line in filter(None, lines):
            here.run(line)

    (naive, fixed, by_command) = here.printed
    (shown,) = blocks_of(PAGE, "text")
    # The reader of the page has the gateway at the default address.
    found = re.sub(r"--url \S+ ", "", naive[1]).replace(here.port, PORT).splitlines()
    assert (naive[0], fixed[0], by_command[0]) == (1, 0, 0), here.printed
    assert found[1:] == shown.splitlines()[1:]
    assert "120 of 120 orders of 5 events" in fixed[1]
    assert fixed[1].count(" yes\n") == 3
    assert "6 of 6 orders of 3 events" in by_command[1]


def test_the_page_names_each_fault_in_words():
    page = (ROOT / "docs" / PAGE).read_text()
    words = {
        Fault.LOST: "lost and sent again",
        Fault.ANSWER_LOST: "an answer that is lost",
        Fault.TAMPERED: "changed amount",
        Fault.WRONG_KEY: "wrong key",
        Fault.UNSIGNED: "unsigned",
        Fault.STALE: "signed an hour ago",
    }

    assert set(words) == set(Fault)
    assert [text for text in words.values() if text not in page] == []
