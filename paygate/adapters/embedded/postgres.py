"""One PostgreSQL cluster: made once, started, and waited for."""

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
from .children import Child, Log, Nursery, Task
from .layout import Layout
from .unprivileged import give

DATABASE = "paygate"
_SERVER = "PostgreSQL server"
_SOCKET = ".s.PGSQL.5432"
# A start after a crash replays the log, which takes as long as there is log.
_START_TIMEOUT_S = 60.0
_INITDB_TIMEOUT_S = 120.0
_POLL_S = 0.005
# An earlier server of the same data is asked to end, then told to, then despaired of.
_EARLIER_PATIENCE_S = 8.0
_EARLIER_TIMEOUT_S = 12.0
_NUMBER = re.compile(r"\d+")
_STILL_ATTACHED = "pre-existing shared memory block"


@dataclass(frozen=True)
class Postgres:
    """A server to run.

    Attributes:
        programs: The folder of ``postgres`` and ``initdb``.
        layout: Where its data and its socket go.
        durable: Whether a commit must survive a power cut.
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
        """Where the server writes what it has to say."""
        return Log(self.layout.home / "postgres.log")

    @property
    def socket(self) -> Path:
        """Where it listens."""
        return self.layout.sockets / _SOCKET

    @property
    def url(self) -> str:
        """What a client connects to. It says all that ``PG*`` variables could change."""
        folder = quote(str(self.layout.sockets))
        said = "port=5432&sslmode=disable&target_session_attrs=any"
        return f"postgresql://{wire.USER}@/{DATABASE}?host={folder}&{said}"

    def launch(self, nursery: Nursery) -> Child:
        """Start the server, making its data first where there is none.

        Raises:
            OperatorError: The data cannot be made, or an earlier server will not go.
        """
        with problems.filing_in(self.layout.data):
            self._sweep_drafts()
            if not self.data.exists():
                self._make_cluster(nursery)
            _see_off_earlier(self.data)
            for leftover in (self.socket, Path(f"{self.socket}.lock")):
                leftover.unlink(missing_ok=True)
            return nursery.start(self._server_task(), self.log)

    def wait_until_ready(self, child: Child, nursery: Nursery) -> Child:
        """Return once the database accepts connections.

        Returns:
            The server that does; another one than was given if that one met the
            last processes of a server that crashed a moment ago.

        Raises:
            OperatorError: The server ended, or does not answer.
        """
        deadline = time.monotonic() + _START_TIMEOUT_S
        retry_until = time.monotonic() + _EARLIER_TIMEOUT_S
        while not self._is_ready():
            if child.has_ended():
                words = child.log.words()
                if _STILL_ATTACHED not in words or time.monotonic() > retry_until:
                    raise self._death(words)
                child = self.launch(nursery)
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

    def _make_cluster(self, nursery: Nursery) -> None:
        """Make it beside its place and rename it, so that it is whole or not there."""
        self._require_name()
        draft = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=self.layout.data))
        try:
            give(draft, self.layout.account)
            code, words = nursery.run(self._initdb_task(draft), timeout_s=_INITDB_TIMEOUT_S)
            if code != 0:
                raise self._death(words)
            draft.rename(self.data)
        except subprocess.TimeoutExpired as error:
            words = f"initdb takes longer than {_INITDB_TIMEOUT_S:.0f} s"
            raise self._death(words) from error
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def _require_name(self) -> None:
        """Refuse a user that initdb cannot look up; the server itself would not mind."""
        account = self.layout.account
        uid = os.geteuid() if account is None else account.uid
        try:
            pwd.getpwuid(uid)
        except KeyError:
            raise problems.nameless_user(uid) from None

    def _sweep_drafts(self) -> None:
        """Remove what a start that was killed in the middle of initdb has left."""
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
        # SIGINT is PostgreSQL's fast shutdown: clients are cut off, everything is written.
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
        """Why it ended. Another version's server may trip over the settings before it says so."""
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
        """The major versions of the data and of the program; the same where there is no data."""
        asked = (str(self.programs / "postgres"), "--version")
        told = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603 - found by us
        here = _NUMBER.search(told.stdout)
        try:
            made_by = (self.data / "PG_VERSION").read_text().strip()
        except OSError:
            made_by = ""
        return (made_by, here[0]) if made_by and here else ("", "")


def _see_off_earlier(data: Path) -> None:
    """Wait until no server of an earlier owner runs on the data.

    The owner is gone, because we hold its lock. Its server is then usually on its
    way out already. Afterwards ``postmaster.pid`` can only be stale, and is removed:
    PostgreSQL itself would refuse to start if its number is some other process's
    by now, as is usual in containers.

    Raises:
        OperatorError: It does not go.
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
                remedy="End that process, or name another folder",
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
        # Gone meanwhile, or not ours to end: waiting is all there is.
        return


def _runs_on(pid: int, data: Path) -> bool:
    """Whether a process is a server of this very data, and not a later owner of its number."""
    if Path("/proc/self/cwd").exists():
        try:
            # A server works in its data folder.
            return Path(f"/proc/{pid}/cwd").readlink() == data.resolve()
        except OSError:
            return False
    asked = ("ps", "-o", "args=", "-p", str(pid))
    listed = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603 - a number of ours
    return str(data) in listed.stdout
