"""Start both servers, join the servers of another process, stop them."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from urllib.parse import parse_qs, unquote, urlsplit

from ...core.errors import OperatorError
from . import problems, valkey_server, wire
from .binaries import find_postgres, find_valkey
from .children import Child, ChildProcesses
from .layout import LONGEST_SOCKET_NAME, Layout, create_layout, open_home
from .lock import HomeLock, Owner, read_owner
from .machine import Machine
from .postgres import DATABASE, Postgres
from .unprivileged import accessible_programs

_JOIN_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 10.0
_POLL_S = 0.01


@dataclass(frozen=True)
class ServerUrls:
    """The URLs of the servers.

    Attributes:
        database_url: ``postgresql://paygate@/paygate?host=<socket folder>&…``.
        redis_url: ``unix://<socket>?db=0``; empty if Redis was not requested.
    """

    database_url: str
    redis_url: str


@dataclass
class EmbeddedServers:
    """Running servers; as a context manager, stopped at the end of the block.

    Attributes:
        urls: The URLs of the servers.
        owned: False if another process runs the servers.
    """

    urls: ServerUrls
    owned: bool
    _children: list[Child] = field(default_factory=list, repr=False)
    _on_stop: ExitStack = field(default_factory=ExitStack, repr=False)
    _started_by: int = field(default_factory=os.getpid, repr=False)

    def stop(self) -> None:
        """Stop the servers; kill a server that does not stop within 10 s.

        Do nothing if another process owns the servers, in a fork of the process that started
        them, or if they are stopped already.
        """
        if os.getpid() == self._started_by:
            self._on_stop.close()
            self._children.clear()

    def poll(self) -> str | None:
        """Return one sentence if a server ended unexpectedly, else None."""
        return next((words for child in self._children if (words := child.describe_end())), None)

    def __enter__(self) -> EmbeddedServers:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def start_servers(
    home: Path,
    *,
    database: bool = True,
    redis: bool = True,
    durable: bool = True,
    connections_max: int = 100,
    machine: Machine | None = None,
) -> EmbeddedServers:
    """Start PostgreSQL and Valkey for a home folder, or join the process that runs them.

    Returns when both accept connections. Call it from any thread: the servers end with the
    process, not with the thread.

    Args:
        home: Folder of the data, the logs and the lock. Created if missing.
        database: Whether to start PostgreSQL.
        redis: Whether to start Valkey.
        durable: False is faster, and data is lost if the machine crashes. For test suites.
        connections_max: How many clients PostgreSQL serves at once.
        machine: Where to look for programs; None for the usual places.

    Raises:
        OperatorError: The servers cannot be started.
    """
    home = open_home(home)
    deadline = time.monotonic() + _JOIN_TIMEOUT_S
    while True:
        with problems.file_errors(home):
            lock = HomeLock.acquire(home / "lock")
        if lock is not None:
            wanted = _Wanted(database, redis, durable, connections_max, machine or Machine())
            return _start(home, lock, wanted)
        joined = _join(home, database=database, redis=redis)
        if joined is not None:
            return joined
        if time.monotonic() > deadline:
            raise _owner_slow(home)
        time.sleep(_POLL_S)


@dataclass(frozen=True)
class _Wanted:
    database: bool
    redis: bool
    durable: bool
    connections_max: int
    machine: Machine


def _start(home: Path, lock: HomeLock, wanted: _Wanted) -> EmbeddedServers:
    """Start the requested servers; stop all of them if one fails."""
    with ExitStack() as undo:
        undo.callback(lock.release)
        layout = create_layout(home, wanted.machine)
        processes = ChildProcesses()
        undo.callback(processes.close)
        children: list[Child] = []
        undo.callback(_stop_all, children)
        urls = _launch(layout, wanted, processes, children)
        with problems.file_errors(home):
            lock.publish(Owner(os.getpid(), urls.database_url, urls.redis_url))
        return EmbeddedServers(urls, True, children, undo.pop_all())


def _launch(
    layout: Layout, wanted: _Wanted, processes: ChildProcesses, children: list[Child]
) -> ServerUrls:
    """Start both servers and wait for both; append each started child to ``children``."""
    queue = _find_queue(layout, wanted) if wanted.redis else None
    database = _find_database(layout, wanted) if wanted.database else None
    if queue is not None:
        children.append(queue.launch(processes))
    if database is not None:
        children.append(database.launch(processes))
        children[-1] = database.wait_until_ready(children[-1], processes)
    if queue is not None:
        queue.wait_until_ready(children[0])
    return ServerUrls(
        database.url if database is not None else "", queue.url if queue is not None else ""
    )


def _find_database(layout: Layout, wanted: _Wanted) -> Postgres:
    programs = accessible_programs(find_postgres(wanted.machine), layout.account, wanted.machine)
    return Postgres(programs, layout, wanted.durable, wanted.connections_max)


def _find_queue(layout: Layout, wanted: _Wanted) -> valkey_server.Valkey:
    programs, name = find_valkey(wanted.machine)
    folder = accessible_programs(programs, layout.account, wanted.machine)
    return valkey_server.Valkey(folder / name, layout, wanted.durable)


def _stop_all(children: list[Child]) -> None:
    """Ask all to stop before waiting, so that they stop in parallel."""
    until = time.monotonic() + _STOP_TIMEOUT_S
    for child in children:
        child.ask_to_stop()
    for child in children:
        child.wait_or_kill(until=until)


def _join(home: Path, *, database: bool, redis: bool) -> EmbeddedServers | None:
    """Return the servers that the lock's holder runs, or None while they are starting.

    Raises:
        OperatorError: A requested server is not running there.
    """
    owner = read_owner(home / "lock")
    if owner is None:
        return None
    if database and not owner.database_url:
        raise _runs_without(home, owner, problems.DATABASE_SETTING, "PostgreSQL")
    if redis and not owner.redis_url:
        raise _runs_without(home, owner, problems.REDIS_SETTING, "Valkey")
    if database and not _database_answers(owner.database_url):
        return None
    if redis and not valkey_server.is_ready(Path(unquote(urlsplit(owner.redis_url).path))):
        return None
    urls = ServerUrls(owner.database_url if database else "", owner.redis_url if redis else "")
    return EmbeddedServers(urls, owned=False)


def _runs_without(home: Path, owner: Owner, setting: str, server: str) -> OperatorError:
    return OperatorError(
        setting=setting,
        problem=f"it is not set, and process {owner.pid} runs the servers of {home}"
        f" without {server}",
        remedy=f"Stop that process, or set {setting}",
    )


def _database_answers(url: str) -> bool:
    folder = parse_qs(urlsplit(url).query)["host"][0]
    try:
        state = wire.ask_postgres(Path(folder, LONGEST_SOCKET_NAME), database=DATABASE)
    except OSError:
        return False
    # "Too many connections" also means that the server is running.
    return state in {wire.OK, wire.TOO_MANY_CONNECTIONS}


def _owner_slow(home: Path) -> OperatorError:
    owner = read_owner(home / "lock")
    holder = f"process {owner.pid}" if owner else "another process"
    return OperatorError(
        setting=problems.HOME_SETTING,
        problem=f"{holder} holds {home}, and its servers do not respond",
        remedy="Stop that process, or use another folder",
    )
