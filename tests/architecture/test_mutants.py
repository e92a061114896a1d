"""The declared mutants fit the tree: what they remove is there, and so are their tests."""

from __future__ import annotations

import ast
from collections import Counter
from functools import cache
from pathlib import Path

from tests.mutants.copied import DISTRIBUTIONS
from tests.mutants.declared import ROOT, declared_mutants, problems
from tests.mutants.page import page

MUTANTS = declared_mutants()


@cache
def functions_of(path: Path) -> frozenset[str]:
    """The names of the tests of a file."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in nodes if isinstance(node, functions))


def test_every_text_is_found_once():
    assert list(problems(MUTANTS)) == [], "see tests/mutants: the text of a safeguard has changed"


def test_every_named_test_exists():
    missing = []
    for mutant in MUTANTS:
        for test in mutant.tests:
            file, _, name = test.partition("::")
            path = ROOT / file
            if not path.is_file() or name.partition("[")[0] not in functions_of(path):
                missing.append(f"{mutant.name}: {test}")

    assert missing == []


def test_the_copied_tree_has_every_distribution():
    """A plugin that is installed and not copied stops every gateway of the copy."""
    found = {path.parent for path in (ROOT / "plugins").glob("*/pyproject.toml")}

    assert {ROOT / each for each in DISTRIBUTIONS} == {*found, ROOT / "sdk" / "python"}


def test_names_are_unique_and_every_mutant_has_a_test():
    names = Counter(mutant.name for mutant in MUTANTS)

    assert [name for name, count in names.items() if count > 1] == []
    assert [mutant.name for mutant in MUTANTS if not mutant.tests] == []


def test_python_without_a_safeguard_is_python():
    for mutant in MUTANTS:
        texts: dict[str, str] = {}
        for each in mutant.replacements:
            text = texts.get(each.file) or (ROOT / each.file).read_text(encoding="utf-8")
            texts[each.file] = text.replace(each.old, each.new)
        for file, text in texts.items():
            if file.endswith(".py"):
                compile(text, f"{file} of {mutant.name}", "exec")


def test_the_page_is_current():
    made = (ROOT / "docs" / "reference" / "mutants.md").read_text(encoding="utf-8")

    assert made == page(), "run `make reference`"
