"""Payer actions: bank, phone, app and QR code, with each result."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import BrowserContext, Page, expect

from .checkout import DESKTOP, PHONE, Checkout, Modal, on_phone
from .gateway import Gateway
from .payer import Bank, Phone, advance, ask, asked, only_payment, phone_of, waiting
from .shop import Shop

pytestmark = pytest.mark.asyncio(loop_scope="session")

APPROVED = ("approve", "success", None)
DECLINED = ("decline", "error", "payer_rejected")
WRONG_PIN = ("wrong_pin", "error", "authentication_failed")


@pytest.mark.parametrize(
    ("kind", "size"), [("three_ds", DESKTOP), ("otp", PHONE)], indirect=["size"]
)
async def test_the_bank_decides_and_sends_the_shopper_back(
    checkout: Checkout, page: Page, patient: Gateway, kind: str
) -> None:
    order = await asked(checkout, page, patient, kind)
    here = page.url
    for decision, state in (("fail", "error"), ("approve", "success")):
        await checkout.press("action-link")
        await expect(page.get_by_test_id("bank-amount")).to_have_text("₹500.00")
        await expect(page.get_by_test_id("bank-merchant")).to_have_text("Test Merchant")
        await Bank(page).answer(decision)
        await page.wait_for_url(here)
        await checkout.until(f"{state}-state")
        if state == "error":
            await checkout.press("retry-button")
            await ask(checkout, kind)

    statuses = {payment["status"] for payment in await patient.payments(order)}
    assert statuses == {"failed", "success"}


@on_phone
async def test_an_abandoned_bank_page_expires_and_can_be_retried(
    checkout: Checkout, page: Page, patient: Gateway
) -> None:
    order = await asked(checkout, page, patient, "three_ds")
    await checkout.press("action-link")
    await Bank(page).answer("abandon")
    await checkout.until("action-state")
    await advance(patient, 301)
    await checkout.until("error-state")
    await checkout.press("retry-button")
    await ask(checkout, "three_ds")
    await checkout.press("action-link")
    await Bank(page).answer("approve")
    await checkout.until("success-state")

    payments = await patient.payments(order)
    assert [payment["status"] for payment in payments] == ["success", "failed"]
    assert payments[1]["decline_code"] == "payer_timed_out"


@pytest.mark.parametrize(
    ("kind", "size"), [("three_ds", DESKTOP), ("collect", PHONE)], indirect=["size"]
)
async def test_the_payer_can_let_the_bank_page_time_out(
    checkout: Checkout, page: Page, patient: Gateway, kind: str
) -> None:
    order = await asked(checkout, page, patient, kind)
    payment = await only_payment(patient, order)
    bank = await page.context.new_page()
    await bank.goto(f"{patient.base}/simulator/bank?payment_id={payment}")
    await Bank(bank).answer("time-out")
    await checkout.until("error-state")

    [decided] = await patient.payments(order)
    assert decided["decline_code"] == "payer_timed_out"


@pytest.mark.parametrize(
    ("decision", "state", "code", "size"),
    [(*APPROVED, DESKTOP), (*DECLINED, PHONE), (*WRONG_PIN, DESKTOP)],
    indirect=["size"],
)
async def test_the_payer_answers_the_request_on_their_phone(
    checkout: Checkout, page: Page, patient: Gateway, decision: str, state: str, code: str | None
) -> None:
    order = await asked(checkout, page, patient, "collect")
    await expect(checkout.part("action-message")).to_contain_text("₹500.00")
    phone = await phone_of(page)
    await phone.answer(await only_payment(patient, order), decision)
    await checkout.until(f"{state}-state")

    [payment] = await patient.payments(order)
    assert payment["decline_code"] == code


@pytest.mark.parametrize(
    ("decision", "state", "code", "size"),
    [(*APPROVED, PHONE), (*DECLINED, DESKTOP)],
    indirect=["size"],
)
async def test_a_qr_code_is_scanned_and_approved(
    checkout: Checkout, page: Page, patient: Gateway, decision: str, state: str, code: str | None
) -> None:
    order = await asked(checkout, page, patient, "qr")
    image = checkout.part("qr-image")
    await expect(image).to_have_attribute("alt", "QR code to pay ₹500.00 by UPI")
    await page.wait_for_function(
        "() => document.querySelector('[data-test-id=qr-image]').naturalWidth > 0"
    )
    await expect(checkout.part("action-amount")).to_have_text("₹500.00")
    phone = await phone_of(page)
    await phone.answer(await only_payment(patient, order), decision)
    await checkout.until(f"{state}-state")

    [payment] = await patient.payments(order)
    assert (payment["decline_code"], payment["vpa"]) == (code, None)


@on_phone
@pytest.mark.parametrize(("decision", "state", "code"), [APPROVED, WRONG_PIN])
async def test_on_a_phone_a_link_opens_the_app(
    checkout: Checkout, page: Page, patient: Gateway, decision: str, state: str, code: str | None
) -> None:
    order = await asked(checkout, page, patient, "intent")
    link = await checkout.part("action-link").get_attribute("href") or ""
    # It cannot scan what it shows itself.
    await expect(checkout.part("qr-image")).to_have_count(0)
    await (await phone_of(page)).answer(await only_payment(patient, order), decision)
    await checkout.until(f"{state}-state")

    [payment] = await patient.payments(order)
    assert payment["decline_code"] == code
    assert link.startswith("upi://pay?pa=")
    assert "am=500.00" in link


async def test_an_app_link_is_also_shown_as_a_qr_code(
    checkout: Checkout, page: Page, patient: Gateway
) -> None:
    order = await patient.order()
    body = {"order_id": order, "method": "upi", "flow": "intent"}
    _, payment = await patient.client.call("POST", "/api/v1/payments", json=body)
    await page.goto(f"{patient.base}/success?payment_id={payment['id']}")
    await checkout.until("action-link")
    await expect(checkout.part("qr-image")).to_be_visible()
    await (await phone_of(page)).answer(payment["id"], "approve")
    await checkout.until("success-state")


@pytest.mark.parametrize(
    ("kind", "size"),
    [
        ("three_ds", DESKTOP),
        ("otp", PHONE),
        ("collect", DESKTOP),
        ("qr", PHONE),
        ("intent", PHONE),
    ],
    indirect=["size"],
)
async def test_an_unanswered_request_survives_a_reload_and_expires(
    checkout: Checkout, page: Page, patient: Gateway, kind: str
) -> None:
    order = await asked(checkout, page, patient, kind)
    # A password that is sent to a phone is good for three minutes, all else for five.
    left = r"^(3:00|2:5\d)$" if kind == "otp" else r"^(5:00|4:5\d)$"
    await expect(checkout.part("time-left")).to_have_text(re.compile(left))
    title = await checkout.part("action-title").inner_text()
    await page.reload()
    await expect(checkout.part("action-title")).to_have_text(title)
    assert len(await patient.payments(order)) == 1
    await advance(patient, 301)
    await checkout.until("error-state")
    await checkout.press("retry-button")
    await ask(checkout, kind)

    payments = {one["status"]: one for one in await patient.payments(order)}
    assert set(payments) == {"failed", "pending"}
    assert payments["failed"]["decline_code"] == "payer_timed_out"


async def test_the_remaining_time_comes_from_the_gateway(
    checkout: Checkout, page: Page, patient: Gateway
) -> None:
    order = await asked(checkout, page, patient, "collect")
    await expect(checkout.part("time-left")).to_have_text(re.compile(r"^(5:00|4:5\d)$"))
    await advance(patient, 250)
    await expect(checkout.part("time-left")).to_have_text(re.compile(r"^0:(50|[0-4]\d)$"))
    await expect(page.get_by_test_id("action-alarm")).to_have_text("Less than a minute left.")
    await advance(patient, 60)
    await checkout.until("error-state")
    await checkout.press("retry-button")
    await ask(checkout, "collect")
    await (await phone_of(page)).answer(await waiting(patient, order), "approve")
    await checkout.until("success-state")


@on_phone
async def test_a_declined_payment_is_retried_with_another_method(
    checkout: Checkout, page: Page, patient: Gateway
) -> None:
    order = await asked(checkout, page, patient, "collect")
    phone = await phone_of(page)
    await phone.answer(await waiting(patient, order), "decline")
    await phone.page.close()
    await checkout.until("error-state")
    await checkout.press("retry-button")
    await ask(checkout, "qr")
    await (await phone_of(page)).answer(await waiting(patient, order), "approve")
    await checkout.until("success-state")

    # Time may stand still here: which was first cannot be read from when they were made.
    statuses = {payment["status"] for payment in await patient.payments(order)}
    assert statuses == {"success", "failed"}


async def test_another_method_can_be_chosen_after_the_request_is_answered(
    checkout: Checkout, page: Page, patient: Gateway
) -> None:
    """A second payment is refused while the first waits: its shopper is reminded of it."""
    order = await asked(checkout, page, patient, "collect")
    await checkout.press("cancel-button")
    await ask(checkout, "qr")
    await expect(checkout.part("action-title")).to_have_text("Approve the request in your UPI app")
    await expect(checkout.part("action-hint")).to_contain_text(
        "Your previous request is still waiting"
    )
    await checkout.press("cancel-button")
    phone_page = await page.context.new_page()
    await phone_page.goto(f"{patient.base}/simulator/upi")
    await Phone(phone_page).answer(await waiting(patient, order), "decline")
    await checkout.until("payment-methods")
    await ask(checkout, "qr")

    statuses = {payment["status"] for payment in await patient.payments(order)}
    assert statuses == {"pending", "failed"}


@on_phone
async def test_a_late_approval_of_an_ignored_request_is_a_success(
    checkout: Checkout, page: Page, patient: Gateway
) -> None:
    order = await asked(checkout, page, patient, "collect")
    phone = await phone_of(page)
    await checkout.press("cancel-button")
    await checkout.until("payment-methods")
    await phone.answer(await waiting(patient, order), "approve")

    await checkout.until("success-state")


async def test_the_page_waits_for_the_network_during_a_payer_action(
    checkout: Checkout, page: Page, context: BrowserContext, patient: Gateway
) -> None:
    order = await asked(checkout, page, patient, "collect")
    await context.set_offline(True)
    await expect(checkout.part("network-notice")).to_contain_text("You are offline")
    await expect(checkout.part("action-state")).to_be_visible()
    path = f"/api/v1/test/payments/{await only_payment(patient, order)}/payer"
    await patient.client.call("POST", path, json={"decision": "approve"})
    await context.set_offline(False)
    await checkout.until("success-state")

    await expect(checkout.part("network-notice")).to_have_count(0)


@pytest.mark.parametrize(
    ("where", "size"), [("classic", DESKTOP), ("of_other_server", PHONE)], indirect=["size"]
)
async def test_from_a_modal_the_bank_opens_in_a_new_window(
    page: Page, patient: Gateway, its_shop: Shop, where: str
) -> None:
    order = await patient.order()
    await page.goto(getattr(its_shop, where)())
    checkout = await Modal(page).open(order)
    await ask(checkout, "three_ds")
    await expect(checkout.part("action-hint")).to_have_text("Your bank opens in a new tab.")
    async with page.context.expect_page() as opened:
        await checkout.press("action-link")
    bank = await opened.value
    await Bank(bank).answer("approve")

    [success, _] = await Modal(page).called("success", "close")
    assert success["paymentId"] == await only_payment(patient, order)


@on_phone
async def test_a_qr_code_is_paid_in_a_modal(page: Page, patient: Gateway, its_shop: Shop) -> None:
    order = await patient.order()
    await page.goto(its_shop.classic())
    checkout = await Modal(page).open(order)
    await ask(checkout, "qr")
    async with page.context.expect_page() as opened:
        await checkout.press("simulator-link")
    await Phone(await opened.value).answer(await only_payment(patient, order), "approve")

    await Modal(page).called("success", "close")
