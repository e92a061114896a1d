"""Paths and functions that the documentation names exist."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
        *(ROOT / "docs").rglob("*.md"),
    ]
)
WALK = ROOT / "docs" / "explanation" / "payment-walk.md"
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
PATH = re.compile(r"`([\w.*-]+(?:/[\w.*-]+)+)/?`")
# Paths are written from the root; these words begin one that is written from inside paygate.
TOP = {each.name for each in ROOT.iterdir() if each.is_dir() and not each.name.startswith(".")}
# What `make wheels` and `make sbom` write.
TOP -= {"dist"}
INSIDE = {each.name for each in (ROOT / "paygate").iterdir() if each.is_dir()}


def named_paths(page: Path) -> set[str]:
    """Return the paths of the repository that a page names."""
    found = PATH.findall(FENCED.sub("", page.read_text()))
    return {path for path in found if path.partition("/")[0] in TOP | INSIDE}


def names_in(source: str) -> Iterator[str]:
    """Return every function of a module, with its class in front where it has one."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        if isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
                    yield f"{node.name}.{inner.name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_path_that_a_page_names_exists(page: Path):
    missing = [path for path in sorted(named_paths(page)) if not list(ROOT.glob(path))]

    assert missing == [], f"{page.relative_to(ROOT)} names files that are not there"


def test_every_function_of_the_walk_is_in_its_file():
    steps = re.findall(r"^\d+\. (.+?)(?=^\d+\. |^#|\Z)", WALK.read_text(), re.DOTALL | re.MULTILINE)
    wrong = {}
    for step in steps:
        file = PATH.findall(step)[0]
        named = set(re.findall(r"`([\w.]+)\(\)`", step))
        there = set(names_in((ROOT / file).read_text()))
        assert named, f"{file}: which function?"
        if missing := sorted(named - there):
            wrong[file] = missing

    assert len(steps) >= 15
    assert wrong == {}, "docs/explanation/payment-walk.md names functions that are not there"


SOURCES = ("paygate", "pytest_paygate", "plugins", "dashboard/src", "sdk/js/src", "tests")
LOOSE = ("Makefile", "pyproject.toml", ".env.example", "docker-compose.yml")
PAGE = re.compile(r"(?<![\w/.])docs/[\w/-]+\.md")


def test_every_page_that_the_code_names_exists():
    listed = subprocess.run(
        ["git", "ls-files", "-z", *SOURCES, *LOOSE],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    missing = {
        f"{name}: {page}"
        for name in listed.stdout.split("\0")
        if name and "static" not in name and (ROOT / name).is_file()
        for page in PAGE.findall((ROOT / name).read_text(encoding="utf-8", errors="replace"))
        if not (ROOT / page).exists()
    }

    assert missing == set()
