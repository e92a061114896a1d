"""The project uses the terms of its field, not private words."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INSTEAD = {
    r"(door)?bells?": "notifier",
    r"rings?|rang|rung": "notify, notification",
    r"doorkeepers?": "worker",
    r"lanes?": "queue worker",
    r"guests?": "plugin",
    r"set_aside|set aside": "dead-lettered",
    r"somebody|everybody|whoever": "someone, every user, any caller",
    r"told|heard": "sent, received, reported",
    r"by_hand|by hand": "manual",
    r"scenes?|neighbou?rs?|pretend|in vain": "check, other rows, simulated, without result",
}
"""Words that are not used anywhere, and the terms to use instead."""
IN_CORE = {
    r"nobody|somebody|whoever|everybody": "no caller, a user, any caller",
    r"told|heard|hears?": "sent, received, notified",
    r"lets? go|gives? back|given back|hand(s|ed)? back": "release, refund",
    r"at hand|under way|for ever|what became|came of": "current, in progress, result",
    r"story|stories|doomed|neighbours?": "timeline, other rows",
    r"set aside|hand_back|keeps? house": "dead-letter, release, housekeeping",
}
"""The same for the core, except names that are part of the API or the database."""
CORE = ("paygate/core/", "paygate/bootstrap.py", "paygate/settings.py", "paygate/production.py")
WHERE = ("paygate", "pytest_paygate", "plugins", "examples", "docs", "dashboard/src", "sdk")
PAGES = ("README.md", "CONTRIBUTING.md", "SECURITY.md")
RIDDLES = {"told", "heard", "said", "says", "nobody", "who", "taker", "strangers"}
"""Names of variables, arguments and functions that hide what they hold or do."""
TEST_NAMES = (
    r"^test_(?:who|what|whatever|whoever|whichever|nor|so|it_says)_"
    r"|_(?:told|heard|said|believes?|junk|anew|rings?|nobodys?|tells)(?:_|$)"
)
"""Test names that have to be solved: they hide who acts, or what is under test."""
TESTS = [*ROOT.glob("tests/**/test_*.py"), *ROOT.glob("plugins/*/tests/**/test_*.py")]
SUFFIXES = {".py", ".md", ".ts", ".tsx", ".toml", ".yml"}


def files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", *WHERE, *PAGES],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.suffix in SUFFIXES and "static" not in path.parts]


def uses(words: str, paths: list[Path]) -> list[str]:
    # Names are words too: `_bell`, `bell_of`, `SaqBell`.
    pattern = re.compile(rf"(?<![a-z])(?:{words})(?![a-z])", re.IGNORECASE)
    camel = re.compile(rf"(?<=[a-z])(?:{'|'.join(map(str.title, words.split('|')))})(?![a-z])")
    return [
        f"{path.relative_to(ROOT)}:{number}"
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if pattern.search(line) or camel.search(line)
    ]


@pytest.mark.parametrize("words", list(INSTEAD))
def test_a_private_word_is_not_used(words: str):
    assert uses(words, files()) == [], f"use {INSTEAD[words]}"


@pytest.mark.parametrize("words", list(IN_CORE))
def test_the_core_uses_the_terms_of_the_field(words: str):
    core = [path for path in files() if str(path.relative_to(ROOT)).startswith(CORE)]

    assert uses(words, core) == [], f"use {IN_CORE[words]}"


def test_tests_are_named_in_the_terms_of_the_field():
    words = re.compile(rf"(?<![a-z])(?:{'|'.join(IN_CORE)})(?![a-z])".replace(" ", "_"))
    named = re.compile(r"^(?:async )?def (test_\w+)", re.MULTILINE)
    tests = [path for path in TESTS if path.name != "test_words.py"]
    names = [name for path in tests for name in named.findall(path.read_text(encoding="utf-8"))]

    assert [name for name in names if words.search(name)] == []


def test_the_names_of_tests_are_no_riddles():
    named = re.compile(r"^\s*(?:async )?def (test_\w+)", re.MULTILINE)
    names = [name for path in TESTS for name in named.findall(path.read_text(encoding="utf-8"))]

    assert [name for name in names if re.search(TEST_NAMES, name)] == []


@pytest.mark.parametrize("folder", ["paygate", "plugins", "examples", "tests", "bench"])
def test_variables_are_named_after_what_they_hold(folder: str):
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for name in sorted(RIDDLES & names_given_in(ast.parse(path.read_text(encoding="utf-8"))))
    ]

    assert found == []


def names_given_in(tree: ast.AST) -> set[str]:
    """Return the names of variables, arguments, attributes and functions that code defines."""
    given = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                given.add(name)
            case ast.arg(arg=name):
                given.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                given.add(name)
    return given


def test_no_module_has_the_name_of_a_library():
    """``from .json import`` reads like the standard library's and is not."""
    pinned = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    libraries = {re.split(r"[=\[]", line)[0].replace("-", "_").lower() for line in pinned}
    # watchdog comes with the documentation's site generator, which nothing of ours imports.
    taken = (libraries - {"watchdog"}) | sys.stdlib_module_names
    named = [
        path
        for path in files()
        if path.suffix == ".py" and not {"tests", "client_tests"} & {*path.parts}
    ]
    wrong = [
        str(path.relative_to(ROOT))
        for path in named
        if (path.stem in taken and not path.stem.startswith("__")) or path.stem.startswith("test_")
    ]

    assert [name for name in wrong if not name.startswith("examples/")] == []
