"""Every installed distribution is ours or pinned, never a foreign project of a similar name."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = {
    "paygate-framework",
    "paygate-client",
    "paygate-upi-sim",
    "paygate-card-sim",
    "paygate-razorpay-wire",
    "paygate-stripe-wire",
    "paygate-webhook-http",
    "paygate-http-bank",
}
PINNED = {
    line.partition("==")[0].strip().replace("_", "-").lower()
    for line in (ROOT / "constraints.txt").read_text().splitlines()
    if "==" in line
}
# Extras of example plugins, of which no test installs anything.
EXTRAS_OF_EXAMPLES = {"aiokafka"}
INSTALLS = re.compile(r"\b(?:pip3?|pipx|uv)\s+(?:install|add|pip install)\s+([^`#|&;\n]+)")
NPM_INSTALLS = re.compile(r"\b(?:npm|pnpm|yarn)\s+(?:install|i|add)\s+([^`#|&;\n]+)")
# An option that is followed by its value.
WITH_VALUE = {"--constraint", "-c", "--requirement", "-r", "--target", "--prefix"}
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*|@[a-z0-9-]+/[a-z0-9._-]+")
PLACE = re.compile(r"^[.$/~{]|^[^@].*/|\.(?:whl|tgz)$")
# What was called otherwise in its time, and the examples below.
NOT_READ = {"CHANGELOG.md", "tests/architecture/test_distributions.py"}
# Sentences that speak of installing and name nothing: "pip install is all it takes".
IS_SENTENCE = re.compile(r"^(?:is|it|and|then)\b")


def texts() -> Iterator[tuple[str, str]]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    for name in listed.stdout.split("\0"):
        path = ROOT / name
        if name and name not in NOT_READ and path.is_file():
            yield name, path.read_text(encoding="utf-8", errors="replace")


def named(line: str) -> Iterator[str]:
    """Return the projects that an install line takes from an index."""
    words = iter(line.replace("'", " ").replace('"', " ").replace("</code>", " ").split())
    for word in words:
        if word in WITH_VALUE:
            next(words, None)
        elif not PLACE.search(word) and (found := NAME.match(word)):
            yield found[0].replace("_", "-").lower()


def test_every_documented_install_line_is_pinned():
    """Ours is named by its place: it is not on the public index."""
    foreign = {
        f"{name}: {line.strip()}"
        for name, text in texts()
        for line in INSTALLS.findall(text.replace("\\\n", " "))
        if not IS_SENTENCE.match(line.strip())
        for project in named(line)
        if project not in PINNED
    }

    assert foreign == set()


def test_every_documented_npm_install_line_names_a_folder():
    """Our packages are not in a public registry, and their names there may be another's."""
    wrong = {
        f"{name}: {line.strip()}"
        for name, text in texts()
        for line in NPM_INSTALLS.findall(text.replace("\\\n", " "))
        if list(named(line))
    }

    assert wrong == set()


def test_our_packages_of_npm_cannot_be_published_by_mistake():
    packages = [ROOT / "sdk/js/package.json", ROOT / "sdk/js/server/package.json"]

    assert all(json.loads(each.read_text())["private"] is True for each in packages)


@pytest.mark.parametrize(
    ("line", "projects"),
    [
        ("paygate", ["paygate"]),
        ("--editable '.[dev]'", []),
        ("'paygate[testing]' aiohttp>=3", ["paygate", "aiohttp"]),
        ("--constraint constraints.txt ./plugins/upi_sim", []),
        ("/path/to/dist/paygate_framework-*.whl", []),
        ("--no-audit /path/to/paygate/sdk/js/server", []),
        ("@paygate/server", ["@paygate/server"]),
    ],
)
def test_install_lines_are_parsed(line: str, projects: list[str]):
    assert list(named(line)) == projects


def test_every_dependency_is_internal_or_pinned():
    foreign = set()
    for name, text in texts():
        if not name.endswith(("pyproject.toml", "pyproject.toml.tmpl")):
            continue
        # A template's names are filled in later.
        declared = tomllib.loads(text.replace("$", "new_"))["project"]
        extras = declared.get("optional-dependencies", {}).values()
        for line in [
            *declared.get("dependencies", []),
            *(each for many in extras for each in many),
        ]:
            found = NAME.match(line)
            project = found[0].replace("_", "-").lower() if found else line
            if project not in PINNED | OURS | EXTRAS_OF_EXAMPLES:
                foreign.add(f"{name}: {line}")

    assert foreign == set()


def test_the_distributions_have_their_names():
    others = [*(ROOT / "plugins").glob("*/pyproject.toml"), ROOT / "sdk/python/pyproject.toml"]
    files = [ROOT / "pyproject.toml", *others]

    assert {tomllib.loads(file.read_text())["project"]["name"] for file in files} == OURS
