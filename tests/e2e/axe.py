"""What axe-core finds wrong with a page, in both of its themes."""

from __future__ import annotations

from typing import Any, Literal

from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Frame, Page

AXE = Axe()
ALL: dict[str, Any] = {"resultTypes": ["violations"]}
OF_COLOURS = {
    **ALL,
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}
SCHEMES: tuple[tuple[Literal["light", "dark"], dict[str, Any]], ...] = (
    ("light", ALL),
    ("dark", OF_COLOURS),
)
"""A theme changes colours and no more."""


async def faults(page: Page, frame: Frame | None = None) -> list[tuple[str, str, str]]:
    """Return theme, rule and element of each fault on the page or in its frames."""
    found: list[tuple[str, str, str]] = []
    where = frame or page
    if not await where.evaluate("'axe' in window"):
        await where.evaluate(AXE.axe_script)
    for scheme, options in SCHEMES:
        await page.emulate_media(color_scheme=scheme)
        violations = await where.evaluate(
            "async options => (await axe.run(options)).violations", options
        )
        found.extend((scheme, one["id"], one["nodes"][0]["html"]) for one in violations)
    return found
