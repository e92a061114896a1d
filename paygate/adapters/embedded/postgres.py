"""One PostgreSQL cluster: create it, start it and wait for it."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from ...core.errors import OperatorError
from . import problems, wire
from .children import Child, ChildProcesses, Log, Task
from .layout import Layout
from .unprivileged import change_owner

DATABASE = "paygate"
_SERVER = "PostgreSQL server"
_SOCKET = ".s.PGSQL.5432"
# Recovery after a crash replays the write-ahead log, which can take long.
_START_TIMEOUT_S = 60.0
_INITDB_TIMEOUT_S = 120.0
_POLL_S = 0.005
# How long to wait for an earlier server to stop, before and after asking it.
_EARLIER_PATIENCE_S = 8.0
_EARLIER_TIMEOUT_S = 12.0
_NUMBER = re.compile(r"\d+")
_STILL_ATTACHED = "pre-existing shared memory block"


@dataclass(frozen=True)
class Postgres:
    """A PostgreSQL server.

    Attributes:
        programs: The folder of ``postgres`` and ``initdb``.
        layout: The folders of its data and its socket.
        durable: Whether a commit must survive a crash of the machine.
        connections_max: How many clients may be connected at once.
    """

    programs: Path
    layout: Layout
    durable: bool
    connections_max: int

    @property
    def data(self) -> Path:
        """The cluster's folder."""
        return self.layout.data / "postgres"

    @property
    def log(self) -> Log:
        """The server's log file."""
        return Log(self.layout.home / "postgres.log")

    @property
    def socket(self) -> Path:
        """The server's socket."""
        return self.layout.sockets / _SOCKET

    @property
    def url(self) -> str:
        """The connection URL. It sets everything that ``PG*`` variables could change."""
        folder = quote(str(self.layout.sockets))
        parameters = "port=5432&sslmode=disable&target_session_attrs=any"
        return f"postgresql://{wire.USER}@/{DATABASE}?host={folder}&{parameters}"

    def launch(self, processes: ChildProcesses) -> Child:
        """Start the server; create its data if there is none.

        Raises:
            OperatorError: The data cannot be created, or an earlier server does not stop.
        """
        with problems.file_errors(self.layout.data):
            self._sweep_drafts()
            if not self.data.exists():
                self._make_cluster(processes)
            _wait_for_earlier_server(self.data)
            for leftover in (self.socket, Path(f"{self.socket}.lock")):
                leftover.unlink(missing_ok=True)
            return processes.start(self._server_task(), self.log)

    def wait_until_ready(self, child: Child, processes: ChildProcesses) -> Child:
        """Return once the database accepts connections.

        Returns:
            The running server. It is a new child if the first one failed because processes
            of a crashed server were still attached to the shared memory.

        Raises:
            OperatorError: The server ended, or does not respond.
        """
        deadline = time.monotonic() + _START_TIMEOUT_S
        retry_until = time.monotonic() + _EARLIER_TIMEOUT_S
        while not self._is_ready():
            if child.has_ended():
                words = child.log.words()
                if _STILL_ATTACHED not in words or time.monotonic() > retry_until:
                    raise self._death(words)
                child = self.launch(processes)
            if time.monotonic() > deadline:
                raise problems.server_slow(
                    setting=problems.DATABASE_SETTING,
                    server=_SERVER,
                    seconds=_START_TIMEOUT_S,
                    log=self.log.path,
                )
            time.sleep(_POLL_S)
        return child

    def _is_ready(self) -> bool:
        try:
            state = wire.ask_postgres(self.socket, database=DATABASE)
            if state == wire.NO_SUCH_DATABASE:
                sql = f"CREATE DATABASE {DATABASE}"
                state = wire.ask_postgres(self.socket, database="postgres", sql=sql)
        except OSError:
            return False
        return state == wire.OK

    def _make_cluster(self, processes: ChildProcesses) -> None:
        """Run initdb in a temporary folder and rename it, so that the data is never incomplete."""
        self._require_name()
        draft = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=self.layout.data))
        try:
            change_owner(draft, self.layout.account)
            code, words = processes.run(self._initdb_task(draft), timeout_s=_INITDB_TIMEOUT_S)
            if code != 0:
                raise self._death(words)
            draft.rename(self.data)
        except subprocess.TimeoutExpired as error:
            words = f"initdb takes longer than {_INITDB_TIMEOUT_S:.0f} s"
            raise self._death(words) from error
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def _require_name(self) -> None:
        """Refuse a user without a name: initdb cannot look it up."""
        account = self.layout.account
        uid = os.geteuid() if account is None else account.uid
        try:
            pwd.getpwuid(uid)
        except KeyError:
            raise problems.nameless_user(uid) from None

    def _sweep_drafts(self) -> None:
        """Remove the temporary folders of killed initdb runs."""
        for draft in self.layout.data.glob("postgres.new-*"):
            shutil.rmtree(draft, ignore_errors=True)

    def _initdb_task(self, draft: Path) -> Task:
        argv = [str(self.programs / "initdb"), "-D", str(draft), "-U", wire.USER]
        argv += ["--auth-local=trust", "--auth-host=reject"]
        argv += ["--encoding=UTF8", "--no-locale", "--no-instructions"]
        if not self.durable:
            argv.append("--no-sync")
        return self._task("initdb", argv, on_stop=signal.SIGKILL)

    def _server_task(self) -> Task:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.layout.sockets),
            "unix_socket_permissions": "0700",
            "max_connections": str(self.connections_max),
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        if not self.durable:
            settings |= dict.fromkeys(("fsync", "synchronous_commit", "full_page_writes"), "off")
        argv = [str(self.programs / "postgres"), "-D", str(self.data), "-p", "5432"]
        for name, value in settings.items():
            argv += ["-c", f"{name}={value}"]
        # SIGINT is PostgreSQL's fast shutdown: it disconnects clients and writes all data.
        return self._task("PostgreSQL", argv, on_stop=signal.SIGINT)

    def _task(self, name: str, argv: list[str], *, on_stop: signal.Signals) -> Task:
        return Task(
            name=name,
            setting=problems.DATABASE_SETTING,
            argv=tuple(argv),
            account=self.layout.account,
            on_stop=on_stop,
        )

    def _death(self, words: str) -> OperatorError:
        """Explain why the server ended. A wrong version may fail on the settings first."""
        made_by, here = self._versions()
        if made_by != here:
            return problems.other_version(self.data, made_by=made_by, here=here)
        return problems.server_died(
            setting=problems.DATABASE_SETTING,
            server=_SERVER,
            words=words,
            log=self.log.path,
            data=self.data,
        )

    def _versions(self) -> tuple[str, str]:
        """Return the major versions of the data and of the program; equal if there is no data."""
        asked = (str(self.programs / "postgres"), "--version")
        result = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603 - found by us
        here = _NUMBER.search(result.stdout)
        try:
            made_by = (self.data / "PG_VERSION").read_text().strip()
        except OSError:
            made_by = ""
        return (made_by, here[0]) if made_by and here else ("", "")


def _wait_for_earlier_server(data: Path) -> None:
    """Wait until no server of an earlier owner runs on the data.

    The owner has ended, because this process holds its lock, so its server is usually
    stopping already. Afterwards ``postmaster.pid`` can only be stale, and is removed:
    PostgreSQL refuses to start if another process has that id, which is usual in
    containers.

    Raises:
        OperatorError: The server does not stop.
    """
    pid_file = data / "postmaster.pid"
    pid = _first_number(pid_file)
    asked_at = time.monotonic()
    signals = [(0.0, signal.SIGINT), (_EARLIER_PATIENCE_S, signal.SIGQUIT)]
    while pid and _runs_on(pid, data):
        waited_s = time.monotonic() - asked_at
        if signals and waited_s >= signals[0][0]:
            _signal(pid, signals.pop(0)[1])
        if waited_s > _EARLIER_TIMEOUT_S:
            raise OperatorError(
                setting=problems.HOME_SETTING,
                problem=f"an earlier PostgreSQL (process {pid}) still uses {data}",
                remedy="End that process, or use another folder",
            )
        time.sleep(_POLL_S)
    pid_file.unlink(missing_ok=True)


def _first_number(path: Path) -> int:
    try:
        return int(path.read_text().split(maxsplit=1)[0])
    except (FileNotFoundError, ValueError, IndexError):
        return 0


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        # Ended already, or the process of another user: only wait.
        return


def _runs_on(pid: int, data: Path) -> bool:
    """Check that the process is a server of this data, not a process that reuses the id."""
    if Path("/proc/self/cwd").exists():
        try:
            # The working directory of a server is its data folder.
            return Path(f"/proc/{pid}/cwd").readlink() == data.resolve()
        except OSError:
            return False
    asked = ("ps", "-o", "args=", "-p", str(pid))
    listed = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603 - a number of ours
    return str(data) in listed.stdout
