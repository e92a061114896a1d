"""The checkout as a shopper uses it, alone in a window or in a merchant's modal."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Error, Frame, FrameLocator, Locator, Page, expect

from tests.harness.patience import PATIENCE_S

MODAL = "payment-modal"
PUBLIC_KEY = "key_test_abc123"
VISA = "4111111111111111"
PAYER, BROKE = "asha@okaxis", "failure@upi"

DESKTOP, PHONE = "desktop", "phone"
SIZES = {DESKTOP: (1280, 800), PHONE: (375, 740)}
"""Width and height of what a shopper looks at. The phone has no mouse."""
at_both_sizes = pytest.mark.parametrize("size", list(SIZES), indirect=True)
"""For what looks or feels different there. All else runs at one, now this, now that."""
on_phone = pytest.mark.parametrize("size", [PHONE], indirect=True)

FELT_WITHIN_MS = 2_000

_LISTEN = """element => {
    element.wasPressed = false;
    element.addEventListener("click", () => { element.wasPressed = true; }, true);
}"""
_FEEL = """(element, patience) => new Promise((tell) => {
    const end = performance.now() + patience;
    const look = () => element.wasPressed || performance.now() > end
        ? tell(element.wasPressed) : setTimeout(look, 20);
    look();
})"""


async def press(button: Locator) -> None:
    """Click until the page has felt it.

    Against pages that slip one under the mouse, Chromium throws away what is clicked in
    another site's frame that appeared or moved within half a second; and on a busy machine
    it may look for the frame where it no longer is. A shopper presses again, and so do we.
    """
    async with asyncio.timeout(PATIENCE_S):
        while not await _is_felt(button):
            pass


async def _is_felt(button: Locator) -> bool:
    element = await button.element_handle()
    try:
        await element.evaluate(_LISTEN)
        with suppress(Error):
            await element.click(timeout=FELT_WITHIN_MS)
        return bool(await element.evaluate(_FEEL, FELT_WITHIN_MS))
    except Error:
        # The page went away under us, as many a press is meant to do.
        return True


@dataclass(frozen=True)
class Checkout:
    """The page, wherever it is."""

    where: Page | FrameLocator

    def part(self, test_id: str) -> Locator:
        """Return the visible element with that name."""
        return self.where.get_by_test_id(test_id).locator("visible=true")

    async def press(self, test_id: str) -> None:
        await press(self.part(test_id))

    async def fill_upi(self, vpa: str = PAYER) -> None:
        await self.press("method-upi")
        await self.part("vpa-input").fill(vpa)

    async def pay_by_upi(self, vpa: str = PAYER) -> None:
        await self.fill_upi(vpa)
        await self.press("pay-button")

    async def fill_card(self, number: str = VISA, expiry: str = "1239", cvv: str = "123") -> None:
        """Key by key, as a shopper types; what a try before has left there is wiped out."""
        await self.press("method-card")
        for name in ("card-number-input", "expiry-input", "cvv-input"):
            await self.part(name).clear()
        await self.part("card-number-input").press_sequentially(number)
        await self.part("expiry-input").press_sequentially(expiry)
        await self.part("cvv-input").press_sequentially(cvv)
        await self.part("cardholder-name-input").fill("Asha Rao")

    async def pay_by_card(self, number: str = VISA) -> None:
        await self.fill_card(number)
        await self.press("pay-button")

    async def until(self, test_id: str) -> None:
        await expect(self.part(test_id)).to_be_visible()


@dataclass(frozen=True)
class Modal:
    """The checkout on a merchant's page that is already loaded."""

    page: Page

    @property
    def checkout(self) -> Checkout:
        return Checkout(self.page.frame_locator('[data-test-id="payment-iframe"]').last)

    @property
    def close_button(self) -> Locator:
        return self.page.get_by_test_id("close-modal-button").last

    async def open(self, order_id: str, **more: Any) -> Checkout:
        await self.page.evaluate(
            "([key, order, more]) => { window.gateway = sell(key, order, more); gateway.open(); }",
            [PUBLIC_KEY, order_id, more],
        )
        return self.checkout

    async def address(self) -> str:
        return await self.page.get_by_test_id("payment-iframe").last.get_attribute("src") or ""

    async def handshake(self) -> dict[str, str]:
        """Return the handshake, which only the merchant's page and the frame know."""
        fields = parse_qs(urlsplit(await self.address()).fragment)
        return {name: fields[name][0] for name in ("nonce", "instance")}

    async def frame(self) -> Frame:
        """Return the frame itself, to run scripts in."""
        element = await self.page.get_by_test_id("payment-iframe").last.element_handle()
        frame = await element.content_frame() if element else None
        assert frame
        return frame

    async def is_gone(self) -> None:
        await expect(self.page.get_by_test_id(MODAL)).to_have_count(0)

    async def calls(self) -> list[str]:
        """Return the names of the merchant's functions in the order they were called."""
        return [name for name, *_ in await self.page.evaluate("calls")]

    async def called(self, *names: str) -> list[Any]:
        """Wait until exactly these were called; what each was given."""
        await self.page.wait_for_function("count => calls.length >= count", arg=len(names))
        assert await self.calls() == list(names)
        return [given for _, given, _ in await self.page.evaluate("calls")]
