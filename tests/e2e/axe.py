"""What axe-core finds wrong with a page, in both of its themes."""

from __future__ import annotations

from typing import Literal

from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Frame, Page

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


async def faults(page: Page, frame: Frame | None = None) -> list[tuple[str, str, str]]:
    """Theme, rule and element of each fault on the page, or in one of its frames."""
    found: list[tuple[str, str, str]] = []
    for scheme in SCHEMES:
        await page.emulate_media(color_scheme=scheme)
        violations = (await Axe().run(frame or page)).response["violations"]
        found.extend((scheme, one["id"], one["nodes"][0]["html"]) for one in violations)
    return found
