"""Every page, light and dark, narrow and wide, by keyboard and by screen reader."""

from __future__ import annotations

import re
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from tests.harness.animations import ENDLESS

from .gateway import Gateway, Receiver

pytestmark = pytest.mark.asyncio(loop_scope="session")

AXE = Axe()
OF_COLOURS = ("color-contrast", "link-in-text-block")
# What is wide has to be scrolled in a narrow window only.
OF_WIDTHS = ("scrollable-region-focusable",)
# Between these widths no rule of the styles changes what the narrower one needs.
WIDTHS = [1280, 768, 320]
# A page that another one's component draws as well is not next to it: see ``go``.
PLACES = {
    "outside": [
        "login",
        "dashboard.html",
        "dashboard/nothing-here",
        "dashboard/docs",
        "dashboard/playground",
        "dashboard/simulator",
    ],
    "money": [
        "dashboard",
        "dashboard/transactions",
        "dashboard/transactions/{success}",
        "dashboard/attention",
        "dashboard/transactions/{failed}",
        "dashboard/orders",
        "dashboard/orders/{order}",
    ],
    "merchants": [
        "dashboard/payment-links",
        "dashboard/refunds",
        "dashboard/webhooks",
        "dashboard/webhooks/{delivery}",
        "dashboard/endpoints",
        "dashboard/endpoints/{merchant}",
    ],
    "operators": [
        "dashboard/keys",
        "dashboard/team",
        "dashboard/account",
        "dashboard/workers",
        "dashboard/plugins",
        "dashboard/plugins/card_sim",
        "dashboard/audit",
    ],
}
FOLLOW = """path => {
    document.querySelectorAll("h1").forEach(each => { each.dataset.left = "" });
    history.pushState(null, "", path);
    dispatchEvent(new PopStateEvent("popstate", { state: null }));
}"""

WINDOWS = [
    ("webhooks", "Recover"),
    ("endpoints", "Add endpoint"),
    ("keys", "Create key"),
    ("payment-links", "Create link"),
    ("team", "Add user"),
]


async def go(page: Page, gateway: Gateway, place: str) -> None:
    """Open a page: as a link does where the dashboard is open, as the address bar does elsewhere.

    In a window that stays open, the scripts of the dashboard and axe are compiled already.
    """
    is_inside = re.search(r"/dashboard(/|$)", page.url) and re.match(r"dashboard(/|$)", place)
    if is_inside:
        await page.evaluate(FOLLOW, f"/{place}")
    else:
        await page.goto(f"{gateway.dashboard}/{place}")
    await expect(page.locator("h1:not([data-left])").first).to_be_attached()


async def open_place(page: Page, gateway: Gateway, place: str) -> None:
    """Open the page with all kinds of content, and wait until it is loaded."""
    payments = await gateway.call("GET", "/payments/list")
    by_status = {payment["status"]: payment for payment in payments}
    if not {"success", "failed"} <= set(by_status):
        success = await gateway.pay()
        await gateway.call("POST", f"/payments/{success['id']}/refunds", {"amount": 100})
        failed = await gateway.pay(vpa="failure@upi", until="failed")
        by_status |= {"success": success, "failed": failed}
    ids = {status: payment["id"] for status, payment in by_status.items()}
    ids["order"] = by_status["success"]["order_id"]
    ids["merchant"] = by_status["success"]["merchant_id"]
    ids["delivery"] = await a_delivery(gateway) if "delivery" in place else ""
    await go(page, gateway, place.format(**ids))
    await expect(page.locator(".skeleton, .stat__figure--to-come")).to_have_count(0)


async def a_delivery(gateway: Gateway) -> str:
    """Return a delivery with an attempt, successful or not."""
    await gateway.send_webhooks_to("http://localhost:9/webhook")
    sent = await gateway.call("POST", "/merchant/webhook/test")
    await gateway.send_webhooks_to(None)
    return str(sent["id"])


async def drawn(page: Page) -> None:
    """Wait until all changes are drawn and no transition is in progress."""
    await page.evaluate(
        """async () => {
            const frame = () => new Promise(requestAnimationFrame);
            await frame();
            await frame();
            const ending = document.getAnimations()
                .filter(each => each.effect.getComputedTiming().iterations !== Infinity);
            await Promise.allSettled(ending.map(each => each.finished));
        }"""
    )


async def violations(page: Page, *rules: str) -> list[dict[str, Any]]:
    """Return the faults that axe finds on the page, by all of its rules or by these."""
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = {"type": "rule", "values": list(rules)}
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE.axe_script)
    found: list[dict[str, Any]] = await page.evaluate(
        "async options => (await axe.run(options)).violations", options
    )
    return found


async def in_both_themes(page: Page) -> list[dict[str, Any]]:
    """Return all faults in the theme that the page is in, and those of colours in the other one."""
    await drawn(page)
    found = await violations(page)
    is_dark = await page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    await page.emulate_media(color_scheme="light" if is_dark else "dark")
    await drawn(page)
    return found + await violations(page, *OF_COLOURS)


async def wider(page: Page) -> list[int]:
    """Return the widths of windows that do not hold the page."""
    needed = {}
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 800})
        await drawn(page)
        needed[width] = await page.evaluate("document.documentElement.scrollWidth")
    await page.set_viewport_size({"width": 1280, "height": 800})
    return [width for width, least in needed.items() if least > width]


def described(violations: list[dict[str, Any]]) -> list[str]:
    return [
        f"{violation['id']}: {node['html'][:160]}"
        for violation in violations
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("places", PLACES.values(), ids=PLACES)
async def test_pages_pass_axe_in_both_themes_and_fit_every_width(
    page: Page, gateway: Gateway, places: list[str]
):
    found = {}
    for place in places:
        await open_place(page, gateway, place)
        found[place] = (described(await in_both_themes(page)), await wider(page))

    assert found == dict.fromkeys(places, ([], []))


async def test_dialogs_pass_axe_and_fit_every_width(
    page: Page, gateway: Gateway, receiver: Receiver
):
    found = {}

    async def look(path: str) -> None:
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_be_visible()
        await drawn(page)
        faults = described(await violations(page))
        for width in (375, 320):
            await page.set_viewport_size({"width": width, "height": 800})
            await drawn(page)
            faults += described(await violations(page, *OF_WIDTHS))
            box = await dialog.bounding_box()
            assert box
            if box["x"] < 0 or box["x"] + box["width"] > width:
                faults.append(f"wider than {width}")
        await page.set_viewport_size({"width": 1280, "height": 800})
        found[path] = faults

    payment = await gateway.pay()
    await page.goto(f"{gateway.dashboard}/dashboard/transactions/{payment['id']}")
    await page.get_by_test_id("refund-button").click()
    await look("refund")
    for path, button in WINDOWS:
        await page.goto(f"{gateway.dashboard}/dashboard/{path}")
        await page.get_by_role("button", name=button).click()
        await look(path)

    assert found == {path: [] for path in ("refund", *dict(WINDOWS))}


async def test_the_menu_on_a_narrow_screen_reaches_every_page_and_closes(
    page: Page, gateway: Gateway
):
    await page.set_viewport_size({"width": 375, "height": 740})
    await page.goto(f"{gateway.dashboard}/dashboard")
    await page.get_by_role("button", name="Open the menu").click()
    menu = page.get_by_role("dialog", name="Menu")
    await expect(menu).to_be_visible()
    assert described(await violations(page)) == []
    await menu.get_by_role("link", name="Webhooks").click()

    await expect(menu).to_be_hidden()
    await expect(page.get_by_role("heading", name="Webhooks", exact=True)).to_be_visible()


async def test_the_keyboard_skips_the_menu_and_closes_dialogs_with_escape(
    page: Page, gateway: Gateway
):
    payment = await gateway.pay()
    await page.goto(f"{gateway.dashboard}/dashboard/transactions/{payment['id']}")
    await expect(page.get_by_test_id("refund-button")).to_be_visible()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Copy the payment’s id")).to_be_focused()
    await page.get_by_test_id("refund-button").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("refund-amount-input")).to_be_visible()
    await page.keyboard.press("Escape")

    await expect(page.get_by_role("dialog")).to_be_hidden()
    await expect(page.get_by_test_id("refund-button")).to_be_focused()


async def test_the_chosen_theme_is_stored(dashboard: Page):
    await dashboard.get_by_role("button", name="Dark colours").click()
    await dashboard.reload()

    await expect(dashboard.locator("html")).to_have_attribute("data-theme", "dark")
    await expect(dashboard.get_by_role("button", name="Light colours")).to_be_visible()


async def test_reduced_motion_stops_endless_animations(dashboard: Page):
    await expect(dashboard.locator(".live--live .live__dot")).to_be_visible()

    assert await dashboard.evaluate(ENDLESS) == []
