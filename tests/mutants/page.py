"""Write docs/reference/mutants.md; ``make reference`` runs it."""

from __future__ import annotations

import sys

from .declared import Group, Mutant, declared_groups

BEGINNING = """# Removed safeguards

Generated from `tests/mutants`. `make mutants` removes these {count} safeguards one at a time from a
copy of the source, and runs the named tests. Each test passes with all safeguards, and must fail
without its own. If two safeguards keep one guarantee, both are removed.

`make mutants ONLY=name,name` removes some of them. What paygate guarantees:
[Guarantees](../explanation/guarantees.md).
"""


def page() -> str:
    """Return the page: every mutant with its guarantee and its tests."""
    groups = declared_groups()
    count = sum(len(group.mutants) for group in groups)
    return "\n".join([BEGINNING.format(count=count), *map(_section, groups)])


def _section(group: Group) -> str:
    head = [f"## {group.title}", "", "| guarantee | what is removed | tests that fail | name |"]
    return "\n".join([*head, "|---|---|---|---|", *map(_row, group.mutants), ""])


def _row(mutant: Mutant) -> str:
    tests = "<br>".join(f"`{test}`" for test in mutant.tests)
    return f"| {mutant.guarantee} | {mutant.removes} | {tests} | `{mutant.name}` |"


if __name__ == "__main__":
    sys.stdout.write(page())
