"""Figures of several rounds: medians, percentiles and ratios."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

EXPRESS = "express"
FASTAPI = "fastapi"
PAYGATE = "paygate"
PEERS = frozenset({EXPRESS, FASTAPI})


@dataclass(frozen=True)
class Variant:
    """paygate with another HTTP server, or with several processes.

    Attributes:
        server: The HTTP server.
        processes: How many API processes there are, and how many workers where any work.
    """

    server: str = "hypercorn"
    processes: int = 1

    @property
    def system(self) -> str:
        """The name of the system: ``paygate`` for what is installed and started by default."""
        server = "" if self.server == "hypercorn" else f"_{self.server}"
        return f"{PAYGATE}{server}{'' if self.processes == 1 else f'_x{self.processes}'}"


@dataclass(frozen=True)
class Figures:
    """What one round of a load, or several, measured of one system.

    Attributes:
        rps: Requests, or payments, per second.
        p50_ms: Median latency.
        p99_ms: 99th percentile of the latency.
        api_us: CPU time of the API process per request.
        pg_us: CPU time of all PostgreSQL processes per request.
    """

    rps: float | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None
    api_us: float | None = None
    pg_us: float | None = None


@dataclass(frozen=True)
class Row:
    """The figures of a load and a system.

    Attributes:
        load: The load's name.
        system: Whose figures these are.
        note: What the load is, where its name does not say it.
        ratio: ``rps`` divided by the Express peer's in the same load; None without that peer.
    """

    load: str
    system: str
    figures: Figures
    note: str = ""
    ratio: float | None = None

    @property
    def name(self) -> str:
        """The row's name in the table."""
        return self.load if self.system == PAYGATE else f"{self.load} ({self.system})"


def percentile(values: Iterable[float], share: float) -> float:
    """Return the smallest value that at least this share of the values does not exceed.

    Raises:
        ValueError: There are no values.
    """
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no values")
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def median_of(rounds: Sequence[Figures]) -> Figures:
    """Return the median of each figure; None where a round has none."""

    def median(name: str) -> float | None:
        values = [getattr(each, name) for each in rounds]
        return None if not values or None in values else float(statistics.median(values))

    return Figures(*(median(name) for name in Figures.__dataclass_fields__))


def divide(dividend: float | None, divisor: float | None) -> float | None:
    """Divide; None where either is missing or the divisor is zero."""
    return dividend / divisor if dividend is not None and divisor else None


def rows_of(load: str, rounds: dict[str, list[Figures]], note: str = "") -> list[Row]:
    """Return a row for each system, with its ratio to the Express peer."""
    medians = {system: median_of(found) for system, found in rounds.items() if found}
    peer = medians.get(EXPRESS)
    return [
        Row(load, system, figures, note, divide(figures.rps, peer.rps if peer else None))
        for system, figures in medians.items()
    ]
