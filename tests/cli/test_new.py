"""``paygate new``: what it writes is complete, tidy and green before a line is added."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from paygate.core.domain.errors import OperatorError
from paygate.scaffold import KINDS, NAME_CHARS_MAX, Kind, NewPlugin, write_package

ROOT = Path(__file__).parents[2]
LONGEST = "a2345678_1234567_" + "b" * (NAME_CHARS_MAX - 17)


def run(*command: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command],
        check=False,
        cwd=cwd,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environ},
        capture_output=True,
        text=True,
        timeout=300,
    )


def installed(root: Path, to: Path) -> Path:
    """Install it as anybody would, but where only this test finds it."""
    quiet = ("--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation")
    done = run("pip", "install", *quiet, "--target", str(to), str(root), cwd=root)
    assert done.returncode == 0, done.stderr
    return to


@pytest.mark.parametrize("kind", KINDS)
def test_its_own_tests_are_green_at_once(kind: Kind, tmp_path: Path):
    root = write_package(NewPlugin(kind, "acme_bank", tmp_path))
    site = installed(root, tmp_path / "site")
    done = run("pytest", "-q", "-p", "no:cacheprovider", cwd=root, PYTHONPATH=str(site))

    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped" not in done.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_the_check_judges_all_of_it_at_once(kind: Kind, tmp_path: Path):
    site = installed(write_package(NewPlugin(kind, "acme_bank", tmp_path)), tmp_path / "site")
    done = run(
        "paygate", "plugin", "check", "acme_bank", "--json", cwd=tmp_path, PYTHONPATH=str(site)
    )

    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)["counts"]
    assert (counts["broken"], counts["not_judged"]) == (0, 0)
    assert counts["kept"] >= 10


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["a", LONGEST])
def test_it_is_tidy_whatever_its_name(kind: Kind, name: str, tmp_path: Path):
    root = write_package(NewPlugin(kind, name, tmp_path))
    checked = run("ruff", "check", "--no-cache", ".", cwd=root)
    formatted = run("ruff", "format", "--no-cache", "--check", ".", cwd=root)

    assert (checked.returncode, formatted.returncode) == (0, 0), checked.stdout + formatted.stdout


def test_all_of_them_are_typed_to_the_last(tmp_path: Path):
    for kind in KINDS:
        write_package(NewPlugin(kind, f"acme_{kind}", tmp_path))
    packages = [str(path) for path in tmp_path.glob("paygate-*/paygate_*")]
    done = run("mypy", "--strict", *packages, cwd=tmp_path, MYPYPATH=str(ROOT))

    assert len(packages) == len(KINDS)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_an_installed_one_is_found_and_listed(kind: Kind, tmp_path: Path):
    site = installed(write_package(NewPlugin(kind, "acme", tmp_path)), tmp_path / "site")
    listed = run("paygate", "plugins", cwd=tmp_path, PYTHONPATH=str(site))

    assert listed.returncode == 0, listed.stderr
    assert "plugin     acme 0.1.0" in listed.stdout


@pytest.mark.parametrize(
    "name", ["", "Acme", "acme-bank", "2acme", "acme__bank", "_acme", "acme_", "acmé",
             "acme\n", "../acme", "a" * (NAME_CHARS_MAX + 1)],
)  # fmt: skip
def test_what_is_no_name_writes_nothing(name: str, tmp_path: Path):
    with pytest.raises(OperatorError, match="cannot be a name"):
        write_package(NewPlugin("sink", name, tmp_path / "here"))

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("class", "'class' is a word of Python itself. Write class_bank, for example."),
        ("upi_sim", "a plugin 'upi_sim' is installed already, from paygate-upi-sim."),
        ("defaults", "the name 'defaults' is that of the built-in retry policies."),
        ("test", "the name 'test' would read its settings from PAYGATE_TEST_*"),
    ],
)
def test_a_name_that_something_else_has_is_refused_in_a_true_sentence(
    name: str, sentence: str, tmp_path: Path
):
    with pytest.raises(OperatorError) as caught:
        write_package(NewPlugin("processor", name, tmp_path / "here"))

    assert sentence in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["json", "typing", "asyncio"])
def test_a_name_of_the_standard_library_does_no_harm(name: str, tmp_path: Path):
    site = installed(write_package(NewPlugin("policy", name, tmp_path)), tmp_path / "site")
    listed = run("paygate", "plugins", cwd=tmp_path, PYTHONPATH=str(site))

    assert listed.returncode == 0, listed.stderr
    assert f"plugin     {name} 0.1.0" in listed.stdout


def test_what_is_there_stays_as_it_is(tmp_path: Path):
    root = write_package(NewPlugin("sink", "acme", tmp_path))
    (root / "README.md").write_text("mine")
    with pytest.raises(OperatorError, match="is there already"):
        write_package(NewPlugin("policy", "acme", tmp_path))

    assert (root / "README.md").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["paygate-acme"]


def test_the_command_tells_what_to_do_next(tmp_path: Path):
    done = run("paygate", "new", "processor", "acme", "--dir", "here", cwd=tmp_path)
    wrong = run("paygate", "new", "processor", "acme", "--method", "No!", cwd=tmp_path)

    assert done.returncode == 0
    assert "cd here/paygate-acme" in done.stdout
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith("paygate: paygate new: --method is 'No!'")
