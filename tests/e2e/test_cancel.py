"""A shopper cancels a payment that waits for an action."""

from __future__ import annotations

from collections import Counter

import pytest
from playwright.async_api import Page, Route, expect

from .checkout import Checkout, Modal, on_phone
from .gateway import Gateway
from .payer import ask, asked, only_payment, phone_of, waiting
from .shop import Shop

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_shopper_cancels_an_action_and_pays_with_another_method(
    checkout: Checkout, page: Page, patient: Gateway
) -> None:
    order = await asked(checkout, page, patient, "three_ds")
    for then in ("qr", "collect", "collect"):
        await checkout.press("cancel-payment-button")
        await checkout.until("error-state")
        await expect(checkout.part("error-message")).to_have_text("You cancelled this payment.")
        await checkout.press("retry-button")
        await ask(checkout, then)
    await (await phone_of(page)).answer(await waiting(patient, order), "approve")
    await checkout.until("success-state")

    codes = Counter(payment["decline_code"] for payment in await patient.payments(order))
    assert codes == {None: 1, "payer_rejected": 3}


async def test_a_late_cancel_does_not_change_the_result(
    checkout: Checkout, page: Page, patient: Gateway
) -> None:
    """The bank was faster, and the page does not know it yet."""
    order = await asked(checkout, page, patient, "qr")
    held: list[Route] = []

    async def approved_first(route: Route) -> None:
        held.append(route)
        path = f"/api/v1/test/payments/{await only_payment(patient, order)}/payer"
        await patient.client.call("POST", path, json={"decision": "approve"})
        await route.continue_()

    await page.route("**/public/cancel", approved_first)
    await checkout.press("cancel-payment-button")
    await checkout.until("success-state")

    assert len(held) == 1


async def test_a_cancelled_payment_is_shown_in_hindi(
    checkout: Checkout, page: Page, patient: Gateway
) -> None:
    await asked(checkout, page, patient, "collect", lang="hi")
    await expect(checkout.part("cancel-payment-button")).to_have_text("यह भुगतान रद्द करें")
    await checkout.press("cancel-payment-button")
    await expect(checkout.part("error-message")).to_have_text("आपने यह भुगतान रद्द कर दिया।")


@on_phone
async def test_a_cancel_in_a_modal_reports_a_failure_and_keeps_it_open(
    page: Page, patient: Gateway, its_shop: Shop
) -> None:
    order = await patient.order()
    await page.goto(its_shop.classic())
    modal = Modal(page)
    checkout = await modal.open(order)
    await ask(checkout, "qr")
    await checkout.press("cancel-payment-button")
    [failure] = await modal.called("failure")
    await checkout.press("retry-button")
    await ask(checkout, "collect")
    await (await phone_of(page, checkout)).answer(await waiting(patient, order), "approve")
    await modal.called("failure", "success", "close")

    assert failure["error"] == "You cancelled this payment."
