"""Payer actions in a merchant's modal that is closed and reopened."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from .checkout import DESKTOP, MODAL, PHONE, Modal, on_phone, press
from .gateway import Gateway
from .payer import ask, only_payment
from .shop import Shop

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize(
    ("kind", "size"),
    [("three_ds", DESKTOP), ("qr", DESKTOP), ("intent", PHONE)],
    indirect=["size"],
)
async def test_a_reopened_modal_shows_the_pending_payer_action(
    page: Page, patient: Gateway, its_shop: Shop, kind: str
) -> None:
    modal, order = Modal(page), await patient.order()
    await page.goto(its_shop.classic())
    await ask(await modal.open(order), kind)
    await page.wait_for_function("() => sessionStorage.length === 1")
    await press(modal.close_button)
    await modal.is_gone()
    await modal.called("close")
    checkout = await modal.open(order)
    await checkout.until("action-state")
    path = f"/api/v1/test/payments/{await only_payment(patient, order)}/payer"
    await patient.client.call("POST", path, json={"decision": "approve"})

    await modal.called("close", "success", "close")


@on_phone
async def test_two_modals_report_their_own_payments(
    page: Page, patient: Gateway, its_shop: Shop
) -> None:
    first, second = await patient.order(10_000), await patient.order(20_000)
    await page.goto(its_shop.classic())
    lower = Modal(page)
    await ask(await lower.open(first), "collect")
    await ask(await Modal(page).open(second), "qr")
    path = f"/api/v1/test/payments/{await only_payment(patient, second)}/payer"
    await patient.client.call("POST", path, json={"decision": "approve"})
    upper, _ = await Modal(page).called("success", "close")
    await expect(page.get_by_test_id(MODAL)).to_have_count(1)
    await lower.checkout.until("action-state")

    assert upper["orderId"] == second
    assert [one["status"] for one in await patient.payments(first)] == ["pending"]
