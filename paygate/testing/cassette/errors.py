"""The error of a cassette, which fails the test that uses it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


class CassetteError(AssertionError):
    """A request was not recorded, a recorded one was not sent, or a file cannot be used.

    Args:
        problem: One sentence.
        details: Name and text of each further line.
        remedy: What to do.
    """

    def __init__(self, problem: str, details: Mapping[str, str], remedy: str) -> None:
        self.problem = problem
        self.details = details
        self.remedy = remedy
        lines = [f"  {name:8} {text}" for name, text in (*details.items(), ("do", remedy))]
        super().__init__("\n".join([problem, *lines]))


def not_a_cassette(path: Path, reason: str) -> CassetteError:
    """Return the error of a file that cannot be read."""
    return CassetteError(
        f"{path} is not a cassette: {reason}",
        {},
        "correct it, or remove it and record it again with pytest --paygate-record",
    )
