"""The lock of a home folder: its holder owns the servers.

The kernel (``flock``) releases the lock when its holder ends, so it cannot be stale. The
file's content is valid only while the lock is held, and is checked by asking the servers.
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
    """The content of a lock file: the process that holds the lock."""

    pid: int
    database_url: str
    redis_url: str


class HomeLock:
    """The right to run the servers of one home folder, from ``acquire`` to ``release``."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._taken_by = os.getpid()
        _close_in_forks(self)

    @classmethod
    def acquire(cls, path: Path) -> HomeLock | None:
        """Acquire the lock; None if another process holds it.

        Raises:
            OSError: The file cannot be created or written.
        """
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The content of an earlier owner is no longer valid.
            os.ftruncate(descriptor, 0)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except OSError:
            os.close(descriptor)
            raise
        return cls(descriptor)

    def publish(self, owner: Owner) -> None:
        """Write where the servers are, for processes that start later.

        Raises:
            OSError: The disk is full.
        """
        os.pwrite(self._descriptor, json.dumps(asdict(owner)).encode() + b"\n", 0)

    def release(self) -> None:
        """Release the lock. The file stays: removing it would allow two locks on one folder."""
        if self._descriptor >= 0:
            os.ftruncate(self._descriptor, 0)
            self._close()

    def close_in_fork(self) -> None:
        """Close a fork's copy, which would keep the lock after the owner has ended."""
        if self._descriptor >= 0 and os.getpid() != self._taken_by:
            self._close()

    def _close(self) -> None:
        os.close(self._descriptor)
        self._descriptor = -1


def read_owner(path: Path) -> Owner | None:
    """Return the data that the lock's holder has published; None if there is none yet."""
    try:
        fields = json.loads(path.read_bytes())
        return Owner(fields["pid"], fields["database_url"], fields["redis_url"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _close_in_forks(lock: HomeLock) -> None:
    # Such a hook cannot be unregistered, so it must not keep the lock object alive.
    known = weakref.ref(lock)

    def after_fork() -> None:
        held = known()
        if held is not None:
            held.close_in_fork()

    os.register_at_fork(after_in_child=after_fork)
