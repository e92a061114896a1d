"""What a run found: as text, as JSON, and as JUnit XML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from xml.etree import ElementTree

from .answer import Evidence
from .case import Clause

INDENT = " " * 18


class Verdict(StrEnum):
    """What is known of a clause."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Result:
    """What was found of one clause.

    Args:
        clause: The clause.
        verdict: Passed only if a check ran and found nothing wrong.
        problem: What is wrong; empty if nothing is.
        evidence: Of a failure.
        not_checked: The parts that were not checked, with the reasons.
        took_s: Duration of the check, in seconds.
    """

    clause: Clause
    verdict: Verdict
    problem: str = ""
    evidence: Evidence | None = None
    not_checked: Sequence[str] = ()
    took_s: float = 0.0

    @property
    def lines(self) -> list[str]:
        """The lines of a report for people."""
        shown = self.verdict.upper() if self.verdict is Verdict.FAILED else self.verdict
        lines = [f"{self.clause.id:4} {shown:12} {self.clause.requires}"]
        if self.problem:
            lines.append(f"{INDENT}problem: {self.problem}")
        if self.evidence is not None:
            lines += [f"{INDENT}{name}: {text}" for name, text in _named(self.evidence)]
        return lines + [f"{INDENT}not checked: {part}" for part in self.not_checked]

    def as_json(self) -> dict[str, Any]:
        """Return the result as plain JSON."""
        return {
            "id": self.clause.id,
            "requires": self.clause.requires,
            "verdict": str(self.verdict),
            "problem": self.problem or None,
            **(dict(_named(self.evidence)) if self.evidence else {}),
            "not_checked": list(self.not_checked),
            "took_s": round(self.took_s, 2),
        }


@dataclass(frozen=True, slots=True)
class GradeReport:
    """The result of a run.

    Args:
        url: The gateway.
        results: In the order of the contract.
        took_s: Duration, in seconds.
    """

    url: str
    results: Sequence[Result]
    took_s: float = 0.0

    def count(self, verdict: Verdict) -> int:
        """Return how many clauses have a verdict."""
        return sum(each.verdict is verdict for each in self.results)

    @property
    def is_right(self) -> bool:
        """Whether no clause failed."""
        return not self.count(Verdict.FAILED)

    @property
    def summary(self) -> str:
        """How much was found, in one line."""
        counts = ", ".join(f"{self.count(verdict)} {verdict}" for verdict in Verdict)
        return f"{counts}, in {self.took_s:.1f} s: {self.url}"

    def as_text(self) -> str:
        """Return the report for people."""
        lines = [line for each in self.results for line in each.lines]
        return "\n".join([*lines, "", self.summary])

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain JSON."""
        return {
            "url": self.url,
            "is_right": self.is_right,
            "passed": self.count(Verdict.PASSED),
            "failed": self.count(Verdict.FAILED),
            "not_checked": self.count(Verdict.NOT_CHECKED),
            "clauses": [each.as_json() for each in self.results],
            "took_s": round(self.took_s, 2),
        }

    def as_junit(self) -> bytes:
        """Return JUnit XML: a test case for each clause; what is not checked is skipped."""
        suites = ElementTree.Element("testsuites", name="paygate grade", time=f"{self.took_s:.3f}")
        suite = ElementTree.SubElement(
            suites,
            "testsuite",
            name="the common contract",
            tests=str(len(self.results)),
            failures=str(self.count(Verdict.FAILED)),
            skipped=str(self.count(Verdict.NOT_CHECKED)),
        )
        for each in self.results:
            case = ElementTree.SubElement(
                suite,
                "testcase",
                classname=f"contract.{each.clause.id}",
                name=each.clause.requires,
                time=f"{each.took_s:.3f}",
            )
            if each.verdict is Verdict.FAILED:
                failed = ElementTree.SubElement(case, "failure", message=each.problem)
                failed.text = "\n".join(line.strip() for line in each.lines[2:])
            elif each.verdict is Verdict.NOT_CHECKED:
                reason = "; ".join(each.not_checked)
                ElementTree.SubElement(case, "skipped", message=f"not checked: {reason}")
        ElementTree.indent(suites)
        return bytes(ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True))


def _named(evidence: Evidence) -> list[tuple[str, str]]:
    return [("sent", evidence.sent), ("expected", evidence.expected), ("came", evidence.came)]
