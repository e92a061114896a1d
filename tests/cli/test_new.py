"""``paygate new``: its packages are complete, formatted and pass their tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from paygate.cli.verbs import app
from paygate.core.errors import OperatorError
from paygate.scaffold import KINDS, NAME_CHARS_MAX, Kind, NewPlugin, write_package
from tests.harness.databases import Databases
from tests.harness.processes import Stack
from tests.harness.suites import run_suite

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


def install(to: Path, *roots: Path) -> Path:
    """Install them as a user would, but where only this test finds them."""
    quiet = ("--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation")
    done = run("pip", "install", *quiet, "--target", str(to), *map(str, roots), cwd=to.parent)
    assert done.returncode == 0, done.stderr
    return to


@dataclass(frozen=True)
class Written:
    """A package of each kind: as it was written, and where it alone is installed."""

    roots: Mapping[Kind, Path]
    sites: Mapping[Kind, Path]

    def path(self, *kinds: Kind) -> str:
        """Return a Python path on which these are installed."""
        return os.pathsep.join(str(self.sites[kind]) for kind in kinds)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    home = tmp_path_factory.mktemp("written")
    roots = {kind: write_package(NewPlugin(kind, f"acme_{kind}", home)) for kind in KINDS}
    together = install(home / "together", *roots.values())
    sites = {kind: home / "sites" / kind for kind in KINDS}
    for kind, site in sites.items():
        site.mkdir(parents=True)
        for path in list(together.glob(f"paygate_acme_{kind}*")):
            path.rename(site / path.name)
    assert list(together.iterdir()) == []
    return Written(roots, sites)


@pytest.mark.parametrize(
    "kinds",
    [("method",), ("processor", "sink", "policy", "router", "risk_check", "dialect")],
    ids=str,
)
def test_a_new_package_passes_its_own_tests(
    kinds: tuple[Kind, ...], written: Written, databases: Databases
):
    roots = [written.roots[kind] for kind in kinds]
    # Where the one stands, as its README says; the others in one process, which costs less.
    several = ("--import-mode=importlib", *map(str, roots)) if len(roots) > 1 else ()
    # Our migrated database is there to be copied.
    environ = {
        "PYTHONPATH": written.path(*kinds),
        "PAYGATE_TEST_DATABASE_URL": databases.server_url,
    }
    done = run_suite(*several, cwd=roots[0], environ={**os.environ, **environ})

    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped" not in done.stdout


# The kit has no rules for dialects: their tests are requests.
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "dialect"])
async def test_the_check_judges_every_rule_of_a_new_package(
    kind: Kind, written: Written, tmp_path: Path
):
    processes = Stack("", "", tmp_path, {"PYTHONPATH": written.path(kind)})
    code, output, errors = await processes.run("plugin", "check", f"acme_{kind}", "--json")

    assert code == 0, errors
    counts = json.loads(output)["counts"]
    assert (counts["broken"], counts["not_judged"]) == (0, 0)
    assert counts["kept"] >= 10


def test_new_packages_pass_ruff_with_any_name(tmp_path: Path):
    roots = {
        write_package(NewPlugin(kind, name, tmp_path / kind))
        for kind in KINDS
        for name in ("a", LONGEST)
    }
    checked = run("ruff", "check", "--no-cache", ".", cwd=tmp_path)
    formatted = run("ruff", "format", "--no-cache", "--check", ".", cwd=tmp_path)

    assert (checked.returncode, formatted.returncode) == (0, 0), checked.stdout + formatted.stdout
    found = run("ruff", "check", "--no-cache", "--show-files", ".", cwd=tmp_path).stdout
    assert all(f"{root}/tests/" in found for root in roots)
    assert len(roots) == 2 * len(KINDS)


def test_new_packages_pass_strict_mypy(tmp_path: Path):
    for kind in KINDS:
        write_package(NewPlugin(kind, f"acme_{kind}", tmp_path))
    packages = [str(path) for path in tmp_path.glob("paygate-*/paygate_*")]
    done = run("mypy", "--strict", *packages, cwd=tmp_path, MYPYPATH=str(ROOT))

    assert len(packages) == len(KINDS)
    assert done.returncode == 0, done.stdout


async def test_installed_packages_are_found_and_listed(written: Written, tmp_path: Path):
    processes = Stack("", "", tmp_path, {"PYTHONPATH": written.path(*KINDS)})
    code, output, errors = await processes.run("plugins")

    assert code == 0, errors
    for kind in KINDS:
        assert f"plugin     acme_{kind} 0.1.0" in output
    assert "dialect    acme_dialect (at /wire/acme_dialect)" in output


@pytest.mark.parametrize(
    "name", ["", "Acme", "acme-bank", "2acme", "acme__bank", "_acme", "acme_", "acmé",
             "acme\n", "../acme", "a" * (NAME_CHARS_MAX + 1)],
)  # fmt: skip
def test_an_invalid_name_writes_nothing(name: str, tmp_path: Path):
    with pytest.raises(OperatorError, match="is not a valid name"):
        write_package(NewPlugin("sink", name, tmp_path / "here"))

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("class", "'class' is a keyword of Python. Write class_bank, for example."),
        ("upi_sim", "a plugin 'upi_sim' is installed already, from paygate-upi-sim."),
        ("defaults", "the name 'defaults' is used by the built-in retry policies."),
        ("test", "the name 'test' would read its settings from PAYGATE_TEST_*"),
    ],
)
def test_a_name_in_use_is_refused_with_the_owner(name: str, sentence: str, tmp_path: Path):
    with pytest.raises(OperatorError) as caught:
        write_package(NewPlugin("processor", name, tmp_path / "here"))

    assert sentence in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_names_of_the_standard_library_are_allowed(tmp_path: Path):
    names: dict[str, Kind] = {"json": "policy", "typing": "sink", "asyncio": "processor"}
    roots = [write_package(NewPlugin(kind, name, tmp_path)) for name, kind in names.items()]
    site = install(tmp_path / "site", *roots)
    listed = run("paygate", "plugins", cwd=tmp_path, PYTHONPATH=str(site))

    assert listed.returncode == 0, listed.stderr
    for name in names:
        assert f"plugin     {name} 0.1.0" in listed.stdout


def test_an_existing_folder_is_not_changed(tmp_path: Path):
    root = write_package(NewPlugin("sink", "acme", tmp_path))
    (root / "README.md").write_text("mine")
    with pytest.raises(OperatorError, match="exists already"):
        write_package(NewPlugin("policy", "acme", tmp_path))

    assert (root / "README.md").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["paygate-acme"]


async def test_the_command_prints_the_next_steps(tmp_path: Path):
    processes = Stack("", "", tmp_path)
    code, output, errors = await processes.run("new", "processor", "acme", "--dir", "here")
    wrong = await processes.run("new", "processor", "acme", "--method", "No!")

    assert code == 0, errors
    assert "cd here/paygate-acme" in output
    assert wrong[:2] == (2, "")
    assert wrong[2].startswith("paygate: paygate new: --method is 'No!'")


def test_a_misspelled_kind_is_refused_with_the_kinds(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        app(["new", "procesor", "acme_bank"])

    kinds = ", ".join(repr(str(kind)) for kind in KINDS)
    error = capsys.readouterr().err.splitlines()[-1]
    assert error == f"Error: Invalid value for 'kind': 'procesor' is not one of {kinds}."
    assert ended.value.code == 2
