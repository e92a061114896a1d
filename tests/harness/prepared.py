"""Processes of ``python -m`` with paygate in a fraction of the time that one takes to start.

Most of a start is the import of libraries. One process has imported them and does nothing
else; every command is a fork of it: a process of its own, with its environment, its folder
and its output, that is signalled and killed like any other. It ends with the tests at the latest.
"""

from __future__ import annotations

import asyncio
import atexit
import functools
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile, mkdtemp
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass
class Process:
    """A command that runs, or has run.

    Args:
        returncode: None while it runs; minus the signal that ended it.
    """

    pid: int
    returncode: int | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    watching: asyncio.Task[None] | None = None

    async def wait(self) -> int:
        await self.ended.wait()
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.returncode is not None:
            raise ProcessLookupError(self.pid)
        os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    async def _watch(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.returncode = int(await reader.readline())
        finally:
            writer.close()
            self.ended.set()


async def start_paygate(
    arguments: Sequence[str],
    *,
    environ: Mapping[str, str],
    cwd: Path,
    output: int = 1,
    errors: int = 2,
) -> Process:
    """``python -m paygate``, with these file descriptors to write to."""
    connection = _ask("paygate", arguments, environ, cwd, (output, errors))
    reader, writer = await asyncio.open_unix_connection(sock=connection)
    process = Process(int(await reader.readline()))
    process.watching = asyncio.create_task(process._watch(reader, writer))
    return process


def run_module(
    module: str,
    arguments: Sequence[str],
    *,
    environ: Mapping[str, str],
    cwd: Path,
    timeout_s: float,
) -> subprocess.CompletedProcess[str]:
    """``python -m module`` to its end, in a process that has imported paygate.

    Raises:
        TimeoutError: It took longer, and was killed.
    """
    with TemporaryFile() as output, TemporaryFile() as errors:
        streams = (output.fileno(), errors.fileno())
        with _ask(module, arguments, environ, cwd, streams) as connection:
            connection.settimeout(timeout_s)
            answers = connection.makefile()
            pid = int(answers.readline())
            try:
                code = int(answers.readline())
            except TimeoutError:
                os.kill(pid, signal.SIGKILL)
                raise
        output.seek(0)
        errors.seek(0)
        written, complaints = output.read().decode(), errors.read().decode()
        return subprocess.CompletedProcess([module, *arguments], code, written, complaints)


def _ask(
    module: str,
    arguments: Sequence[str],
    environ: Mapping[str, str],
    cwd: Path,
    streams: tuple[int, int],
) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(_forking_server())
    asked = json.dumps(
        {
            "module": module,
            "arguments": list(arguments),
            "environ": dict(environ),
            "cwd": str(cwd),
        }
    )
    socket.send_fds(connection, [f"{asked}\n".encode()], streams)
    return connection


@functools.cache
def _forking_server() -> str:
    """Start the process that forks; the address it listens at. It ends with this one."""
    folder = mkdtemp(prefix="paygate-fork-", dir="/tmp")
    address = f"{folder}/s"
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.harness.prepared", address],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert server.stdout is not None
    assert server.stdin is not None
    assert server.stdout.readline() == b"ready\n"
    atexit.register(_end, server, folder)
    return address


def _end(server: subprocess.Popen[bytes], folder: str) -> None:
    server.communicate()
    Path(f"{folder}/s").unlink()
    Path(folder).rmdir()


def serve(address: str) -> None:
    """Fork for each connection, until the standard input ends."""
    import uvloop  # noqa: F401 - every command that runs imports it

    import paygate.cli
    import paygate.core.api.app
    from paygate.adapters.postgres import migrations
    from paygate.plugins.host import installed_plugins

    for package in (paygate.cli, migrations):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    installed_plugins()
    gc.freeze()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(64)
    woken, waking = os.pipe()
    os.set_blocking(waking, False)
    signal.set_wakeup_fd(waking)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    running: dict[int, socket.socket] = {}
    while True:
        readable, _, _ = select.select([sys.stdin, listener, woken], [], [])
        if woken in readable:
            os.read(woken, 4096)
            _report_ended(running)
        if listener in readable:
            connection, _ = listener.accept()
            asked, descriptors = _read(connection)
            pid = os.fork()
            if not pid:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for theirs in (listener, connection, *running.values()):
                    theirs.close()
                os.close(woken)
                os.close(waking)
                _become(asked, descriptors)
                return
            for descriptor in descriptors:
                os.close(descriptor)
            running[pid] = connection
            connection.sendall(f"{pid}\n".encode())
        if sys.stdin in readable:
            # Nothing else ends the processes of tests that were killed.
            for pid in running:
                os.kill(pid, signal.SIGKILL)
            return


def _read(connection: socket.socket) -> tuple[Any, list[int]]:
    text, descriptors, _, _ = socket.recv_fds(connection, 1 << 20, 2)
    while not text.endswith(b"\n"):
        text += connection.recv(1 << 20)
    return json.loads(text), list(descriptors)


def _report_ended(running: dict[int, socket.socket]) -> None:
    while running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        with running.pop(pid) as connection:
            code = os.waitstatus_to_exitcode(status)
            # The client may have disconnected.
            connection.send(f"{code}\n".encode(), socket.MSG_NOSIGNAL)


def _become(asked: Any, descriptors: Sequence[int]) -> None:
    """Turn this process into ``python -m`` and run the module."""
    with Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), 0)
    for target, descriptor in enumerate(descriptors, start=1):
        os.dup2(descriptor, target)
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(asked["environ"])
    os.chdir(asked["cwd"])
    sys.path[0] = asked["cwd"]
    sys.path[1:1] = filter(None, asked["environ"].get("PYTHONPATH", "").split(os.pathsep))
    sys.argv = [asked["module"], *asked["arguments"]]
    if asked["module"] == "paygate":
        from paygate.cli import main

        main()
    else:
        runpy.run_module(asked["module"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    serve(sys.argv[1])
