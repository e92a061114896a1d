"""Folders of this machine for programs and state."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path


def _module_path() -> tuple[str, ...]:
    return tuple(sys.path)


def _program_path() -> str:
    return os.environ.get("PATH", os.defpath)


@dataclass(frozen=True, kw_only=True)
class Machine:
    """The folders that are used outside a home folder.

    Attributes:
        module_path: Where the wheels with the server programs may be installed.
        program_path: Folders of programs, separated as in ``PATH``.
        postgres_installations: Where Debian installs one folder for each major version of
            PostgreSQL, outside ``PATH``.
        state_folders: For root only: folders for data and programs that the unprivileged
            user cannot reach in their own place. The first usable one is chosen. Each is
            created if its parent exists.
    """

    module_path: tuple[str, ...] = field(default_factory=_module_path)
    program_path: str = field(default_factory=_program_path)
    postgres_installations: Path = Path("/usr/lib/postgresql")
    state_folders: tuple[Path, ...] = (
        Path("/var/lib/paygate"),
        Path("/srv/paygate"),
        Path("/var/tmp/paygate"),  # noqa: S108 - used only if it is root's and no other user can write
    )
