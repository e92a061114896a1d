"""The file of a cassette: JSON with a line for each request and each response."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .errors import not_a_cassette
from .exchange import Exchange

FORMAT = "paygate_cassette"
VERSION = 1


def read_section(path: Path, test: str) -> Sequence[Exchange] | None:
    """Return what was recorded of a test; None if nothing was.

    Raises:
        CassetteError: The file is not a cassette.
    """
    section = _read(path).get(test)
    return (
        None
        if section is None
        else [Exchange(each["request"], each["response"]) for each in section]
    )


def write_section(path: Path, test: str, exchanges: Sequence[Exchange]) -> None:
    """Replace what is recorded of a test; the other tests of the file are kept.

    Raises:
        CassetteError: The file is not a cassette.
    """
    tests = dict(_read(path))
    tests.pop(test, None)
    if exchanges:
        tests[test] = [{"request": each.request, "response": each.response} for each in exchanges]
    path.parent.mkdir(parents=True, exist_ok=True)
    written = path.with_name(f"{path.name}.{os.getpid()}")
    written.write_text(_text(tests), encoding="utf-8")
    written.replace(path)


def _read(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise not_a_cassette(path, f"it is not JSON: {error}") from error
    match content:
        case {"paygate_cassette": int() as version} if version != VERSION:
            raise not_a_cassette(path, f"it has format {version}; this paygate reads {VERSION}")
        case {"paygate_cassette": int(), "tests": dict(tests)} if all(
            map(_is_section, tests.values())
        ):
            return tests
    raise not_a_cassette(path, 'it has no "tests" with lists of "request" and "response"')


def _is_section(section: object) -> bool:
    return isinstance(section, list) and all(
        isinstance(each, dict)
        and isinstance(each.get("request"), dict)
        and isinstance(each.get("response"), dict)
        and ("status" in each["response"] or "error" in each["response"])
        for each in section
    )


def _text(tests: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Return the file's text: the same for the same recordings."""
    sections = [
        f"  {json.dumps(test, ensure_ascii=False)}: [\n{_exchanges(tests[test])}\n  ]"
        for test in sorted(tests)
    ]
    inside = "{\n" + ",\n".join(sections) + "\n }" if sections else "{}"
    return f'{{\n "{FORMAT}": {VERSION},\n "tests": {inside}\n}}\n'


def _exchanges(section: Sequence[Mapping[str, Any]]) -> str:
    return ",\n".join(
        "   {\n"
        + ",\n".join(
            f'    "{part}": {json.dumps(exchange[part], ensure_ascii=False)}'
            for part in ("request", "response")
        )
        + "\n   }"
        for exchange in section
    )
