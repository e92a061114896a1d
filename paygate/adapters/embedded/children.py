"""Server processes as direct children that never outlive us."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ...core.errors import OperatorError
from . import problems
from .ties import Tie, best_tie
from .unprivileged import Account, cannot_become

_LOG_BYTES_MAX = 5_000_000
# What is read back of a log to say why its writer ended.
_LOG_TAIL_BYTES_MAX = 64_000
# Nothing of ours: PGPORT and its like would change how a server behaves, and
# secrets do not belong in another user's process. The locale makes the servers
# write the system's messages in the words ``os.strerror`` uses.
_KEPT_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR")
_SET_ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True, kw_only=True)
class Task:
    """A program to run.

    Attributes:
        name: What a person calls it.
        setting: What to set to do without it.
        argv: The program's path and its arguments.
        account: Which user it runs as; None for ours.
        on_stop: What asks it to end in good order. Also what it is sent when we end.
    """

    name: str
    setting: str
    argv: tuple[str, ...]
    account: Account | None
    on_stop: signal.Signals


class Child:
    """A started server.

    Args:
        task: What was started.
        process: The running program.
        log: The file its output goes to.
        tie: What binds it to our life.
    """

    def __init__(self, task: Task, process: subprocess.Popen[bytes], log: Log, tie: Tie) -> None:
        self.name = task.name
        self.pid = process.pid
        self.log = log
        self._on_stop = task.on_stop
        self._process = process
        self._tie = tie

    def has_ended(self) -> bool:
        """Whether it is gone, for whatever reason."""
        if self._process.poll() is None:
            return False
        self._tie.forget(self.pid)
        return True

    def obituary(self) -> str | None:
        """One sentence once it has ended, else None."""
        if not self.has_ended():
            return None
        words = problems.last_words(self.log.words())
        return (
            f"{self.name} (process {self.pid}) ended with {self._exit()}; its last words: {words}."
        )

    def ask_to_stop(self) -> None:
        """Start a stop in good order, and return at once."""
        if not self.has_ended():
            self._process.send_signal(self._on_stop)

    def wait_or_kill(self, *, until: float) -> None:
        """Return when it is gone.

        Args:
            until: On the monotonic clock, when to stop being patient.
        """
        try:
            self._process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._tie.forget(self.pid)

    def _exit(self) -> str:
        code = self._process.returncode
        return f"signal {-code}" if code < 0 else f"exit code {code}"


class Log:
    """A file that a server appends to, and where this run began in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._start = 0

    def open(self) -> BinaryIO:
        """For appending; one that has grown large is begun anew."""
        # For us alone: what clients sent may be in it.
        file = os.fdopen(os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab")
        if file.tell() > _LOG_BYTES_MAX:
            file.truncate(0)
        self._start = os.fstat(file.fileno()).st_size
        return file

    def words(self) -> str:
        """The end of what was written since ``open``."""
        with self.path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(self._start, size - _LOG_TAIL_BYTES_MAX))
            return file.read().decode(errors="replace")


class Nursery:
    """Starts children, all from one thread that lives until ``close``.

    The kernel's signal for "your parent is gone" is sent when the *thread* that
    forked is gone. With a thread of its own, callers need not know that.
    """

    def __init__(self, tie: Tie | None = None) -> None:
        self._tie = tie or best_tie()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="paygate-embedded")

    def start(self, task: Task, log: Log) -> Child:
        """Start a server whose output goes to a log.

        Raises:
            OperatorError: It cannot be started.
            OSError: The log cannot be written.
        """
        with log.open() as output:
            process = self._thread.submit(self._fork, task, output.fileno()).result()
        return Child(task, process, log, self._tie)

    def run(self, task: Task, *, timeout_s: float) -> tuple[int, str]:
        """Run a program to its end.

        Its output comes through a pipe and not a file, so that it can still say
        that the disk is full.

        Returns:
            Its exit code, negative for a signal, and what it wrote.

        Raises:
            OperatorError: It cannot be started.
            subprocess.TimeoutExpired: It took too long, and was killed.
        """
        process = self._thread.submit(self._fork, task, subprocess.PIPE).result()
        try:
            output, _ = process.communicate(timeout=timeout_s)
        except BaseException:
            process.kill()
            process.communicate()
            raise
        finally:
            self._tie.forget(process.pid)
        return process.returncode, output.decode(errors="replace")

    def close(self) -> None:
        """Let go. Children that still run are signalled as if we had ended."""
        self._thread.shutdown()
        self._tie.close()

    def _fork(self, task: Task, output: int) -> subprocess.Popen[bytes]:
        try:
            process = self._open(task, output)
        except OSError as error:
            raise _not_started(task, error) from error
        self._tie.watch(process.pid, task.on_stop)
        return process

    def _open(self, task: Task, output: int) -> subprocess.Popen[bytes]:
        account = task.account
        return subprocess.Popen(  # noqa: S603 - programs that were found by us
            task.argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # The folder we are in may be one that the other user cannot enter.
            cwd="/",
            env=_environment(),
            # Ctrl-C goes to a whole group: the servers must outlast our own way out.
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            umask=0o077,
            preexec_fn=self._tie.before_exec(task.on_stop),  # noqa: PLW1509 - one system call, made for this
        )


def _not_started(task: Task, error: OSError) -> OperatorError:
    # The system answers these for a change of user, and never for a program it cannot run.
    if task.account is not None and error.errno in {errno.EPERM, errno.EINVAL}:
        return cannot_become(task.account, error)
    return problems.cannot_run(task.argv[0], error, setting=task.setting)


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    return kept | _SET_ENVIRONMENT
