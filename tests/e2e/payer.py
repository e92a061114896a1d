"""The payer: at the simulated bank, or with the simulated phone in hand."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.async_api import Locator, Page, expect

from .checkout import Checkout, press
from .gateway import Gateway

CARDS = {"three_ds": "4000010000000605", "otp": "4000010000000639"}
"""By which the bank asks → which card does so."""
ASKED = "collect@sim"


@dataclass(frozen=True)
class Bank:
    """The bank's page, wherever it opened."""

    page: Page

    async def answer(self, decision: str) -> None:
        """``approve``, ``fail``, ``time-out`` or ``abandon``."""
        await press(self.page.get_by_test_id(f"bank-{decision}"))


@dataclass(frozen=True)
class Phone:
    """The payer's phone, with all requests or one payment's."""

    page: Page

    def request(self, payment_id: str) -> Locator:
        return self.page.locator(f'[data-payment-id="{payment_id}"]')

    async def answer(self, payment_id: str, decision: str) -> None:
        """``approve``, ``decline``, ``wrong_pin`` or ``ignore``."""
        button = self.request(payment_id).locator(f'[data-decision="{decision}"]')
        await press(button)
        await expect(self.request(payment_id)).to_have_count(0)


async def asked(checkout: Checkout, page: Page, gateway: Gateway, kind: str, **more: str) -> str:
    """Create an order with a pending payer action; return its id. See ``ask``."""
    order = await gateway.order()
    extra = "".join(f"&{name}={value}" for name, value in more.items())
    await page.goto(f"{gateway.base}/checkout?order_id={order}{extra}")
    await ask(checkout, kind)
    return order


async def phone_of(page: Page, checkout: Checkout | None = None) -> Phone:
    """Open the link below the request; return the page."""
    link = (checkout or Checkout(page)).part("simulator-link")
    async with page.context.expect_page() as opened:
        await press(link)
    return Phone(await opened.value)


async def ask(checkout: Checkout, kind: str) -> None:
    """Pay such that the payer is asked: ``three_ds``, ``otp``, ``collect``, ``intent`` or ``qr``.

    ``intent`` is offered to those without a mouse.
    """
    if kind in CARDS:
        await checkout.pay_by_card(CARDS[kind])
    elif kind == "collect":
        await checkout.pay_by_upi(ASKED)
    else:
        await checkout.press("method-upi")
        await checkout.press("open-app-button" if kind == "intent" else "show-qr-button")
    await checkout.until("action-state")


async def advance(gateway: Gateway, seconds: int) -> None:
    """Let that much of the gateway's time go by."""
    path = "/api/v1/test/clock/advance"
    status, moved = await gateway.client.call("POST", path, json={"seconds": seconds})
    assert (status, moved["idle"]) == (200, True), moved


async def only_payment(gateway: Gateway, order: str) -> str:
    """Return the id of an order's one payment."""
    [payment] = await gateway.payments(order)
    return str(payment["id"])


async def waiting(gateway: Gateway, order: str) -> str:
    """Return the id of an order's payment that is not decided."""
    payments = await gateway.payments(order)
    [payment] = [one for one in payments if one["status"] == "pending"]
    return str(payment["id"])
