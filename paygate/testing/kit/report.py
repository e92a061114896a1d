"""Findings, for people and for machines."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby

from .judge import Finding, Verdict

_SHOWN: dict[Verdict, str] = {
    "kept": "kept",
    "broken": "BROKEN",
    "not_judged": "not judged",
    "does_not_apply": "-",
}


def as_table(findings: Iterable[Finding]) -> str:
    """A table of all rules by guest, what is broken with all its words, and the sums."""
    found = list(findings)
    lines: list[str] = []
    for subject, group in groupby(found, key=lambda each: each.subject):
        lines += ["", subject, *(_line(each) for each in group)]
    broken = [each for each in found if each.verdict == "broken"]
    lines += [f"\n{each.subject}\n{each}" for each in broken]
    return "\n".join([*lines, "", summary(found)]).lstrip("\n")


def _line(finding: Finding) -> str:
    said = "" if finding.verdict in {"kept", "broken"} else finding.said
    return f"  {_SHOWN[finding.verdict]:<11} {finding.rule.id:<44} {said}".rstrip()


def summary(findings: Sequence[Finding]) -> str:
    """The sums, in one line."""
    count = Counter(each.verdict for each in findings)
    return (
        f"{count['kept']} kept, {count['broken']} broken, {count['not_judged']} not judged, "
        f"{count['does_not_apply']} do not apply"
    )


def as_json(plugin: str, findings: Iterable[Finding]) -> str:
    """Everything, as one JSON object."""
    found = list(findings)
    count = Counter(each.verdict for each in found)
    verdicts = {verdict: count[verdict] for verdict in _SHOWN}
    rows = [
        {
            "subject": each.subject,
            "rule": each.rule.id,
            "verdict": each.verdict,
            "said": each.said,
            "what": each.rule.what,
            "why": each.rule.why,
            "remedy": each.rule.remedy,
        }
        for each in found
    ]
    return json.dumps({"plugin": plugin, "counts": verdicts, "findings": rows}, indent=2)
