"""Write docs/reference/plugin-objects.md; ``make reference`` runs it."""

from __future__ import annotations

import enum
import inspect
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import paygate

_TOPICS = {
    "processor": "Processors",
    "outcome": "Outcomes",
    "method": "Payment methods",
    "instrument": "Payment methods",
    "money": "Money, time and results",
    "clock": "Money, time and results",
    "operation": "Processors",
    "plugin": "What every plugin is given",
    "http_client": "HTTP",
    "sink": "Event sinks",
    "model": "Event sinks",
    "wire": "Dialects",
    "records": "Dialects",
    "routing": "Routers",
    "risk": "Risk checks",
    "history": "Risk checks",
    "retry_policy": "Retry policies",
    "extensions": "Routes, commands and panels",
    "errors": "Errors",
}
"""The last part of a module's name → the heading of its objects."""
_HEAD = """\
# Objects of the plugin API

What `from paygate import …` offers to plugins, generated from the code. [Hooks](hooks.md) lists
the functions that return such objects. Simulators have more: see [scenarios](scenarios.md).
`help(paygate.WireRequest)` shows the same in Python.
"""
_SECTION = re.compile(r"(Args|Returns|Raises|Yields):")
_QUOTED = re.compile(r"(: |-> )'([^']*)'")
_ITEM = re.compile(r"    (\w+): (.*)")


def page() -> str:
    """Return the page: every class and function of the plugin API, with its arguments."""
    by_topic: dict[str, list[str]] = defaultdict(list)
    for name in sorted(paygate.__all__):
        thing = getattr(paygate, name)
        if (inspect.isclass(thing) or inspect.isfunction(thing)) and inspect.getdoc(thing):
            topic = _TOPICS.get(thing.__module__.rpartition(".")[2])
            if topic is not None:
                by_topic[topic] += _object(name, thing)
    lines = [_HEAD]
    for topic in dict.fromkeys(_TOPICS.values()):
        lines += [f"## {topic}", "", *by_topic[topic]]
    return "\n".join(lines).rstrip() + "\n"


def _object(name: str, thing: Any) -> Iterator[str]:
    yield from (f"### {name}", "")
    if inspect.isclass(thing) and issubclass(thing, enum.Enum):
        yield from _prose(thing)
        yield from (", ".join(f"`{each.name}`" for each in thing) + ".", "")
        return
    if not getattr(thing, "_is_protocol", False):
        yield from (f"`{name}{_signature(thing)}`", "")
    yield from _prose(thing)
    for method, called in _methods(thing):
        is_async = "async " if inspect.iscoroutinefunction(called) else ""
        yield from (f"**`{is_async}{method}{_signature(called)}`**", "")
        yield from _prose(called)


def _methods(thing: Any) -> Iterator[tuple[str, Any]]:
    if inspect.isclass(thing):
        for name, called in vars(thing).items():
            if inspect.isfunction(called) and not name.startswith("_"):
                yield name, called


def _signature(called: Any) -> str:
    """Return the arguments as they are written in the code, without ``self``."""
    try:
        signature = inspect.signature(called)
    except ValueError:
        return ""  # An exception without arguments of its own.
    kept = [each for each in signature.parameters.values() if each.name != "self"]
    # Annotations are texts here, and defaults are not.
    text = _QUOTED.sub(r"\1\2", str(signature.replace(parameters=kept)))
    text = text.replace("<factory>", "…").replace("mappingproxy({})", "{}")
    return text.removesuffix(" -> None")


def _prose(thing: Any) -> Iterator[str]:
    """Yield a docstring as Markdown: its arguments are a list."""
    section = ""
    for line in (inspect.getdoc(thing) or "").replace("``", "`").splitlines():
        item = _ITEM.match(line)
        if found := _SECTION.fullmatch(line):
            section = found[1]
            yield from () if section == "Args" else (f"{section}:", "")
        elif section and item:
            yield f"- `{item[1]}`: {item[2]}"
        elif section and line.startswith("    "):
            yield line.strip() if section in {"Returns", "Yields"} else f"  {line.strip()}"
        else:
            yield line
    yield ""


if __name__ == "__main__":
    sys.stdout.write(page())
