"""A gateway's answer, and how a clause judges it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ..core.redaction import names_a_secret
from .matching import MISSING, TEXT, describe, differences

MASK = "***"
CHARS_MAX = 800
Hide = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a failure is shown with; without secrets."""

    sent: str
    expected: str
    came: str


class BrokenClauseError(Exception):
    """The gateway does not do what the clause requires.

    Args:
        problem: What is wrong, as a clause.
        evidence: What was sent, what was expected, and what came.
    """

    def __init__(self, problem: str, evidence: Evidence) -> None:
        super().__init__(problem)
        self.problem = problem
        self.evidence = evidence


class NotSeenError(Exception):
    """The clause cannot be checked here.

    Args:
        reason: Why, as a clause; with what to do about it.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a request.

    Args:
        sent: The request, for a report.
        status: The HTTP status.
        headers: Names in lower case.
        body: The exact bytes.
        ended_s: When the answer was complete, on the clock of the event loop.
        took_s: Duration of the request, in seconds.
        hide: Masks the secrets of this run in a text.
    """

    sent: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    ended_s: float
    took_s: float
    hide: Hide = field(repr=False)

    @property
    def began_s(self) -> float:
        """When the request was sent, on the clock of the event loop."""
        return self.ended_s - self.took_s

    @property
    def json(self) -> Any:
        """The parsed body; ``MISSING`` if it is not JSON."""
        return parse(self.body)

    def field(self, name: str) -> Any:
        """Return a field of the body; ``MISSING`` if there is none, or the body is no object."""
        parsed = self.json
        return parsed.get(name, MISSING) if isinstance(parsed, dict) else MISSING

    @property
    def came(self) -> str:
        """The answer for a report."""
        parsed = self.json
        text = (
            self.body.decode(errors="replace")
            if parsed is MISSING
            else json.dumps(masked(parsed), ensure_ascii=False)
        )
        return f"status {self.status}: {printable(self.hide(text)) or 'no body'}"

    def must(self, status: int, body: Any = None, *, exactly: bool = False) -> Any:
        """Require a status and these fields; return the parsed body.

        Args:
            status: The HTTP status.
            body: See ``differences``; None for any.
            exactly: Refuse fields that are not expected.

        Raises:
            BrokenClauseError: The answer is another one.
        """
        expected = f"status {status}"
        if body is not None:
            expected += f"{', exactly' if exactly else ''}: {describe(body)}"
        problems = [] if self.status == status else [f"the status is {self.status}, not {status}"]
        if not problems and body is not None:
            if self.json is MISSING:
                problems = ["the body is not JSON"]
            else:
                problems = differences(body, self.json, exactly=exactly)
        if problems:
            self.refuse("; ".join(problems[:4]), expected)
        return self.json

    def must_be_error(self, status: int, code: str) -> Any:
        """Require ``{"error": {"code", "description"}}`` with a code."""
        return self.must(status, {"error": {"code": code, "description": TEXT}})

    def refuse(self, problem: str, expected: str) -> NoReturn:
        """Raise that this answer breaks the clause.

        Args:
            problem: What is wrong, as a clause.
            expected: What was expected.

        Raises:
            BrokenClauseError: Always.
        """
        evidence = Evidence(self.sent, printable(self.hide(expected)), self.came)
        raise BrokenClauseError(printable(self.hide(problem)), evidence)


def masked(value: Any) -> Any:
    """Return JSON with a mask in place of every field whose name says that it is a secret."""
    match value:
        case dict():
            return {
                key: MASK if names_a_secret(key) and isinstance(inner, str) else masked(inner)
                for key, inner in value.items()
            }
        case list():
            return [masked(inner) for inner in value]
        case _:
            return value


def parse(body: bytes) -> Any:
    """Parse JSON; ``MISSING`` if it is none that can be read."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return MISSING


def printable(text: str) -> str:
    """Return a text without control characters, which a terminal or XML would obey, and cut."""
    cut = text if len(text) <= CHARS_MAX else f"{text[: CHARS_MAX - 1]}…"
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in cut)
