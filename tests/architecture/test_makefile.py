"""The Makefile recreates a broken virtual environment."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

MAKEFILE = Path(__file__).parents[2] / "Makefile"


def venv_at(folder: Path, *, named: Path, with_pip: bool = True) -> Path:
    """Return what ``python -m venv`` leaves in a folder, as far as make looks at it."""
    programs = folder / ".venv" / "bin"
    programs.mkdir(parents=True)
    (programs / "python").write_text("")
    (programs / "python").chmod(0o755)
    if with_pip:
        (programs / "pip").write_text(f"#!{named}/.venv/bin/python\n")
    shutil.copy(MAKEFILE, folder)
    return folder / ".venv"


def read_makefile(folder: Path) -> None:
    """Have make read it and run nothing."""
    subprocess.run(["make", "--dry-run", "clean"], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a folder").mkdir()
    return (tmp_path / "a folder").resolve()


def test_a_complete_environment_is_kept(folder: Path):
    venv = venv_at(folder, named=folder)
    read_makefile(folder)

    assert venv.exists()


def test_an_environment_of_a_moved_folder_is_removed(folder: Path):
    venv = venv_at(folder, named=folder.parent / "before")
    read_makefile(folder)

    assert not venv.exists()


def test_an_environment_without_pip_is_removed(folder: Path):
    venv = venv_at(folder, named=folder, with_pip=False)
    read_makefile(folder)

    assert not venv.exists()
