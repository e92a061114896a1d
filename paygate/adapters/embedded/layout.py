"""The folders of one home folder.

::

    <home>/lock                names the process that runs the servers
    <home>/postgres.log
    <home>/valkey.log
    <home>/data/postgres/      the cluster
    <home>/data/valkey/
    <home>/data/sockets/       unless the path is too long for a socket

As root, ``data`` is a link to another folder if the user that runs the servers cannot enter
the home folder. It is a link and not a computed path, so that removing the home folder is
enough to start empty.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import re
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ...core.errors import OperatorError
from . import problems
from .machine import Machine
from .unprivileged import Account, change_owner, choose_account, state_folder

# The kernel's limit for a socket's path is 107 bytes on Linux and 103 on macOS.
SOCKET_PATH_BYTES_MAX = 103
LONGEST_SOCKET_NAME = ".s.PGSQL.5432"
# Socket folders are part of PostgreSQL's settings and of URLs, where other characters are quoted.
_PLAIN_PATH = re.compile(r"[A-Za-z0-9/._-]+")
# Another user must pass through root's folders; no other user may list them.
_ROOTS_FOLDER_MODE = 0o711
_OWN_FOLDER_MODE = 0o700
# Not TMPDIR, which may be long itself, and not XDG_RUNTIME_DIR, which is removed at logout
# while a background server still runs.
_SHORT_FOLDER = Path("/tmp")  # noqa: S108 - the owner of what is created in it is checked


@dataclass(frozen=True)
class Layout:
    """The folders of one home folder; all of them exist.

    Attributes:
        home: The lock and the logs, owned by the current user.
        data: The servers' folders.
        sockets: Accessible to the account and root only.
        account: The user that runs the servers; None for the current user.
    """

    home: Path
    data: Path
    sockets: Path
    account: Account | None

    def own_folder(self, name: str) -> Path:
        """Return a folder in ``data`` that belongs to the account and is closed to others.

        Raises:
            OperatorError: It cannot be created, or belongs to another user.
        """
        return _private_folder(self.data / name, self.account)


def open_home(home: Path) -> Path:
    """Create the home folder if it is missing, and check that it belongs to this user.

    Returns:
        Its absolute path.

    Raises:
        OperatorError: It cannot be created or written, or belongs to another user.
    """
    home = home.expanduser().absolute()
    with problems.file_errors(home):
        _make_folder(home)
        owner = home.stat().st_uid
        # Root could use it, but would create files that its owner cannot read.
        if owner != os.geteuid():
            raise problems.foreign_home(home, _user_name(owner))
        if not os.access(home, os.W_OK | os.X_OK):
            raise PermissionError(13, "Permission denied", str(home))
    return home


def create_layout(home: Path, machine: Machine) -> Layout:
    """Decide where data and sockets go, and create the folders.

    Raises:
        OperatorError: A folder cannot be created, reached or trusted.
    """
    link = home / "data"
    with problems.file_errors(home):
        if link.is_symlink() and not link.exists():
            raise _lost_data(link)
        account = choose_account(link)
        if not link.exists():
            _make_data(link, account, machine)
        data = link.resolve()
        if account is not None and not account.may(data, os.X_OK):
            raise _out_of_reach(data, account)
        sockets = _socket_folder(home, data, account, machine)
        return Layout(home, data, sockets, account)


def _make_folder(folder: Path) -> None:
    """Create a folder that other users cannot list, whatever the umask."""
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        if not folder.is_dir():
            raise
        return
    folder.chmod(_OWN_FOLDER_MODE if os.geteuid() else _ROOTS_FOLDER_MODE)


def _make_data(link: Path, account: Account | None, machine: Machine) -> None:
    if account is None or account.may(link.parent, os.X_OK):
        _make_folder(link)
        return
    elsewhere = Path(tempfile.mkdtemp(prefix="data-", dir=state_folder(account, machine)))
    elsewhere.chmod(_ROOTS_FOLDER_MODE)
    link.symlink_to(elsewhere)


def _socket_folder(home: Path, data: Path, account: Account | None, machine: Machine) -> Path:
    beside = data / "sockets"
    if _fits(beside):
        return _private_folder(beside, account)
    key = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    base = _SHORT_FOLDER if account is None else state_folder(account, machine)
    return _private_folder(base / f"paygate-{os.geteuid()}-{key}", account)


def _fits(folder: Path) -> bool:
    longest = os.fsencode(folder / LONGEST_SOCKET_NAME)
    return len(longest) <= SOCKET_PATH_BYTES_MAX and bool(_PLAIN_PATH.fullmatch(str(folder)))


def _private_folder(folder: Path, account: Account | None) -> Path:
    """Create a folder, or use an existing one that only this user can have created.

    In a folder where all users may write, another user could have created it first, or
    a link with its name.
    """
    with problems.file_errors(folder):
        try:
            folder.mkdir(mode=_OWN_FOLDER_MODE)
        except FileExistsError:
            pass
        else:
            change_owner(folder, account)
        status = folder.lstat()
    owner = account.uid if account else os.geteuid()
    if status.st_uid != owner:
        raise problems.foreign_home(folder, _user_name(status.st_uid))
    if not stat.S_ISDIR(status.st_mode) or status.st_mode & 0o077:
        raise _not_private(folder)
    return folder


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _lost_data(link: Path) -> OperatorError:
    return OperatorError(
        setting=problems.HOME_SETTING,
        problem=f"the data is in {link.readlink()}, and that folder does not exist",
        remedy=f"Restore it, or remove {link} to start with an empty folder",
    )


def _out_of_reach(data: Path, account: Account) -> OperatorError:
    return OperatorError(
        setting=problems.HOME_SETTING,
        problem=f"the user {account.name}, who runs the servers for root, cannot reach {data}",
        remedy="Let other users pass through the folders above it (chmod o+x), or move the data",
    )


def _not_private(folder: Path) -> OperatorError:
    return OperatorError(
        setting=problems.HOME_SETTING,
        problem=f"{folder} is open to other users, or not a folder",
        remedy=f"Run chmod 700 {folder}, or remove it if it is a link or a file",
    )
