"""The report as files: JUnit XML for CI, and a page for people."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from xml.etree import ElementTree

from .report import ChaosReport, Played, Quality
from .sequence import steps_to_text

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
td, th { border-bottom: 1px solid #8886; padding: .3rem .6rem; text-align: left }
.wrong { color: #b00020; font-weight: 600 } .right { color: #0a6b2d }
code { overflow-wrap: anywhere }
@media (prefers-color-scheme: dark) {
  body { background: #111; color: #eee } .wrong { color: #ff8a94 } .right { color: #7fdc9b }
}
"""
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>paygate chaos</title>
<meta name="viewport" content="width=device-width"><style>{style}</style></head><body>
<h1>Webhook handler: {result}</h1>
<p>{summary}</p>
<table><tr><th>The handler</th><th></th></tr>{qualities}</table>
{failures}
<h2>Every sequence</h2>
<table><tr><th>Group</th><th>Sequence</th><th>Result</th></tr>{played}</table>
</body></html>
"""


def report_to_junit(report: ChaosReport, repeats: Sequence[str] = ()) -> bytes:
    """Return JUnit XML: a test suite for each group, a test case for each sequence.

    Args:
        report: The report.
        repeats: For each failure the command that repeats it.
    """
    suites = ElementTree.Element("testsuites", name="paygate chaos", time=f"{report.took_s:.3f}")
    smallest = {
        id(failure.found): (failure, repeats[place] if place < len(repeats) else "")
        for place, failure in enumerate(report.failures)
    }
    for group in report.groups:
        played, wrong = report.of(group)
        suite = ElementTree.SubElement(
            suites, "testsuite", name=str(group), tests=str(played), failures=str(wrong)
        )
        for each in report.played:
            if each.group is not group:
                continue
            case = ElementTree.SubElement(
                suite, "testcase", classname=f"chaos.{group}", name=steps_to_text(each.sequence)
            )
            if each.problem is not None:
                failed = ElementTree.SubElement(case, "failure", message=each.problem.text)
                failed.text = "\n".join(each.answers)
                if shrunk := smallest.get(id(each)):
                    failure, repeat = shrunk
                    smaller = steps_to_text(failure.smallest.sequence)
                    failed.text += f"\nsmallest: {smaller}\nrepeat: {repeat}"
    ElementTree.indent(suites)
    return bytes(ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True))


def report_to_html(report: ChaosReport, repeats: Sequence[str] = ()) -> str:
    """Return a page that needs nothing else; see ``report_to_junit``."""
    qualities = "".join(
        f"<tr><td>{escape(quality)}</td><td>{_verdict(report.verdict(quality))}</td></tr>"
        for quality in Quality
    )
    failures = ""
    for place, failure in enumerate(report.failures):
        steps = "".join(
            f"<li><code>{escape(str(each))}</code>" for each in failure.smallest.sequence
        )
        failures += f"<h2>{escape(failure.found.group)}</h2><p class=wrong>{escape(failure.text)}"
        failures += f"<ol>{steps}</ol>"
        if place < len(repeats):
            failures += f"<p>Repeat it: <code>{escape(repeats[place])}</code>"
    return PAGE.format(
        style=STYLE,
        result="right" if report.is_right else "wrong",
        summary=escape(report.summary),
        qualities=qualities,
        failures=failures,
        played="".join(map(_row, report.played)),
    )


def _verdict(verdict: bool | None) -> str:
    if verdict is None:
        return "not judged"
    return "<span class=right>yes</span>" if verdict else "<span class=wrong>no</span>"


def _row(played: Played) -> str:
    problem = played.problem
    result = (
        "<span class=right>right</span>"
        if problem is None
        else f"<span class=wrong>{escape(problem.text)}</span>"
    )
    sequence = escape(steps_to_text(played.sequence))
    return (
        f"<tr><td>{escape(played.group)}</td><td><code>{sequence}</code></td><td>{result}</td></tr>"
    )
