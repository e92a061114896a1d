"""Reports of findings, as a table and as JSON."""

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
    """Yield the lines of a table of all rules, each line as soon as its rule was checked.

    Broken rules are repeated in full at the end, followed by the totals.
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
    message = "" if finding.verdict in {"kept", "broken"} else finding.message
    return f"  {_SHOWN[finding.verdict]:<11} {finding.rule.id:<44} {message}".rstrip()


def is_mostly_unjudged(findings: Sequence[Finding]) -> bool:
    """Check whether fewer rules were judged than not judged."""
    count = Counter(each.verdict for each in findings)
    return count["not_judged"] > count["kept"] + count["broken"]


def summary(findings: Sequence[Finding]) -> str:
    """Return the totals in one line."""
    count = Counter(each.verdict for each in findings)
    return (
        f"{count['kept']} kept, {count['broken']} broken, {count['not_judged']} not judged, "
        f"{count['does_not_apply']} do not apply"
    )


def as_json(plugin: str, findings: Iterable[Finding]) -> str:
    """Return all findings as one JSON object."""
    found = list(findings)
    count = Counter(each.verdict for each in found)
    verdicts = {verdict: count[verdict] for verdict in _SHOWN}
    rows = [
        {
            "subject": each.subject,
            "rule": each.rule.id,
            "verdict": each.verdict,
            "message": each.message,
            "what": each.rule.what,
            "why": each.rule.why,
            "remedy": each.rule.remedy,
        }
        for each in found
    ]
    return json.dumps({"plugin": plugin, "counts": verdicts, "findings": rows}, indent=2)
