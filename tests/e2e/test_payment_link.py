"""The address of a payment link, opened by a shopper who knows nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from .axe import faults
from .checkout import Checkout, at_both_sizes, on_phone
from .gateway import Gateway, GatewayWith

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def a_link(gateway: Gateway, **fields: Any) -> Any:
    body = {"amount": 50_000, "description": "Two cups of <tea>", **fields}
    status, link = await gateway.client.call("POST", "/api/v1/payment-links", json=body)
    assert status == 201, link
    return link


async def shown(gateway: Gateway, link: Any) -> Any:
    return (await gateway.client.call("GET", f"/api/v1/payment-links/{link['id']}"))[1]


async def cancel(gateway: Gateway, link: Any) -> None:
    path = f"/api/v1/payment-links/{link['id']}/cancel"
    status, answer = await gateway.client.call("POST", path, json={})
    assert status == 200, answer


def on_checkout(gateway: Gateway, link: Any) -> str:
    """Return the link's address on the port of this gateway, which its settings do not name."""
    return gateway.base + link["url"].removeprefix(link["url"].partition("/checkout")[0])


@pytest_asyncio.fixture(loop_scope="session")
async def strict(gateway_with: GatewayWith) -> AsyncIterator[Gateway]:
    """Provide a gateway that shows no order without its secret, as in production."""
    async with gateway_with(PAYGATE_REQUIRE_CLIENT_SECRET="true") as running:
        yield running


@at_both_sizes
async def test_a_shopper_pays_a_link_once(checkout: Checkout, page: Page, strict: Gateway) -> None:
    link = await a_link(strict)
    await page.goto(on_checkout(strict, link))
    await expect(checkout.part("order-description")).to_have_text("Two cups of <tea>")
    await expect(checkout.part("order-amount")).to_have_text("₹500.00")
    assert await faults(page) == []
    await checkout.pay_by_upi()
    await checkout.until("success-state")

    [payment] = await strict.payments(link["order_id"])
    await expect(checkout.part("payment-id")).to_have_text(payment["id"])
    assert (await shown(strict, link))["status"] == "paid"
    again = await page.context.new_page()
    await again.goto(on_checkout(strict, link))
    await expect(Checkout(again).part("notice-title")).to_have_text("Already paid")


@on_phone
async def test_a_cancelled_link_shows_that_it_was_cancelled(
    checkout: Checkout, page: Page, gateway: Gateway
) -> None:
    link = await a_link(gateway)
    await cancel(gateway, link)
    await page.goto(on_checkout(gateway, link))

    await expect(checkout.part("notice-title")).to_have_text("Link cancelled")
    await expect(checkout.part("order-description")).to_be_visible()
    assert await faults(page) == []


async def test_a_link_that_is_cancelled_while_the_form_is_open_takes_no_payment(
    checkout: Checkout, page: Page, gateway: Gateway
) -> None:
    link = await a_link(gateway)
    await page.goto(on_checkout(gateway, link))
    await checkout.fill_upi()
    await cancel(gateway, link)
    await checkout.press("pay-button")

    await expect(checkout.part("notice-title")).to_have_text("Link cancelled")
    assert await gateway.payments(link["order_id"]) == []


async def test_a_payment_in_progress_continues_after_its_link_was_cancelled(
    checkout: Checkout, page: Page, gateway: Gateway
) -> None:
    link = await a_link(gateway)
    await page.goto(on_checkout(gateway, link))
    with gateway.asleep():
        await checkout.pay_by_upi()
        await checkout.until("processing-state")
        await page.wait_for_function("() => sessionStorage.length === 1")
        await cancel(gateway, link)
        await page.reload()
        await checkout.until("processing-state")
    await checkout.until("success-state")

    assert (await shown(gateway, link))["status"] == "paid"
