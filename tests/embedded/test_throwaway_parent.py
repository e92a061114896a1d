"""Where temporary servers store their data."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from paygate.adapters.embedded import throwaway


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands for the file system in memory."""
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(throwaway, "MEMORY", tmp_path)
    return tmp_path


def test_temporary_data_is_in_memory_if_there_is_space(memory: Path):
    assert throwaway.throwaway_parent() == memory


def test_temporary_data_is_on_disk_if_memory_is_short(
    memory: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(throwaway, "MEMORY_BYTES_MIN", 2**62)

    assert throwaway.throwaway_parent() == Path(tempfile.gettempdir()) != memory


def test_temporary_data_is_on_disk_without_a_memory_file_system(
    memory: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(throwaway, "MEMORY", memory / "missing")

    assert throwaway.throwaway_parent() == Path(tempfile.gettempdir())


def test_tmpdir_decides_where_temporary_data_is(
    memory: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
):
    named = tmp_path_factory.mktemp("named")
    monkeypatch.setenv("TMPDIR", str(named))

    assert throwaway.throwaway_parent() == named != memory
