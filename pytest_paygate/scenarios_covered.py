"""The coverage of scenarios by a test suite, also by several processes of pytest-xdist."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paygate.testing.scenario_coverage import ScenariosMet

NAMES_SHOWN_MAX = 8


@dataclass
class ScenarioCoverage:
    """What a suite has covered so far.

    Args:
        known: The names of all scenarios.
        met: Those that a payment of a test played.
        asserted: Those of which a test asserted an ending. Only these count.
    """

    known: set[str] = field(default_factory=set)
    met: set[str] = field(default_factory=set)
    asserted: set[str] = field(default_factory=set)

    def add(self, seen: ScenariosMet) -> None:
        """Add what one test has seen."""
        self.add_names(
            {"known": seen.known, "met": seen.met, "asserted": seen.asserted},
        )

    def add_names(self, names: Mapping[str, Iterable[str]]) -> None:
        """Add what another process has seen; see ``names``."""
        self.known |= set(names["known"])
        self.met |= set(names["met"])
        self.asserted |= set(names["asserted"])

    def names(self) -> dict[str, list[str]]:
        """Return it as plain JSON."""
        return {
            "known": sorted(self.known),
            "met": sorted(self.met),
            "asserted": sorted(self.asserted),
        }

    def lines(self, floor: int) -> Iterator[str]:
        """Yield the lines of the summary.

        Args:
            floor: How many scenarios must be asserted.
        """
        asserted, known = len(self.asserted), len(self.known)
        yield f"{asserted}/{known} scenarios have an asserted ending, {len(self.met)} were met"
        if only_met := sorted(self.met - self.asserted):
            yield f"met without an asserted ending: {_shown(only_met)}"
        if never := sorted(self.known - self.met):
            yield f"not met: {_shown(never)}"
        if asserted < floor:
            yield f"FAILED: --paygate-coverage-min={floor} is not reached"


def _shown(names: list[str]) -> str:
    more = len(names) - NAMES_SHOWN_MAX
    return ", ".join(names[:NAMES_SHOWN_MAX]) + (f" and {more} more" if more > 0 else "")
