"""Processes of ``paygate dev`` as forks of one process.

Most of a start is the import of libraries. Forks share what was imported, and its memory.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress

from ..adapters.embedded.parent_death import choose_death_signal

# Less than `paygate dev` waits for the process that forks.
STOP_WITHIN_S = 20
# On other systems, libraries of the system do not work in a fork.
CAN_FORK = sys.platform == "linux"


def fork_each(names: Sequence[str]) -> str:
    """Return in a new process for each name, with that name.

    The calling process does not return. It stops the others when it is stopped and when one
    of them has ended, kills those that do not end in time, and ends with their exit code.

    Raises:
        SystemExit: In the calling process, when all have ended.
    """
    gc.freeze()
    end_with_parent = choose_death_signal().before_exec(signal.SIGTERM)
    running: dict[int, str] = {}
    for name in names:
        pid = os.fork()
        if not pid:
            if end_with_parent is not None:
                end_with_parent()
            return name
        running[pid] = name
    raise SystemExit(_wait_for_all(running))


def _wait_for_all(running: dict[int, str]) -> int:
    codes: list[int] = []
    is_stopped = False

    def stop(*_: object) -> None:
        nonlocal is_stopped
        is_stopped = True
        _signal_all(running, signal.SIGTERM)
        signal.alarm(STOP_WITHIN_S)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGALRM, lambda *_: _signal_all(running, signal.SIGKILL))
    while running:
        pid, status = os.wait()
        name = running.pop(pid)
        codes.append(os.waitstatus_to_exitcode(status))
        if not is_stopped:
            print(f"paygate {name} has ended; stopping the others", file=sys.stderr)
            # Whatever the exit code, a process that was not stopped has failed.
            codes.append(1)
            stop()
    return next((code for code in codes if code > 0), 0)


def _signal_all(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in list(pids):
        with suppress(ProcessLookupError):
            os.kill(pid, number)
