"""End a child process when its parent ends, however the parent ends."""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

_PR_SET_PDEATHSIG = 1


class ParentDeathSignal(Protocol):
    """Ends a child process when this process ends."""

    def before_exec(self, on_parent_death: signal.Signals) -> Callable[[], None] | None:
        """Return what the child runs between fork and exec, after the change of user."""

    def watch(self, pid: int, on_parent_death: signal.Signals) -> None:
        """Register a started child."""

    def forget(self, pid: int) -> None:
        """Unregister a child that has ended: its process id may be reused."""

    def close(self) -> None:
        """Release resources. No child is left."""


def choose_death_signal() -> ParentDeathSignal:
    """Choose the kernel's signal on Linux, else a watchdog process."""
    return KernelDeathSignal() if platform.system() == "Linux" else WatchdogDeathSignal()


class KernelDeathSignal:
    """Linux signals a child when the thread that forked it ends."""

    def __init__(self) -> None:
        # Loaded here: between fork and exec nothing may be imported or looked up.
        self._prctl = ctypes.CDLL(None, use_errno=True).prctl

    def before_exec(self, on_parent_death: signal.Signals) -> Callable[[], None]:
        """Request the signal, and end if the parent ended before the request.

        It runs after the change of user, which would clear the request.
        """
        parent, prctl = os.getpid(), self._prctl

        def ask() -> None:
            prctl(_PR_SET_PDEATHSIG, int(on_parent_death), 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

        return ask

    def watch(self, pid: int, on_parent_death: signal.Signals) -> None:
        """Do nothing: the kernel knows the child."""

    def forget(self, pid: int) -> None:
        """Do nothing: the kernel knows the child."""

    def close(self) -> None:
        """Do nothing."""


class WatchdogDeathSignal:
    """A process that reads from a pipe, which closes when this process ends.

    If this process ends between the start of a child and its registration, the child is
    orphaned; the next start in the same home folder ends it.
    """

    def __init__(self) -> None:
        program = Path(__file__).with_name("watchdog.py")
        self._watchdog = subprocess.Popen(  # noqa: S603 - our own Python and our own file
            [sys.executable, "-I", "-S", str(program)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            # In its own session, so that the terminal's Ctrl-C does not reach it.
            start_new_session=True,
            text=True,
        )

    def before_exec(self, on_parent_death: signal.Signals) -> None:
        """Do nothing: the child is registered when its process id is known."""

    def watch(self, pid: int, on_parent_death: signal.Signals) -> None:
        """Register the child for the signal."""
        self._write(f"{pid} {int(on_parent_death)}\n")

    def forget(self, pid: int) -> None:
        """Unregister the child."""
        self._write(f"{pid} 0\n")

    def close(self) -> None:
        """End the watchdog. It signals the children that are still registered."""
        assert self._watchdog.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._watchdog.stdin.close()
        self._watchdog.wait()

    def _write(self, line: str) -> None:
        assert self._watchdog.stdin is not None
        # A watchdog that was killed cannot read; the servers run without it.
        with contextlib.suppress(BrokenPipeError):
            self._watchdog.stdin.write(line)
            self._watchdog.stdin.flush()
