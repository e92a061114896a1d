"""Reports of a run: a table on the terminal, and a JSON file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .figures import EXPRESS, PAYGATE, Row, divide

COLUMNS = ("rps", "p50_ms", "p99_ms", "api_us", "pg_us", "ratio")
TITLES = ("per second", "p50 ms", "p99 ms", "API µs", "PG µs", "vs Express")


def ratios_of(rows: Sequence[Row]) -> dict[str, float | None]:
    """Return the ratios that the project is judged by; None for what was not measured."""
    by_name = {(row.load, row.system): row.figures for row in rows}

    def figure(load: str, system: str, name: str = "rps") -> float | None:
        found = by_name.get((load, system))
        return None if found is None else getattr(found, name)

    def vs_express(load: str, name: str = "rps") -> float | None:
        return divide(figure(load, PAYGATE, name), figure(load, EXPRESS, name))

    def between(load: str, sizes: tuple[str, str]) -> float | None:
        first, second = (figure(f"{load}_{size}", PAYGATE) for size in sizes)
        return divide(first, second)

    return {
        "create_vs_express": vs_express("create"),
        "create_with_key_vs_express": vs_express("create_with_key"),
        "create_with_key_and_endpoint_vs_express": vs_express("create_with_key_and_endpoint"),
        "postgres_cpu_with_key_vs_express": vs_express("create_with_key", "pg_us"),
        "end_to_end_vs_express": vs_express("end_to_end_8000"),
        "end_to_end_20000_vs_1000": between("end_to_end", ("20000", "1000")),
        # How much longer a list takes: the other way round than the rates.
        "list_1m_vs_10k": between("list", ("10k", "1m")),
        **{
            f"{load}_{system}_vs_{PAYGATE}": divide(figure(load, system), figure(load, PAYGATE))
            for load, system in by_name
            if system.startswith(f"{PAYGATE}_")
        },
    }


def to_json(
    rows: Sequence[Row], machine: Mapping[str, Any], ratios: Mapping[str, float | None]
) -> dict[str, Any]:
    """Return the content of the file."""
    return {
        "machine": dict(machine),
        "rows": [
            {
                "name": row.name,
                "load": row.load,
                "system": row.system,
                **{name: _rounded(value) for name, value in asdict(row.figures).items()},
                "ratio": _rounded(row.ratio),
                "note": row.note,
            }
            for row in rows
        ],
        "ratios": {name: _rounded(value) for name, value in ratios.items()},
    }


def write(path: Path, content: Mapping[str, Any]) -> None:
    """Write the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = {"at": datetime.now(UTC).isoformat(timespec="seconds"), **content}
    path.write_text(json.dumps(written, indent=2) + "\n")


def table(rows: Iterable[Row], *, head: bool = True) -> str:
    """Return the rows as lines of text."""
    lines = [_line("", TITLES)] if head else []
    for row in rows:
        values = {**asdict(row.figures), "ratio": row.ratio}
        lines.append(_line(row.name, [_shown(values[name], name) for name in COLUMNS]))
    return "\n".join(lines)


def ratio_lines(ratios: Mapping[str, float | None]) -> str:
    """Return the ratios as lines of text."""
    return "\n".join(
        f"{name:44}{'not measured' if value is None else f'{value:.2f}':>12}"
        for name, value in ratios.items()
    )


def fact_lines(facts: Mapping[str, float]) -> str:
    """Return figures that belong to no load as lines of text."""
    return "\n".join(f"{name:44}{value:>12}" for name, value in facts.items())


def _line(name: str, cells: Sequence[str]) -> str:
    return f"{name:46}" + "".join(f"{cell:>11}" for cell in cells)


def _shown(value: float | None, column: str) -> str:
    if value is None:
        return "-"
    digits = 2 if column == "ratio" else 1 if column.endswith("_ms") else 0
    return f"{value:,.{digits}f}"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
