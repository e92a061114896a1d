"""Who owns the servers of a home folder.

The lock is the kernel's (``flock``), so it cannot be stale: it is gone the
moment its holder is. What the file says is only believed while somebody holds
the lock, and then only after asking the servers.
"""

from __future__ import annotations

import fcntl
import json
import os
import weakref
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Owner:
    """What a lock file says about the process that holds it."""

    pid: int
    database_url: str
    redis_url: str


class HomeLock:
    """The right to run the servers of one home folder, from ``take`` to ``release``."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._taken_by = os.getpid()
        _let_go_in_forks(self)

    @classmethod
    def take(cls, path: Path) -> HomeLock | None:
        """The lock, or None when another process has it.

        Raises:
            OSError: The file cannot be made or written.
        """
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # What an earlier owner wrote is no longer true.
            os.ftruncate(descriptor, 0)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except OSError:
            os.close(descriptor)
            raise
        return cls(descriptor)

    def publish(self, owner: Owner) -> None:
        """Tell processes that come later where the servers are.

        Raises:
            OSError: The disk is full.
        """
        os.pwrite(self._descriptor, json.dumps(asdict(owner)).encode() + b"\n", 0)

    def release(self) -> None:
        """Give it back. The file stays: removing it would let two processes hold two locks."""
        if self._descriptor >= 0:
            os.ftruncate(self._descriptor, 0)
            self._close()

    def let_go(self) -> None:
        """Close a fork's copy, which would keep the lock after the owner has ended."""
        if self._descriptor >= 0 and os.getpid() != self._taken_by:
            self._close()

    def _close(self) -> None:
        os.close(self._descriptor)
        self._descriptor = -1


def read_owner(path: Path) -> Owner | None:
    """What the lock's holder has published, or None when it has not yet."""
    try:
        fields = json.loads(path.read_bytes())
        return Owner(fields["pid"], fields["database_url"], fields["redis_url"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _let_go_in_forks(lock: HomeLock) -> None:
    # Such a hook cannot be taken back, so it must not keep the lock object alive.
    known = weakref.ref(lock)

    def after_fork() -> None:
        held = known()
        if held is not None:
            held.let_go()

    os.register_at_fork(after_in_child=after_fork)
