"""Findings, for people and for machines."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from .judge import Finding, Verdict

_SHOWN: dict[Verdict, str] = {
    "kept": "kept",
    "broken": "BROKEN",
    "not_judged": "not judged",
    "does_not_apply": "-",
}


def table(findings: Iterable[Finding]) -> Iterator[str]:
    """Lines of a table of all rules by plugin, each as soon as its rule was judged.

    What is broken comes again at the end with all its words, and then the sums.
    """
    found: list[Finding] = []
    for each in findings:
        if not found or found[-1].subject != each.subject:
            yield from ([""] if found else [])
            yield each.subject
        found.append(each)
        yield _line(each)
    for each in found:
        if each.verdict == "broken":
            yield f"\n{each.subject}\n{each}"
    yield f"\n{summary(found)}"


def _line(finding: Finding) -> str:
    said = "" if finding.verdict in {"kept", "broken"} else finding.said
    return f"  {_SHOWN[finding.verdict]:<11} {finding.rule.id:<44} {said}".rstrip()


def is_mostly_unjudged(findings: Sequence[Finding]) -> bool:
    """Whether more rules were left unjudged than were judged."""
    count = Counter(each.verdict for each in findings)
    return count["not_judged"] > count["kept"] + count["broken"]


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
