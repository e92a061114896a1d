"""Writes events to a file with rotation."""

import asyncio
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from paygate import CallContext, DeliverableEvent, DeliveryResult, Endpoint, PluginInfo

from .records import as_line, is_for_stream


class FileSink:
    """Appends each event, and reports a delivery after it is on the disk.

    Several workers may write to one file: a lock keeps lines complete and files in order.
    ``events.jsonl`` is the newest, ``events.jsonl.1`` the one before it.
    """

    info = PluginInfo(id="event_file", version="0.1.0", requires_api=3)
    concerns_endpoint = False

    def __init__(self, path: Path, bytes_max: int, kept: int) -> None:
        self._path = path
        self._bytes_max = bytes_max
        self._kept = kept

    def wants(self, event_type: str, endpoint: Endpoint) -> bool:
        """Return True for every event, once."""
        return is_for_stream(endpoint)

    async def deliver(
        self, event: DeliverableEvent, endpoint: Endpoint, context: CallContext
    ) -> DeliveryResult:
        """Append it. Disks may be slow, so a thread waits for them."""
        try:
            await asyncio.to_thread(self._append, as_line(event))
        except OSError as error:
            context.logger.warning("event file", problem=error.strerror)
            return DeliveryResult(delivered=False, error="file_not_written")
        return DeliveryResult(delivered=True)

    def _append(self, line: bytes) -> None:
        with self._locked():
            size = self._path.stat().st_size if self._path.exists() else 0
            if size and size + len(line) > self._bytes_max:
                self._put_aside()
            with self._path.open("ab") as file:
                _begin_line(self._path, file.tell(), file.fileno())
                file.write(line)
                file.flush()
                os.fsync(file.fileno())

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Lock the file for all processes; the lock is released if one of them ends."""
        with Path(f"{self._path}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _put_aside(self) -> None:
        """Rotate the files; the oldest is overwritten."""
        for age in range(self._kept - 1, 0, -1):
            older = Path(f"{self._path}.{age}")
            if older.exists():
                older.replace(f"{self._path}.{age + 1}")
        self._path.replace(f"{self._path}.1")


def _begin_line(path: Path, size: int, fd: int) -> None:
    """End an incomplete line of a killed writer, so that it affects no other line."""
    if size:
        with path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                os.write(fd, b"\n")
