"""The payer: at the simulated bank, or with the simulated phone in hand."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.async_api import Locator, Page, expect

from .checkout import Checkout, press
from .gateway import Gateway

THREE_DS = "4000010000000605"
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


async def ask(checkout: Checkout, kind: str) -> None:
    """Pay such that the payer is asked: ``three_ds``, ``collect`` or ``qr``."""
    if kind == "three_ds":
        await checkout.pay_by_card(THREE_DS)
    elif kind == "collect":
        await checkout.pay_by_upi(ASKED)
    else:
        await checkout.press("method-upi")
        await checkout.press("show-qr-button")
    await checkout.until("action-state")


async def advance(gateway: Gateway, seconds: int) -> None:
    """Let that much of the gateway's time go by."""
    path = "/api/v1/test/clock/advance"
    status, moved = await gateway.client.call("POST", path, json={"seconds": seconds})
    assert (status, moved["idle"]) == (200, True), moved


async def only_payment(gateway: Gateway, order: str) -> str:
    """The id of an order's one payment."""
    [payment] = await gateway.payments(order)
    return str(payment["id"])
