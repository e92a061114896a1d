"""Two ways to make a child end when its parent does, however the parent ends."""

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


class Tie(Protocol):
    """Binds a child's life to ours."""

    def before_exec(self, on_our_end: signal.Signals) -> Callable[[], None] | None:
        """What the child runs between fork and exec, already as the user it will be."""

    def watch(self, pid: int, on_our_end: signal.Signals) -> None:
        """A child was started."""

    def forget(self, pid: int) -> None:
        """A child has been waited for: its number may soon be another process's."""

    def close(self) -> None:
        """No child is left."""


def best_tie() -> Tie:
    """The kernel's own where there is one, else a watchdog process."""
    return KernelTie() if platform.system() == "Linux" else WatchdogTie()


class KernelTie:
    """Linux signals a child when the thread that forked it ends."""

    def __init__(self) -> None:
        # Loaded here, because between fork and exec nothing may be imported or looked up.
        self._prctl = ctypes.CDLL(None, use_errno=True).prctl

    def before_exec(self, on_our_end: signal.Signals) -> Callable[[], None]:
        """Ask for the signal, and notice a parent that ended before we could ask.

        It runs after the change of user, which would take the request back.
        """
        parent, prctl = os.getpid(), self._prctl

        def ask() -> None:
            prctl(_PR_SET_PDEATHSIG, int(on_our_end), 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

        return ask

    def watch(self, pid: int, on_our_end: signal.Signals) -> None:
        """Nothing: the kernel knows already."""

    def forget(self, pid: int) -> None:
        """Nothing: the kernel knows already."""

    def close(self) -> None:
        """Nothing is held."""


class WatchdogTie:
    """A process of ours at the other end of a pipe, which closes when we end.

    Between the start of a child and the word to the watchdog lies a moment in
    which our end would leave an orphan; the next start on the same home ends it.
    """

    def __init__(self) -> None:
        program = Path(__file__).with_name("watchdog.py")
        self._dog = subprocess.Popen(  # noqa: S603 - our own Python and our own file
            [sys.executable, "-I", "-S", str(program)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            # Away from the terminal's Ctrl-C, which goes to a whole group.
            start_new_session=True,
            text=True,
        )

    def before_exec(self, on_our_end: signal.Signals) -> None:
        """Nothing: the watchdog is told once the child has a number."""

    def watch(self, pid: int, on_our_end: signal.Signals) -> None:
        """Have it signalled."""
        self._say(f"{pid} {int(on_our_end)}\n")

    def forget(self, pid: int) -> None:
        """Have it left alone."""
        self._say(f"{pid} 0\n")

    def close(self) -> None:
        """End the watchdog. Whoever is still being watched is signalled."""
        assert self._dog.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._dog.stdin.close()
        self._dog.wait()

    def _say(self, line: str) -> None:
        assert self._dog.stdin is not None
        # A watchdog that somebody ended cannot be told anything; the servers go on without it.
        with contextlib.suppress(BrokenPipeError):
            self._dog.stdin.write(line)
            self._dog.stdin.flush()
