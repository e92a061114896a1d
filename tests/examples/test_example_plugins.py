"""The example plugins as their readers will have them: installed, checked, their tests run.

They are installed where only these tests find them, all at once.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.harness.databases import Databases
from tests.harness.processes import Stack
from tests.harness.suites import run_suite

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "plugins"
NAMES = (
    "business_hours", "event_stream", "least_cost", "netbanking", "signed_wallet", "velocity"
)  # fmt: skip
EVERY = sorted(path.parent.name for path in FOLDER.glob("*/pyproject.toml"))


def run(*command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command],
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environ},
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    to = tmp_path_factory.mktemp("site")
    quiet = ("--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation")
    folders = [str(FOLDER / name) for name in NAMES]
    done = run("pip", "install", *quiet, "--target", str(to), *folders)
    assert done.returncode == 0, done.stderr
    return to


def test_the_tests_of_each_plugin_pass(site: Path, databases: Databases):
    folders = [str(FOLDER / name) for name in NAMES]
    # Our migrated database is there to be copied.
    environ = {"PYTHONPATH": str(site), "PAYGATE_TEST_DATABASE_URL": databases.server_url}
    done = run_suite(*folders, cwd=ROOT, environ={**os.environ, **environ})

    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped" not in done.stdout


@pytest.mark.parametrize("name", NAMES)
async def test_each_plugin_passes_the_contract_kit(site: Path, name: str, tmp_path: Path):
    processes = Stack("", "", tmp_path, {"PYTHONPATH": str(site)})
    code, output, errors = await processes.run("plugin", "check", name)

    assert code == 0, output + errors
    assert "0 broken, 0 not judged" in output


def test_each_plugin_passes_strict_mypy():
    packages = [str(FOLDER / name / f"paygate_{name}") for name in EVERY]
    done = run("mypy", "--strict", *packages)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", EVERY)
def test_each_plugin_is_a_complete_package(name: str):
    folder = FOLDER / name
    declared = tomllib.loads((folder / "pyproject.toml").read_text())["project"]

    assert declared["entry-points"]["paygate"] == {name: f"paygate_{name}"}
    assert (folder / f"paygate_{name}" / "py.typed").exists()
    assert declared["name"] in (folder / "README.md").read_text()


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_is_in_its_docs(name: str):
    source = "".join(path.read_text() for path in (FOLDER / name).glob("paygate_*/*.py"))
    docs = (FOLDER / name / "docs" / f"{name}.md").read_text()

    fields = re.findall(r"^    (\w+): [^=\n]+ = Field\(", _settings_of(source), re.MULTILINE)
    assert fields
    for field in fields:
        assert f"PAYGATE_{name}_{field}".upper() in docs


def _settings_of(source: str) -> str:
    """Return the body of the class whose docstring says what it is read from."""
    _, _, after = source.partition('"""Read from ``PAYGATE_')
    return after.partition("\nclass ")[0].partition("\n    @")[0]


@pytest.mark.parametrize("name", EVERY)
def test_the_table_describes_every_plugin(name: str):
    [row] = [
        line for line in (FOLDER / "README.md").read_text().splitlines() if f"[{name}]" in line
    ]
    source = "".join(path.read_text() for path in (FOLDER / name).glob("paygate_*/*.py"))

    assert set(re.findall(r"`(paygate_\w+)`", row)) == set(
        re.findall(r"def (paygate_\w+)\(", source)
    )
    lines = sum(1 for line in source.splitlines() if line.strip())
    assert row.endswith(f"| {lines} |")
