"""Every page is in the site's navigation and in the index, and every link has a target."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")}
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)


def files_of(nav: Any) -> Iterator[str]:
    """Return the pages that a part of the navigation names."""
    if isinstance(nav, str):
        yield nav
    elif isinstance(nav, dict):
        for part in nav.values():
            yield from files_of(part)
    else:
        for part in nav:
            yield from files_of(part)


def linked_from(page: Path) -> set[str]:
    """Return the pages of the documentation that a page links to."""
    targets = {(page.parent / to).resolve() for to, _ in LINK.findall(page.read_text()) if to}
    return {each.relative_to(DOCS).as_posix() for each in targets if each.is_relative_to(DOCS)}


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as MkDocs and code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", page.read_text()), re.MULTILINE)
    kept = (re.sub(r"[^\w\s-]", "", heading).strip().lower() for heading in headings)
    return {re.sub(r"[\s-]+", "-", text) for text in kept}


def test_the_navigation_has_every_page_once():
    nav = list(files_of(yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]))

    assert sorted(nav) == sorted(PAGES)


def test_the_index_lists_every_page():
    listed = linked_from(DOCS / "index.md") | linked_from(DOCS / "adr" / "README.md")

    assert listed | {"index.md"} == PAGES


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_link_with_an_anchor_leads_to_a_heading(name: str):
    page = DOCS / name
    broken = [
        f"{to}#{anchor}"
        for to, anchor in LINK.findall(FENCED.sub("", page.read_text()))
        if anchor and anchor not in anchors(page.parent / to if to else page)
    ]

    assert broken == []
