"""The runner of mutants finds their texts, restores what it changed, and judges right."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from .copied import Copy, Run
from .declared import Mutant, Replacement, problems
from .verdict import Verdict, judge

SAFE = "def allowed(amount):\n    return amount <= 100\n"
LIMIT = "return amount <= 100"
CHECKS = """\
import pytest
import safe

def test_the_limit():
    assert not safe.allowed(101)

def test_below_the_limit():
    assert safe.allowed(100)

@pytest.fixture
def refused():
    assert not safe.allowed(101)

def test_with_a_fixture(refused):
    pass
"""


def test_a_text_that_is_missing_or_ambiguous_is_a_problem(tmp_path: Path):
    (tmp_path / "safe.py").write_text(SAFE + SAFE)
    twice = without("pass")
    absent = Mutant("absent", "g", "r", ("t",), (Replacement("none.py", "a", "b"),))

    assert list(problems([twice, absent], tmp_path)) == [
        "limit: the text is 2 times in safe.py, not once",
        "absent: the text is 0 times in none.py, not once",
    ]


def without(instead: str) -> Mutant:
    """A mutant of ``SAFE``."""
    tests = ("test_safe.py::test_the_limit",)
    return Mutant("limit", "g", "r", tests, (Replacement("safe.py", LIMIT, instead),))


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """A small tree and its copy."""
    tree = tmp_path_factory.mktemp("tree")
    for name, text in {"safe.py": SAFE, "test_safe.py": CHECKS}.items():
        (tree / name).write_text(text)
    subprocess.run(["git", "init", "--quiet"], cwd=tree, check=True)
    # paygate's own plugin of pytest cannot be found from here, as it must not be.
    environ = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return Copy.of(tree, tmp_path_factory.mktemp("copy"), environ)


LIMIT_TEST, OTHER_TEST, FIXTURE_TEST = (
    f"test_safe.py::{name}"
    for name in ("test_the_limit", "test_below_the_limit", "test_with_a_fixture")
)
VERDICTS: Mapping[str, tuple[str, list[str], Verdict, str]] = {
    "a test that fails": ("return True", [LIMIT_TEST], "caught", ""),
    "a test that passes": ("return True", [OTHER_TEST], "survived", f"{OTHER_TEST} passed"),
    "one of two tests passes": (
        "return True",
        [LIMIT_TEST, OTHER_TEST],
        "survived",
        f"{OTHER_TEST} passed",
    ),
    "an unknown name": (
        "return unknown",
        [LIMIT_TEST],
        "broken",
        f"{LIMIT_TEST}: NameError",
    ),
    "no Python": ("return (", [LIMIT_TEST], "broken", "test_safe.py: SyntaxError"),
    "a fixture that fails": (
        "return True",
        [FIXTURE_TEST],
        "broken",
        f"{FIXTURE_TEST} failed in its setup: AssertionError",
    ),
    "an endless loop": (
        "import time; time.sleep(60)",
        [LIMIT_TEST],
        "hung",
        "a test had no end within its deadline",
    ),
}


@pytest.mark.parametrize("what", VERDICTS)
def test_a_run_is_judged(copy: Copy, what: str):
    instead, tests, verdict, reason = VERDICTS[what]
    with copy.without(without(instead)):
        run = copy.run(tests, deadline_s=2, options=["-p", "pytest_timeout"])

    assert judge(run, tests) == (verdict, reason)
    assert (copy.root / "safe.py").read_text() == SAFE


def test_a_test_that_did_not_run_judges_nothing():
    verdict, reason = judge(Run((), "no tests ran"), [LIMIT_TEST])

    assert (verdict, reason) == ("broken", f"{LIMIT_TEST} did not run: no tests ran")


def test_a_run_that_was_killed_hung():
    assert judge(Run((), "", is_killed=True), [LIMIT_TEST])[0] == "hung"
