"""Compare JSON with what a clause expects. Types count: 50000.0 is not 50000, true is not 1."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

MISSING = object()
"""Stands for a field that is not there."""

_INDEX = re.compile(r"0|[1-9]\d{0,9}")


@dataclass(frozen=True, slots=True)
class Matcher:
    """A set of accepted values.

    Args:
        shown: Its name in a report.
        accepts: Says whether a value is in it; ``MISSING`` is passed for a missing field.
    """

    shown: str
    accepts: Callable[[Any], bool]


def like(pattern: re.Pattern[str], shown: str) -> Matcher:
    """Return the texts that a regular expression matches as a whole."""
    return Matcher(shown, lambda value: isinstance(value, str) and bool(pattern.fullmatch(value)))


def null_or_missing() -> Matcher:
    """Return what fields without a value may be."""
    return Matcher("null or missing", lambda value: value is None or value is MISSING)


def present(shown: str = "any value") -> Matcher:
    """Return every value, null included."""
    return Matcher(shown, lambda value: value is not MISSING)


ORDER_ID = like(re.compile(r"order_[A-Za-z0-9]{16}"), "order_ and 16 letters or digits")
PAYMENT_ID = like(re.compile(r"pay_[A-Za-z0-9]{16}"), "pay_ and 16 letters or digits")
REFUND_ID = like(re.compile(r"rfnd_[A-Za-z0-9]{16}"), "rfnd_ and 16 letters or digits")
TIME = like(
    re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z"),
    "a time such as 2026-01-15T10:30:00.000Z",
)
TEXT = Matcher("a text that is not empty", lambda value: isinstance(value, str) and value != "")
WHOLE = Matcher("a whole number", lambda value: type(value) is int)


def differences(expected: Any, found: Any, *, exactly: bool = False, at: str = "") -> list[str]:
    """Return what is wrong with a value, as clauses; empty if nothing is.

    Args:
        expected: A value, a ``Matcher``, or an object or array of them.
        found: The parsed JSON, or ``MISSING``.
        exactly: Refuse fields that are not expected.
        at: The path of the value, such as ``data.payment``.
    """
    name = at or "the body"
    if isinstance(expected, Matcher):
        if expected.accepts(found):
            return []
        return [f"{name} {_is(found)} instead of {expected.shown}"]
    if isinstance(expected, Mapping) and isinstance(found, dict):
        problems = [
            problem
            for key, value in expected.items()
            for problem in differences(
                value, found.get(key, MISSING), exactly=exactly, at=f"{at}.{key}" if at else key
            )
        ]
        extra = sorted(set(found) - set(expected)) if exactly else []
        return problems + [f"{key} is not expected in {name}" for key in extra]
    if type(expected) is type(found) and expected == found:
        return []
    return [f"{name} {_is(found)} instead of {describe(expected)}"]


def describe(expected: Any) -> str:
    """Return what is expected, like JSON."""
    match expected:
        case Matcher():
            return f"<{expected.shown}>"
        case Mapping():
            inner = ", ".join(f'"{key}": {describe(value)}' for key, value in expected.items())
            return f"{{{inner}}}"
        case _:
            return json.dumps(expected, ensure_ascii=False)


def _is(found: Any) -> str:
    return "is missing" if found is MISSING else f"is {_short(found)}"


def _short(found: Any) -> str:
    text = json.dumps(found, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:79]}…"


def rewritten_by_javascript(body: bytes) -> bytes:
    """Return ``JSON.stringify(JSON.parse(body))``; receivers in JavaScript sign that.

    Raises:
        ValueError: The body is not JSON.
    """
    parsed = json.loads(body, object_pairs_hook=_ordered, parse_int=_number, parse_float=_number)
    return json.dumps(parsed, separators=(",", ":"), ensure_ascii=False).encode()


def _number(text: str) -> float | int:
    """Return a number as JavaScript keeps it: with 53 bits, whole if it has no fraction."""
    value = float(text)
    return int(value) if value.is_integer() and abs(value) < 1e21 else value


def _ordered(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object with its fields as JavaScript orders them: indices first."""
    fields = dict(pairs)
    indices = sorted((key for key in fields if _INDEX.fullmatch(key)), key=int)
    return {key: fields[key] for key in [*indices, *(k for k in fields if k not in indices)]}
