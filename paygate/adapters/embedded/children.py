"""Server processes as child processes that end with this process."""

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
from .parent_death import ParentDeathSignal, choose_death_signal
from .unprivileged import Account, cannot_become

_LOG_BYTES_MAX = 5_000_000
# How much of a log is read to explain why its writer ended.
_LOG_TAIL_BYTES_MAX = 64_000
# The environment is not inherited: PGPORT and similar variables would change how a server
# behaves, and secrets do not belong in another user's process. The locale makes the servers
# write system messages in the words of ``os.strerror``.
_KEPT_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR")
_SET_ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True, kw_only=True)
class Task:
    """A program to run.

    Attributes:
        name: The name in messages.
        setting: The setting that replaces this program.
        argv: The program's path and its arguments.
        account: The user that runs it; None for the current user.
        on_stop: The signal for a clean stop. Also sent when this process ends.
    """

    name: str
    setting: str
    argv: tuple[str, ...]
    account: Account | None
    on_stop: signal.Signals


class Child:
    """A started server.

    Args:
        task: The program that was started.
        process: The running program.
        log: The file of its output.
        death_signal: Ends the child when this process ends.
    """

    def __init__(
        self,
        task: Task,
        process: subprocess.Popen[bytes],
        log: Log,
        death_signal: ParentDeathSignal,
    ) -> None:
        self.name = task.name
        self.pid = process.pid
        self.log = log
        self._on_stop = task.on_stop
        self._process = process
        self._death_signal = death_signal

    def has_ended(self) -> bool:
        """Check whether the process has ended."""
        if self._process.poll() is None:
            return False
        self._death_signal.forget(self.pid)
        return True

    def describe_end(self) -> str | None:
        """Return one sentence if the process has ended, else None."""
        if not self.has_ended():
            return None
        words = problems.last_reason(self.log.words())
        return (
            f"{self.name} (process {self.pid}) ended with {self._exit()}; last log line: {words}."
        )

    def ask_to_stop(self) -> None:
        """Send the signal for a clean stop, and return at once."""
        if not self.has_ended():
            self._process.send_signal(self._on_stop)

    def wait_or_kill(self, *, until: float) -> None:
        """Wait until the process has ended; kill it after ``until``.

        Args:
            until: Monotonic time of the kill.
        """
        try:
            self._process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._death_signal.forget(self.pid)

    def _exit(self) -> str:
        code = self._process.returncode
        return f"signal {-code}" if code < 0 else f"exit code {code}"


class Log:
    """A server's log file; remembers where this run begins."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._start = 0

    def open(self) -> BinaryIO:
        """Open the log for appending; truncate it if it is large."""
        # Readable by this user only: it may contain what clients sent.
        file = os.fdopen(os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab")
        if file.tell() > _LOG_BYTES_MAX:
            file.truncate(0)
        self._start = os.fstat(file.fileno()).st_size
        return file

    def words(self) -> str:
        """Return the end of what was written since ``open``."""
        with self.path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(self._start, size - _LOG_TAIL_BYTES_MAX))
            return file.read().decode(errors="replace")


class ChildProcesses:
    """Starts child processes from one thread that lives until ``close``.

    The kernel sends the parent-death signal when the *thread* that forked ends. A separate
    thread makes callers independent of this.
    """

    def __init__(self, death_signal: ParentDeathSignal | None = None) -> None:
        self._death_signal = death_signal or choose_death_signal()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="paygate-embedded")

    def start(self, task: Task, log: Log) -> Child:
        """Start a server whose output goes to a log.

        Raises:
            OperatorError: The program cannot be started.
            OSError: The log cannot be written.
        """
        with log.open() as output:
            process = self._thread.submit(self._fork, task, output.fileno()).result()
        return Child(task, process, log, self._death_signal)

    def run(self, task: Task, *, timeout_s: float) -> tuple[int, str]:
        """Run a program to its end.

        Its output is read from a pipe and not from a file, so that it can report a full disk.

        Returns:
            The exit code, negative for a signal, and the output.

        Raises:
            OperatorError: The program cannot be started.
            subprocess.TimeoutExpired: The program took too long and was killed.
        """
        process = self._thread.submit(self._fork, task, subprocess.PIPE).result()
        try:
            output, _ = process.communicate(timeout=timeout_s)
        except BaseException:
            process.kill()
            process.communicate()
            raise
        finally:
            self._death_signal.forget(process.pid)
        return process.returncode, output.decode(errors="replace")

    def close(self) -> None:
        """Release resources. Children that still run are signalled."""
        self._thread.shutdown()
        self._death_signal.close()

    def _fork(self, task: Task, output: int) -> subprocess.Popen[bytes]:
        try:
            process = self._open(task, output)
        except OSError as error:
            raise _not_started(task, error) from error
        self._death_signal.watch(process.pid, task.on_stop)
        return process

    def _open(self, task: Task, output: int) -> subprocess.Popen[bytes]:
        account = task.account
        return subprocess.Popen(  # noqa: S603 - programs that this package has found
            task.argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # The other user may not enter the current folder.
            cwd="/",
            env=_environment(),
            # Ctrl-C is sent to the whole group: the servers must outlive this process's shutdown.
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            umask=0o077,
            preexec_fn=self._death_signal.before_exec(task.on_stop),  # noqa: PLW1509 - one system call, safe after fork
        )


def _not_started(task: Task, error: OSError) -> OperatorError:
    # The system returns these errors for a change of user, never for a program.
    if task.account is not None and error.errno in {errno.EPERM, errno.EINVAL}:
        return cannot_become(task.account, error)
    return problems.cannot_run(task.argv[0], error, setting=task.setting)


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    return kept | _SET_ENVIRONMENT
