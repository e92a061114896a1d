"""The machine: which cores run what, and how much CPU time a process has used."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

US_PER_TICK = 1_000_000 // os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")


@dataclass(frozen=True)
class Cores:
    """Where processes run.

    Attributes:
        api: The core of the API under test, alone. None: every process may use every core.
        rest: The core of everything else: PostgreSQL, Valkey, the load generator.
    """

    api: int | None
    rest: int | None


def choose_cores(*, shared: bool = False) -> Cores:
    """Choose the first two cores that this process may use; one twice if there is only one.

    Args:
        shared: Every process may use every core.
    """
    if shared:
        return Cores(None, None)
    allowed = sorted(os.sched_getaffinity(0))
    return Cores(allowed[0], allowed[1 if len(allowed) > 1 else 0])


@contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """Keep this thread, and every process that it starts meanwhile, on one core, if any."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def cpu_us(pid: int) -> int:
    """Return the CPU time of a process, its descendants, and its children that have ended.

    Returns:
        User and system time in microseconds, in steps of a clock tick.
    """
    ended = _times(pid)[2:]
    return US_PER_TICK * (sum(ended) + sum(sum(_times(each)[:2]) for each in tree(pid)))


class CpuMeter:
    """CPU time that processes, each with its descendants, use between two moments.

    Args:
        pids: The processes.
    """

    def __init__(self, pids: Sequence[int]) -> None:
        self._pids = pids
        self._at_start_us: list[int] = []
        self.used_us: list[int] = []

    def start(self) -> None:
        """Begin to count."""
        self._at_start_us = [cpu_us(pid) for pid in self._pids]

    def stop(self) -> None:
        """End counting: ``used_us`` has a figure for each process."""
        self.used_us = [
            cpu_us(pid) - before for pid, before in zip(self._pids, self._at_start_us, strict=True)
        ]


def busy_us() -> int:
    """Return the CPU time that the whole machine has used since it started."""
    fields = [int(each) for each in _read(PROC / "stat").splitlines()[0].split()[1:]]
    idle, waiting = fields[3:5]
    # The time of virtual machines is part of the first two fields.
    return US_PER_TICK * (sum(fields[:8]) - idle - waiting)


def tree(pid: int) -> list[int]:
    """Return a process and its descendants."""
    found = [pid]
    for each in found:
        for listed in PROC.glob(f"{each}/task/*/children"):
            found += [int(child) for child in _read(listed).split()]
    return found


def parent_of(pid: int) -> int:
    """Return the process that started another one."""
    # After the program's name: the state, then the parent.
    return int(_read(PROC / str(pid) / "stat").rpartition(")")[2].split()[1])


def memory_kib(pid: int) -> int:
    """Return the memory of one process in KiB: its own, and its share of what it shares."""
    for line in _read(PROC / str(pid) / "smaps_rollup").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0


def describe_machine() -> dict[str, object]:
    """Return what the figures depend on."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in _read(PROC / "cpuinfo").splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    pages, page = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "memory_gib": round(pages * page / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def _times(pid: int) -> tuple[int, int, int, int]:
    """User and system time of a process, then of its children that have ended, in ticks."""
    text = _read(PROC / str(pid) / "stat")
    if not text:
        return 0, 0, 0, 0
    # The program's name may hold spaces; it ends with the last parenthesis.
    fields = text.rpartition(")")[2].split()
    user, system, ended_user, ended_system = (int(each) for each in fields[11:15])
    return user, system, ended_user, ended_system


def _read(path: Path) -> str:
    """Return the file's text; empty if the process has ended meanwhile."""
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
