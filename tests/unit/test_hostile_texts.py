"""No pattern and no redactor takes more than linear time over a hostile text."""

from __future__ import annotations

import ast
import functools
import importlib
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from paygate.core.redaction import names_a_secret, redact, redact_json, redact_text
from paygate.logs import redact_event
from tests.architecture.sources import Source, everything

CHARS = 100_000
CPU_S_MAX = 0.05
# A redactor runs several patterns and builds the answer.
REDACTOR_CPU_S_MAX = 8 * CPU_S_MAX
PACKAGES = (
    "paygate",
    "paygate_card_sim",
    "paygate_razorpay_wire",
    "paygate_http_bank",
    "paygate_stripe_wire",
    "paygate_upi_sim",
    "paygate_webhook_http",
)
# Importing the first runs the command line; a migration imports a database's configuration.
NOT_IMPORTED = ("paygate.__main__", "paygate.adapters.postgres.migrations.")

PIECES = (
    "a", "-", ".", "7", " ", "\n", "/a", "{a", "<a", "a-", "a.", "1 ", "1-", "1234567890123 ", "a@",
    "pin is ", "secret-", "secret:", "token=bearer ", "error: ", "deadbeef-",
)  # fmt: skip
BEGINNINGS = (("secret:bearer", " "), ("pin", " "), ("error:", " "), ("/", "a"), ("0.", "1"))


def texts() -> dict[str, str]:
    whole = {piece: (piece * CHARS)[:CHARS] for piece in PIECES}
    begun = {
        f"{first!r} then {then!r}": (first + then * CHARS)[:CHARS] for first, then in BEGINNINGS
    }
    mixed = "".join(PIECES)
    return {**whole, **begun, "mixed": (mixed * (CHARS // len(mixed) + 1))[:CHARS]}


TEXTS = texts()


def modules() -> Iterator[ModuleType]:
    for name in PACKAGES:
        package = importlib.import_module(name)
        yield package
        for found in pkgutil.walk_packages(package.__path__, f"{name}."):
            if not found.name.startswith(NOT_IMPORTED):
                yield importlib.import_module(found.name)


def patterns_in(value: Any) -> Iterator[re.Pattern[Any]]:
    match value:
        case re.Pattern():
            yield value
        case dict():
            for inner in value.values():
                yield from patterns_in(inner)
        case list() | tuple() | set() | frozenset():
            for inner in value:
                yield from patterns_in(inner)


@functools.cache
def patterns() -> dict[str, re.Pattern[Any]]:
    """Return every compiled pattern, under the name of the first module that holds it."""
    held = {
        f"{module.__name__}.{name}.{number}": pattern
        for module in modules()
        for name, value in vars(module).items()
        for number, pattern in enumerate(patterns_in(value))
    }
    return {name: pattern for pattern, name in {p: n for n, p in reversed(held.items())}.items()}


def cpu_s(read: Callable[[str], object], text: str, allowed_s: float = CPU_S_MAX) -> float:
    """Return the CPU seconds for the text: the first that is allowed, or the smallest of nine.

    A part of the text is read first, so that a slow reader fails and does not hang.
    """
    part = text[: CHARS // 10]
    began = time.process_time()
    read(part)
    if (taken_s := time.process_time() - began) >= allowed_s:
        return taken_s
    taken = []
    for _ in range(9):
        began = time.process_time()
        read(text)
        taken.append(time.process_time() - began)
        if taken[-1] < allowed_s:
            break
    return min(taken)


def read(pattern: re.Pattern[Any], text: str) -> None:
    given = text.encode() if isinstance(pattern.pattern, bytes) else text
    pattern.fullmatch(given)
    for _ in pattern.finditer(given):
        pass


@pytest.mark.parametrize("name", sorted(patterns()))
def test_a_pattern_reads_a_hostile_text_in_linear_time(name: str):
    pattern = patterns()[name]
    slow = {}
    for what, text in TEXTS.items():
        taken = cpu_s(lambda part: read(pattern, part), text)
        if taken >= CPU_S_MAX:
            slow[what] = taken
            break

    assert slow == {}, pattern.pattern


@pytest.mark.parametrize(
    "function",
    [
        redact,
        redact_text,
        redact_json,
        names_a_secret,
        lambda text: redact_event(None, "info", {"event": text}),
        lambda text: redact_json({text: [text] * 50}),
    ],
    ids=["redact", "redact_text", "redact_json", "names_a_secret", "a line of the log", "a list"],
)
def test_a_redactor_reads_a_hostile_text_in_linear_time(function: Callable[[str], object]):
    limit_s = REDACTOR_CPU_S_MAX
    texts = {what: cpu_s(function, text, limit_s) for what, text in TEXTS.items()}

    assert {what: taken for what, taken in texts.items() if taken >= limit_s} == {}


def test_every_pattern_is_a_module_constant():
    """A pattern inside a function would escape the test above."""

    def inline(source: Source) -> Iterator[str]:
        top = {id(node) for statement in source.tree.body for node in _outside(statement)}
        for node in ast.walk(source.tree):
            if _is_of_re(node, {"compile"}) and id(node) not in top:
                yield f"{source.name}:{node.lineno}"
            if _is_of_re(node, {"match", "search", "fullmatch", "sub", "split", "findall"}):
                yield f"{source.name}:{node.lineno}"

    assert [where for source in everything() for where in inline(source)] == []


def _outside(statement: ast.stmt) -> Iterator[ast.AST]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return
    yield from ast.walk(statement)


def _is_of_re(node: ast.AST, functions: set[str]) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in functions
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "re"
    )
