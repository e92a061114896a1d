"""What differs between two requests, in words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

VALUE_CHARS_MAX = 100
ELSEWHERE = 1000
"""How much farther a request to another path is than one with another field."""


def nearest(sent: Mapping[str, Any], recorded: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the recorded request with the fewest differences; of equal ones the first."""
    return min(recorded, key=lambda request: _distance(sent, request))


def differences(sent: Mapping[str, Any], recorded: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each field that differs, such as ``json.amount: sent 2, …``."""
    one, other = dict(_fields(sent)), dict(_fields(recorded))
    return [
        f"{name} was {_value(one, name, 'sent')} and {_value(other, name, 'recorded')}"
        for name in {**one, **other}
        if one.get(name) != other.get(name)
    ]


def _distance(sent: Mapping[str, Any], recorded: Mapping[str, Any]) -> int:
    def path(request: Mapping[str, Any]) -> tuple[str, str]:
        return request["method"], request["url"].partition("?")[0]

    return len(differences(sent, recorded)) + ELSEWHERE * (path(sent) != path(recorded))


def _value(fields: Mapping[str, str], name: str, how: str) -> str:
    if name not in fields:
        return f"not {how}"
    text = fields[name]
    return f"{how} as {text if len(text) <= VALUE_CHARS_MAX else text[:VALUE_CHARS_MAX] + '…'}"


def _fields(part: Any, name: str = "") -> Iterator[tuple[str, str]]:
    match part:
        case Mapping() if part:
            for key, inner in part.items():
                yield from _fields(inner, f"{name}.{key}" if name else str(key))
        case list() if part:
            for place, inner in enumerate(part):
                yield from _fields(inner, f"{name}[{place}]")
        case _:
            yield name, json.dumps(part, ensure_ascii=False)
