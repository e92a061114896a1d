"""A process that ends others when the process that started it ends.

For systems whose kernel has no parent-death signal. It runs as a program, is never imported,
and loads only the smallest parts of the standard library. On its standard input it reads lines
``<pid> <signal>``, and ``<pid> 0`` for a process that has ended. The end of the input means
that the writer has ended, because no other process has the pipe's other end.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys


def watch() -> None:
    """Read to the end of the input, then signal the remaining processes."""
    # Signals that stop the writer must not end the watchdog first.
    for stop_signal in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(stop_signal, signal.SIG_IGN)
    watched: dict[int, int] = {}
    for line in sys.stdin:
        pid, number = (int(word) for word in line.split())
        if number:
            watched[pid] = number
        else:
            watched.pop(pid, None)
    for pid, number in watched.items():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


if __name__ == "__main__":
    watch()
