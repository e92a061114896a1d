"""Plugins of a folder: a file each."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from typer.testing import CliRunner

from paygate import OperatorError
from paygate.cli.verbs import app
from paygate.plugins.host import installed_plugins
from tests.docs.blocks import blocks_of

DESK = next(each for each in blocks_of("how-to/write-a-processor.md") if "class Desk" in each)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "desk.py").write_text(DESK)
    return tmp_path


def names(folder: Path, *allowed: str) -> list[str]:
    return [each.name for each in installed_plugins(allowed, str(folder))]


def refusal(folder: Path) -> str:
    with pytest.raises(OperatorError) as refused:
        installed_plugins(folder=str(folder))
    return str(refused.value)


def test_each_file_is_a_plugin_with_its_name(folder: Path):
    (folder / "_shared.py").write_text("raise RuntimeError('not a plugin')")
    (folder / "notes.txt").write_text("nothing")

    assert names(folder) == sorted({*names(Path()), "desk"})
    assert names(folder, "desk", "upi_sim") == ["desk", "upi_sim"]


def test_a_file_that_is_not_named_is_not_executed(folder: Path):
    (folder / "breaks.py").write_text("raise RuntimeError('executed')")

    assert names(folder, "desk") == ["desk"]
    with pytest.raises(OperatorError, match="there is no plugin 'dusk'"):
        names(folder, "dusk")


def test_a_file_is_executed_once_and_another_of_its_name_instead_of_it(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
):
    other = tmp_path_factory.mktemp("other")
    (other / "desk.py").write_text("from dataclasses import dataclass\n__version__ = '7'\n")

    (first,) = installed_plugins(["desk"], str(folder))
    (again,) = installed_plugins(["desk"], os.path.relpath(folder))
    (second,) = installed_plugins(["desk"], str(other))

    assert again.plugin is first.plugin
    assert second.plugin is not first.plugin
    assert (first.version, second.version) == ("0", "7")


def test_classes_of_a_file_find_their_module(folder: Path):
    (folder / "model.py").write_text(
        dedent(
            """
            from __future__ import annotations
            from dataclasses import dataclass
            from pydantic import BaseModel

            @dataclass(kw_only=True)
            class Row:
                number: int

            class Settings(BaseModel):
                row: Row

            VALUE = Settings(row={"number": "3"})
            """
        )
    )

    (found,) = installed_plugins(["model"], str(folder))

    assert found.plugin.VALUE.row.number == 3


def test_a_file_that_cannot_be_loaded_is_named_with_what_to_do(folder: Path):
    (folder / "broken.py").write_text("import sys\nsys.exit('no licence')")
    broken = refusal(folder)
    (folder / "broken.py").rename(folder / "bro-ken.py")
    misnamed = refusal(folder)
    (folder / "bro-ken.py").rename(folder / "upi_sim.py")
    taken = refusal(folder)

    file = folder / "broken.py"
    assert broken == (
        f"plugin broken: {file} cannot be imported (raised SystemExit: no licence). "
        "Repair the file."
    )
    assert "paygate_plugin_folder_broken" not in sys.modules
    assert misnamed.endswith("Rename it to bro_ken.py, or begin its name with _.")
    assert f"{folder / 'upi_sim.py'} has the name of an installed plugin" in taken
    assert refusal(folder / "no").startswith("PAYGATE_PLUGIN_FOLDER: there is no folder")


def test_the_command_line_lists_and_checks_it(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PAYGATE_PLUGIN_FOLDER", str(folder))

    listed = CliRunner().invoke(app, ["plugins"])
    checked = CliRunner().invoke(app, ["plugin", "check", "desk"])

    assert "plugin     desk 0" in listed.output
    assert "processor  desk (upi)" in listed.output
    assert "0 broken" in checked.output
    assert "is not a method of a plugin" not in checked.output
