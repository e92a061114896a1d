"""What a payment asks of its shopper, and the pages that play the payer."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from tests.harness.databases import Databases

from .checkout import Checkout, Modal, press
from .gateway import Gateway, GatewayWith, running_gateway
from .payer import Bank, Phone, advance, ask, only_payment
from .shop import Shop, open_shop

pytestmark = pytest.mark.asyncio(loop_scope="session")

VAULT_KEY = "PqfT9pYXyTtzIhV9fDWbCtUvFKxIeFbY6mZ7T7t0bqE="
"""Production makes none up; this one is no secret."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def patient(
    databases: Databases, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Gateway]:
    """A gateway that waits for its payers, and whose time these tests move."""
    database_url = await databases.clone()
    home = tmp_path_factory.mktemp("patient")
    async with running_gateway(database_url, redis_url, home, TEST_MODE="false") as running:
        yield running
    await databases.drop(database_url)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def its_shop(patient: Gateway) -> AsyncIterator[Shop]:
    async with open_shop(patient.base, patient.checkout_base) as running:
        yield running


@pytest.fixture
def checkout(page: Page) -> Checkout:
    return Checkout(page)


async def asked(checkout: Checkout, page: Page, gateway: Gateway, kind: str, **more: str) -> str:
    """An order whose payer is being asked; its id."""
    order = await gateway.order()
    extra = "".join(f"&{name}={value}" for name, value in more.items())
    await page.goto(f"{gateway.base}/checkout?order_id={order}{extra}")
    await ask(checkout, kind)
    return order


async def phone_of(page: Page) -> Phone:
    """What the link below the request opens."""
    async with page.context.expect_page() as opened:
        await press(page.get_by_test_id("simulator-link"))
    return Phone(await opened.value)


@pytest.mark.parametrize(("decision", "state"), [("approve", "success"), ("fail", "error")])
async def test_the_bank_decides_and_sends_the_shopper_back(
    checkout: Checkout, page: Page, patient: Gateway, decision: str, state: str
):
    order = await asked(checkout, page, patient, "three_ds")
    here = page.url
    await checkout.press("action-link")
    await expect(page.get_by_test_id("bank-amount")).to_have_text("₹500.00")
    await expect(page.get_by_test_id("bank-merchant")).to_have_text("Test Merchant")
    await Bank(page).answer(decision)
    await page.wait_for_url(here)
    await checkout.until(f"{state}-state")

    [payment] = await patient.payments(order)
    assert payment["status"] == {"success": "success", "error": "failed"}[state]


async def test_a_bank_page_left_without_an_answer_expires_and_can_be_tried_again(
    checkout: Checkout, page: Page, patient: Gateway
):
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


@pytest.mark.parametrize("kind", ["three_ds", "collect"])
async def test_letting_it_time_out_is_the_payers_choice_too(
    checkout: Checkout, page: Page, patient: Gateway, kind: str
):
    order = await asked(checkout, page, patient, kind)
    payment = await only_payment(patient, order)
    bank = await page.context.new_page()
    await bank.goto(f"{patient.base}/simulator/bank?payment_id={payment}")
    await Bank(bank).answer("time-out")
    await checkout.until("error-state")

    [decided] = await patient.payments(order)
    assert decided["decline_code"] == "payer_timed_out"


@pytest.mark.parametrize(
    ("decision", "state", "code"),
    [
        ("approve", "success", None),
        ("decline", "error", "payer_rejected"),
        ("wrong_pin", "error", "authentication_failed"),
    ],
)
async def test_the_payer_answers_the_request_on_their_phone(
    checkout: Checkout, page: Page, patient: Gateway, decision: str, state: str, code: str | None
):
    order = await asked(checkout, page, patient, "collect")
    await expect(checkout.part("action-message")).to_contain_text("₹500.00")
    phone = await phone_of(page)
    await phone.answer(await only_payment(patient, order), decision)
    await checkout.until(f"{state}-state")

    [payment] = await patient.payments(order)
    assert payment["decline_code"] == code


async def test_a_code_is_scanned_and_paid(checkout: Checkout, page: Page, patient: Gateway):
    order = await asked(checkout, page, patient, "qr")
    code = checkout.part("qr-image")
    await expect(code).to_have_attribute("alt", "QR code to pay ₹500.00 by UPI")
    await page.wait_for_function(
        "() => document.querySelector('[data-test-id=qr-image]').naturalWidth > 0"
    )
    await expect(checkout.part("action-amount")).to_have_text("₹500.00")
    phone = await phone_of(page)
    await phone.answer(await only_payment(patient, order), "approve")
    await checkout.until("success-state")

    [payment] = await patient.payments(order)
    assert (payment["status"], payment["vpa"]) == ("success", None)


async def test_on_a_phone_the_app_is_opened_by_its_link(browser: Browser, patient: Gateway):
    context = await browser.new_context(
        has_touch=True, is_mobile=True, viewport={"width": 375, "height": 800}
    )
    page = await context.new_page()
    checkout = Checkout(page)
    order = await patient.order()
    await page.goto(f"{patient.base}/checkout?order_id={order}")
    await checkout.press("method-upi")
    await checkout.press("open-app-button")
    await checkout.until("action-state")
    link = await checkout.part("action-link").get_attribute("href") or ""
    phone = await phone_of(page)
    await phone.answer(await only_payment(patient, order), "approve")
    await checkout.until("success-state")
    await context.close()

    assert link.startswith("upi://pay?pa=")
    assert "am=500.00" in link


async def test_the_phone_shows_what_waits_for_the_merchants_payers(
    checkout: Checkout, page: Page, context: BrowserContext, patient: Gateway
):
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


async def test_the_time_left_is_the_gateways_and_its_end_is_an_error_to_retry(
    checkout: Checkout, page: Page, patient: Gateway
):
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


async def waiting(gateway: Gateway, order: str) -> str:
    """The id of an order's payment that is not decided."""
    payments = await gateway.payments(order)
    [payment] = [one for one in payments if one["status"] == "pending"]
    return str(payment["id"])


async def test_declined_and_tried_again_another_way(
    checkout: Checkout, page: Page, patient: Gateway
):
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


async def test_another_way_is_open_once_the_request_is_answered(
    checkout: Checkout, page: Page, patient: Gateway
):
    """A second payment is refused while the first waits: its shopper is reminded of it."""
    order = await asked(checkout, page, patient, "collect")
    await checkout.press("cancel-button")
    await ask(checkout, "qr")
    await expect(checkout.part("action-title")).to_have_text("Approve the request in your UPI app")
    await expect(checkout.part("action-hint")).to_contain_text("Your earlier request still waits")
    await checkout.press("cancel-button")
    phone_page = await page.context.new_page()
    await phone_page.goto(f"{patient.base}/simulator/upi")
    await Phone(phone_page).answer(await waiting(patient, order), "decline")
    await checkout.until("payment-methods")
    await ask(checkout, "qr")

    statuses = {payment["status"] for payment in await patient.payments(order)}
    assert statuses == {"pending", "failed"}


async def test_a_request_set_aside_and_approved_after_all_is_a_success(
    checkout: Checkout, page: Page, patient: Gateway
):
    order = await asked(checkout, page, patient, "collect")
    phone = await phone_of(page)
    await checkout.press("cancel-button")
    await checkout.until("payment-methods")
    await phone.answer(await waiting(patient, order), "approve")

    await checkout.until("success-state")


@pytest.mark.parametrize("width", [375, 1280])
@pytest.mark.parametrize("kind", ["three_ds", "collect", "qr"])
async def test_a_shopper_cancels_what_is_asked_and_pays_another_way(
    checkout: Checkout, page: Page, patient: Gateway, kind: str, width: int
):
    await page.set_viewport_size({"width": width, "height": 760})
    order = await asked(checkout, page, patient, kind)
    await checkout.press("cancel-payment-button")
    await checkout.until("error-state")
    await expect(checkout.part("error-message")).to_have_text("You cancelled this payment.")
    await checkout.press("retry-button")
    await ask(checkout, "collect")
    await (await phone_of(page)).answer(await waiting(patient, order), "approve")
    await checkout.until("success-state")

    codes = {payment["decline_code"] for payment in await patient.payments(order)}
    assert codes == {None, "payer_rejected"}


async def test_a_cancel_that_comes_too_late_is_no_harm(
    checkout: Checkout, page: Page, patient: Gateway
):
    """The bank was quicker, and the page has not heard yet."""
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


async def test_in_hindi_a_cancelled_payment_is_said_to_be_cancelled(
    checkout: Checkout, page: Page, patient: Gateway
):
    await asked(checkout, page, patient, "collect", lang="hi")
    await expect(checkout.part("cancel-payment-button")).to_have_text("यह भुगतान रद्द करें")
    await checkout.press("cancel-payment-button")
    await expect(checkout.part("error-message")).to_have_text("आपने यह भुगतान रद्द कर दिया।")


async def test_a_link_to_the_app_comes_with_its_code_for_a_phone_beside_the_screen(
    checkout: Checkout, page: Page, patient: Gateway
):
    order = await patient.order()
    body = {"order_id": order, "method": "upi", "flow": "intent"}
    _, payment = await patient.client.call("POST", "/api/v1/payments", json=body)
    await page.goto(f"{patient.base}/success?payment_id={payment['id']}")
    await checkout.until("action-link")
    await expect(checkout.part("qr-image")).to_be_visible()
    await (await phone_of(page)).answer(payment["id"], "approve")
    await checkout.until("success-state")


async def test_a_reload_shows_the_request_again(checkout: Checkout, page: Page, patient: Gateway):
    order = await asked(checkout, page, patient, "qr")
    await page.reload()
    await checkout.until("action-state")
    await expect(checkout.part("qr-image")).to_be_visible()

    assert len(await patient.payments(order)) == 1


@pytest.mark.parametrize("where", ["classic", "of_other_server"])
async def test_in_the_merchants_modal_the_bank_opens_beside_it(
    page: Page, patient: Gateway, its_shop: Shop, where: str
):
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


async def test_in_the_merchants_modal_a_code_is_paid(page: Page, patient: Gateway, its_shop: Shop):
    order = await patient.order()
    await page.goto(its_shop.classic())
    checkout = await Modal(page).open(order)
    await ask(checkout, "qr")
    async with page.context.expect_page() as opened:
        await checkout.press("simulator-link")
    await Phone(await opened.value).answer(await only_payment(patient, order), "approve")

    await Modal(page).called("success", "close")


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/checkout",
        "//evil.example/success",
        "javascript:alert(1)",
        "/dashboard",
    ],
)
async def test_the_bank_sends_nobody_elsewhere(
    checkout: Checkout, page: Page, context: BrowserContext, patient: Gateway, address: str
):
    order = await asked(checkout, page, patient, "three_ds")
    payment = await only_payment(patient, order)
    window = await context.new_page()
    # Two entries in its history, so that a script may not close it.
    await window.goto(f"{patient.base}/health")
    there = f"{patient.base}/simulator/bank?payment_id={payment}&return_url={quote(address)}"
    await window.goto(there)
    await Bank(window).answer("approve")
    await expect(window.get_by_test_id("bank-said")).to_contain_text("You can close this window")
    await checkout.until("success-state")

    assert window.url == there
    await expect(window.get_by_test_id("bank-back")).to_be_hidden()


async def test_the_bank_has_nothing_to_ask_about_a_payment_that_is_over(
    checkout: Checkout, page: Page, patient: Gateway
):
    payment = await only_payment(patient, await asked(checkout, page, patient, "three_ds"))
    decided = f"/api/v1/test/payments/{payment}/payer"
    await patient.client.call("POST", decided, json={"decision": "decline"})
    await page.goto(f"{patient.base}/simulator/bank?payment_id={payment}")
    await expect(page.get_by_test_id("bank-said")).to_contain_text("does not wait")

    await expect(page.get_by_test_id("bank-choices")).to_be_hidden()


@pytest.mark.parametrize("page_name", ["bank", "upi"])
async def test_nobody_can_frame_the_pages_that_play_the_payer(
    page: Page, patient: Gateway, page_name: str
):
    answer = await page.request.get(f"{patient.base}/simulator/{page_name}")
    policy = answer.headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


async def test_production_has_no_one_to_play_the_payer(page: Page, gateway_with: GatewayWith):
    settings = {"PAYGATE_ENV": "production", "PAYGATE_VAULT_KEY": VAULT_KEY}
    async with gateway_with(**settings) as gateway:
        bank = await page.request.get(f"{gateway.base}/simulator/bank")
        told = [
            await (await page.request.get(f"{base}/checkout")).text()
            for base in (gateway.base, gateway.checkout_base)
        ]

    assert bank.status == 404
    assert ['<meta name="paygate-simulator" content="">' in html for html in told] == [True, True]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["three_ds", "collect", "qr", "bank", "upi"])
async def test_no_page_has_an_accessibility_fault(
    checkout: Checkout, page: Page, patient: Gateway, kind: str, scheme: str
):
    await page.emulate_media(color_scheme=scheme)
    order = await asked(checkout, page, patient, "three_ds" if kind == "bank" else "collect")
    if kind in {"bank", "upi"}:
        payment = await only_payment(patient, order)
        await page.goto(f"{patient.base}/simulator/{kind}?payment_id={payment}")
        await page.locator("[data-decision]:visible").first.wait_for()
    elif kind != "collect":
        await asked(checkout, page, patient, kind)
    results = await Axe().run(page)

    faults = [(one["id"], one["nodes"][0]["html"]) for one in results.response["violations"]]
    assert faults == []


@pytest.mark.parametrize("language", ["en", "hi"])
@pytest.mark.parametrize("width", [320, 375])
async def test_a_small_phone_holds_what_is_asked(
    checkout: Checkout, page: Page, patient: Gateway, width: int, language: str
):
    await page.set_viewport_size({"width": width, "height": 640})
    for kind in ("three_ds", "collect", "qr"):
        order = await asked(checkout, page, patient, kind, lang=language)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
    payment = await only_payment(patient, order)
    for name in ("bank", "upi"):
        await page.goto(f"{patient.base}/simulator/{name}?payment_id={payment}")
        await page.locator("[data-decision]:visible").first.wait_for()
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
