"""One Valkey or Redis server: start it and wait for it."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from ...core.errors import OperatorError
from . import problems, wire
from .children import Child, ChildProcesses, Log, Task
from .layout import Layout

SOCKET_NAME = "valkey.sock"
_SERVER = "Valkey server"
_START_TIMEOUT_S = 30.0
_EARLIER_TIMEOUT_S = 10.0
_POLL_S = 0.005


@dataclass(frozen=True)
class Valkey:
    """A Valkey or Redis server.

    Attributes:
        program: ``valkey-server`` or ``redis-server``.
        layout: The folders of its data and its socket.
        durable: Whether its data is kept between two starts.
    """

    program: Path
    layout: Layout
    durable: bool

    @property
    def socket(self) -> Path:
        """The server's socket."""
        return self.layout.sockets / SOCKET_NAME

    @property
    def log(self) -> Log:
        """The server's log file."""
        return Log(self.layout.home / "valkey.log")

    @property
    def url(self) -> str:
        """The connection URL."""
        return f"unix://{quote(str(self.socket))}?db=0"

    def launch(self, processes: ChildProcesses) -> Child:
        """Start the server.

        Raises:
            OperatorError: Its folder cannot be created, or an earlier server does not stop.
        """
        data = self.layout.own_folder("valkey")
        with problems.file_errors(data):
            self._wait_for_earlier_server()
            return processes.start(self._task(data), self.log)

    def wait_until_ready(self, child: Child) -> None:
        """Return when the server responds.

        Raises:
            OperatorError: The server ended, or does not respond.
        """
        deadline = time.monotonic() + _START_TIMEOUT_S
        while not is_ready(self.socket):
            if child.has_ended():
                raise self._death(child.log.words())
            if time.monotonic() > deadline:
                raise problems.server_slow(
                    setting=problems.REDIS_SETTING,
                    server=_SERVER,
                    seconds=_START_TIMEOUT_S,
                    log=self.log.path,
                )
            time.sleep(_POLL_S)

    def _wait_for_earlier_server(self) -> None:
        """Wait until no earlier server listens on the socket. It closes it after its last write.

        The owner of such a server has ended, because this process holds its lock.

        Raises:
            OperatorError: The server does not stop.
        """
        deadline = time.monotonic() + _EARLIER_TIMEOUT_S
        while self._earlier_answers():
            if time.monotonic() > deadline:
                raise OperatorError(
                    setting=problems.HOME_SETTING,
                    problem=f"an earlier Valkey still listens on {self.socket}",
                    remedy="End that process, or use another folder",
                )
            time.sleep(_POLL_S)
        self.socket.unlink(missing_ok=True)

    def _earlier_answers(self) -> bool:
        try:
            wire.ask_valkey(self.socket, "SHUTDOWN")
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        except OSError:
            # The server closed the connection: check again.
            return True
        return True

    def _task(self, data: Path) -> Task:
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(data),
            "save": "",
            "appendonly": "yes" if self.durable else "no",
            # A queue must not evict jobs to free memory.
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
        }
        argv = [str(self.program)]
        for name, value in settings.items():
            argv += [f"--{name}", value]
        return Task(
            name="Valkey",
            setting=problems.REDIS_SETTING,
            argv=tuple(argv),
            account=self.layout.account,
            on_stop=signal.SIGTERM,
        )

    def _death(self, words: str) -> OperatorError:
        return problems.server_died(
            setting=problems.REDIS_SETTING,
            server=_SERVER,
            words=words,
            log=self.log.path,
            data=self.layout.data,
        )


def is_ready(path: Path) -> bool:
    """Check that the server responds and has loaded its data."""
    try:
        return wire.ask_valkey(path, "PING").startswith(b"+PONG")
    except OSError:
        return False
