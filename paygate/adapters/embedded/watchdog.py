"""A process that ends others when the one that started it is gone.

For systems whose kernel cannot do it. It is run as a program, never imported,
and loads nothing but the standard library's smallest parts. On its standard
input it reads lines ``<pid> <signal>``, and ``<pid> 0`` for a process that has
ended already; the end of the input means that the writer is gone, because
nobody else holds the other end.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys


def watch() -> None:
    """Read until the end, then signal whoever is left."""
    # What ends the writer politely must not end its watchdog first.
    for polite in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(polite, signal.SIG_IGN)
    wards: dict[int, int] = {}
    for line in sys.stdin:
        pid, number = (int(word) for word in line.split())
        if number:
            wards[pid] = number
        else:
            wards.pop(pid, None)
    for ward, goodbye in wards.items():
        with contextlib.suppress(ProcessLookupError):
            os.kill(ward, goodbye)


if __name__ == "__main__":
    watch()
