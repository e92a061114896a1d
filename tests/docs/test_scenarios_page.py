"""The page about scenarios is the one that the catalogue makes."""

from __future__ import annotations

from pathlib import Path

from paygate.simulator.catalogue_page import page

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_is_generated_from_the_catalogue():
    assert (DOCS / "reference" / "scenarios.md").read_text() == page(), "run `make reference`"
