"""Write docs/reference/kit-rules.md; ``make reference`` runs it."""

from __future__ import annotations

import sys

from .rules import KINDS, Kind, all_rules, rules_of

_HEADINGS: dict[Kind, str] = {
    "method": "Payment methods",
    "processor": "Processors",
    "sink": "Event sinks",
    "policy": "Retry policies",
    "router": "Routers",
    "risk": "Risk checks",
    "dialect": "Wire dialects",
}


def page() -> str:
    """Return the page: every rule with its reason and its remedy."""
    lines = [
        "# The rules of the contract kit",
        "",
        f"{len(all_rules())} rules, generated from the kit. How to run them:",
        "[Test a plugin](../how-to/test-a-plugin.md).",
    ]
    for kind in KINDS:
        lines += ["", f"## {_HEADINGS[kind]}", "", "| rule | what | why | what to do |"]
        lines += ["|---|---|---|---|"]
        lines += [
            f"| `{each.id}` | {each.what} | {each.why} | {each.remedy} |" for each in rules_of(kind)
        ]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.stdout.write(page())
