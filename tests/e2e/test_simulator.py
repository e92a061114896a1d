"""The pages that play the payer: what they show, and what they refuse."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.async_api import BrowserContext, Page, expect

from .checkout import Checkout, on_phone
from .gateway import Gateway, GatewayWith
from .payer import Bank, Phone, asked, only_payment

pytestmark = pytest.mark.asyncio(loop_scope="session")

VAULT_KEY = "PqfT9pYXyTtzIhV9fDWbCtUvFKxIeFbY6mZ7T7t0bqE="
"""Production makes none up; this one is no secret."""


@on_phone
async def test_the_phone_lists_payments_that_wait_for_the_payer(
    checkout: Checkout, page: Page, context: BrowserContext, patient: Gateway
) -> None:
    order = await asked(checkout, page, patient, "collect")
    payment = await only_payment(patient, order)
    window = await context.new_page()
    await window.goto(f"{patient.base}/simulator/upi")
    phone = Phone(window)
    await expect(phone.request(payment)).to_contain_text("collect@sim")
    await phone.answer(payment, "ignore")
    await window.reload()
    await phone.answer(payment, "approve")
    await checkout.until("success-state")


async def test_the_bank_redirects_only_to_the_gateway(
    checkout: Checkout, page: Page, context: BrowserContext, patient: Gateway
) -> None:
    for address in (
        "https://evil.example/checkout",
        "//evil.example/success",
        "javascript:alert(1)",
        "/dashboard",
    ):
        order = await asked(checkout, page, patient, "three_ds")
        payment = await only_payment(patient, order)
        window = await context.new_page()
        # Two entries in its history, so that a script may not close it.
        await window.goto(f"{patient.base}/health")
        there = f"{patient.base}/simulator/bank?payment_id={payment}&return_url={quote(address)}"
        await window.goto(there)
        await Bank(window).answer("approve")
        result = window.get_by_test_id("bank-result")
        await expect(result).to_contain_text("You can close this window")
        await checkout.until("success-state")

        assert window.url == there
        await expect(window.get_by_test_id("bank-back")).to_be_hidden()
        await window.close()


async def test_the_bank_page_refuses_a_decided_payment(
    checkout: Checkout, page: Page, patient: Gateway
) -> None:
    payment = await only_payment(patient, await asked(checkout, page, patient, "three_ds"))
    decided = f"/api/v1/test/payments/{payment}/payer"
    await patient.client.call("POST", decided, json={"decision": "decline"})
    await page.goto(f"{patient.base}/simulator/bank?payment_id={payment}")
    await expect(page.get_by_test_id("bank-result")).to_contain_text("no longer waiting")

    await expect(page.get_by_test_id("bank-choices")).to_be_hidden()


@pytest.mark.parametrize("page_name", ["bank", "upi"])
async def test_the_simulator_pages_cannot_be_framed(
    page: Page, patient: Gateway, page_name: str
) -> None:
    answer = await page.request.get(f"{patient.base}/simulator/{page_name}")
    policy = answer.headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


async def test_production_serves_no_simulator_pages(page: Page, gateway_with: GatewayWith) -> None:
    settings = {
        "PAYGATE_ENV": "production",
        "PAYGATE_VAULT_KEY": VAULT_KEY,
        "PAYGATE_ALLOW_SIMULATORS": "true",
        "TEST_MODE": "false",
    }
    async with gateway_with(**settings) as gateway:
        bank = await page.request.get(f"{gateway.base}/simulator/bank")
        texts = [
            await (await page.request.get(f"{base}/checkout")).text()
            for base in (gateway.base, gateway.checkout_base)
        ]

    assert bank.status == 404
    assert ['<meta name="paygate-simulator" content="">' in html for html in texts] == [True, True]
