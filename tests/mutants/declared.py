"""What the files beside this one declare: mutants, each with the tests that must fail."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
GROUPS = (
    "money",
    "processors",
    "requests",
    "work",
    "webhooks",
    "access",
    "secrets",
    "production",
    "connector",
)
"""The files, in the order in which the page shows them."""
DEADLINE_S = 60


@dataclass(frozen=True, slots=True)
class Replacement:
    """A text that is replaced. It occurs exactly once in its file.

    Args:
        file: The file, from the root of the repository.
        old: The text of the safeguard.
        new: What stands there without it.
    """

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """One safeguard that is removed.

    Args:
        name: Its name, for ``make mutants ONLY=name``.
        guarantee: What the safeguard keeps.
        removes: What is removed. If two safeguards keep one guarantee, it removes both.
        tests: The tests that must fail, as pytest names them.
        replacements: How it is removed.
        deadline_s: How long each test may take.
    """

    name: str
    guarantee: str
    removes: str
    tests: tuple[str, ...]
    replacements: tuple[Replacement, ...]
    deadline_s: int = DEADLINE_S


@dataclass(frozen=True, slots=True)
class Group:
    """The mutants of one subject."""

    title: str
    mutants: tuple[Mutant, ...]


def declared_groups() -> Sequence[Group]:
    """Read all files."""
    return [read_group(HERE / f"{name}.toml") for name in GROUPS]


def declared_mutants() -> Sequence[Mutant]:
    """Return the mutants of all files."""
    return [mutant for group in declared_groups() for mutant in group.mutants]


def read_group(path: Path) -> Group:
    """Read one file."""
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    return Group(content["title"], tuple(map(_mutant, content["mutant"])))


def _mutant(table: dict[str, Any]) -> Mutant:
    replaced = tuple(Replacement(**each) for each in table.pop("replace"))
    return Mutant(**{**table, "tests": tuple(table["tests"]), "replacements": replaced})


def problems(mutants: Sequence[Mutant], root: Path = ROOT) -> Iterator[str]:
    """Yield why a mutant cannot be applied to the tree."""
    for mutant in mutants:
        for each in mutant.replacements:
            path = root / each.file
            count = path.read_text(encoding="utf-8").count(each.old) if path.is_file() else 0
            if count != 1:
                yield f"{mutant.name}: the text is {count} times in {each.file}, not once"
            if each.old == each.new:
                yield f"{mutant.name}: the replacement in {each.file} changes nothing"
