"""Servers for one run: shared by its processes and removed after it.

Every process that uses such a home folder holds a shared lock in it. The process that runs
the servers waits for the others before it stops them and removes the folder. A folder whose
lock is free was left by a killed run; the next run removes it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .servers import EmbeddedServers, start_servers

PREFIX = "paygate-throwaway-"
# Linux's file system in memory: cloning a database takes a tenth of the time there.
MEMORY = Path("/dev/shm")  # noqa: S108 - folders in it are made by mkdtemp, or are checked to be ours
MEMORY_BYTES_MIN = 2 * 1024**3
ALIVE = "alive"
# Servers that root starts run as another user, who must pass through.
MODE = 0o711
# Many test processes with several apps each.
CONNECTIONS_MAX = 300


@contextmanager
def throwaway_servers(run: str | None = None, *, redis: bool = False) -> Iterator[EmbeddedServers]:
    """Run servers whose data is removed at the end of the block.

    Args:
        run: Processes with the same run share the servers; None does not share them.
        redis: Whether to start Valkey.

    Raises:
        OperatorError: They cannot be started.
    """
    parent = throwaway_parent()
    _remove_leftovers(parent)
    home, alive = _enter(parent, run)
    try:
        servers = start_servers(home, redis=redis, durable=False, connections_max=CONNECTIONS_MAX)
        try:
            yield servers
        finally:
            _leave(servers, home, alive)
    finally:
        os.close(alive)


def throwaway_parent() -> Path:
    """Return the folder for temporary data: in memory if there is enough space.

    ``TMPDIR`` takes precedence if it is set.
    """
    if "TMPDIR" not in os.environ:
        with suppress(OSError):
            is_usable = os.access(MEMORY, os.W_OK | os.X_OK) and MEMORY.is_dir()
            if is_usable and shutil.disk_usage(MEMORY).free >= MEMORY_BYTES_MIN:
                return MEMORY
    return Path(tempfile.gettempdir())


def _enter(parent: Path, run: str | None) -> tuple[Path, int]:
    """Return the run's folder and a shared lock in it."""
    while True:
        if run is None:
            home = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        else:
            home = parent / f"{PREFIX}{os.geteuid()}-{run}"
            home.mkdir(exist_ok=True, mode=0o700)
        alive = _open_alive(home)
        if alive is not None:
            return home, alive


def _open_alive(home: Path) -> int | None:
    """Return the lock, or None if the folder was removed before it was locked."""
    try:
        home.chmod(MODE)
        alive = os.open(home / ALIVE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except FileNotFoundError:
        return None
    fcntl.flock(alive, fcntl.LOCK_SH)
    with suppress(FileNotFoundError):
        if (home / ALIVE).stat().st_ino == os.fstat(alive).st_ino:
            return alive
    os.close(alive)
    return None


def _leave(servers: EmbeddedServers, home: Path, alive: int) -> None:
    if not servers.owned:
        return
    # Other processes of the run still use the servers; wait for their locks.
    fcntl.flock(alive, fcntl.LOCK_EX)
    servers.stop()
    shutil.rmtree(home, ignore_errors=True)


def _remove_leftovers(parent: Path) -> None:
    for home in parent.glob(f"{PREFIX}*"):
        with suppress(OSError):
            if home.is_symlink() or home.stat().st_uid != os.geteuid():
                continue
            alive = os.open(home / ALIVE, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(home, ignore_errors=True)
            finally:
                os.close(alive)
