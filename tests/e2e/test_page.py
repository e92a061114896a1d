"""The hosted page in a window of its own."""

from __future__ import annotations

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import BrowserContext, Page, expect

from .checkout import BROKE, Checkout
from .gateway import Gateway

pytestmark = pytest.mark.asyncio(loop_scope="session")

STATES = ["methods", "upi", "card", "wrong", "processing", "success", "error", "notice"]


@pytest.fixture
def checkout(page: Page) -> Checkout:
    return Checkout(page)


def address(gateway: Gateway, order: str, **more: str) -> str:
    extra = "".join(f"&{name}={value}" for name, value in more.items())
    return f"{gateway.base}/checkout?order_id={order}{extra}"


async def test_it_shows_the_order_and_what_can_be_paid_with(
    checkout: Checkout, page: Page, gateway: Gateway
):
    order = await gateway.order(50_000)
    await page.goto(address(gateway, order))

    await expect(checkout.part("order-amount")).to_have_text("₹500.00")
    await expect(checkout.part("order-id")).to_have_text(order)
    await expect(page.locator("[data-test-id=checkout-container] h2:visible")).to_have_text(
        "Complete Payment"
    )
    buttons = page.get_by_test_id("payment-methods").locator("button")
    assert await buttons.all_inner_texts() == ["UPI", "Card", "Acme wallet"]
    for form in ("upi-form", "card-form"):
        assert await page.get_by_test_id(form).evaluate("form => form.style.display") == "none"
    await checkout.press("method-upi")
    await expect(checkout.part("pay-button")).to_have_text("Pay ₹500")


@pytest.mark.parametrize(
    ("amount", "currency", "shown", "button"),
    [
        (123_456_789, "INR", "₹12,34,567.89", "Pay ₹12,34,567.89"),
        (2_500, "JPY", "¥2,500", "Pay ¥2,500"),
        (1_500, "USD", "$15.00", "Pay $15"),
        (12_345, "KWD", "KWD 12.345", "Pay KWD 12.345"),
    ],
)
async def test_money_is_written_as_its_currency_is(
    checkout: Checkout,
    page: Page,
    gateway: Gateway,
    amount: int,
    currency: str,
    shown: str,
    button: str,
):
    await page.goto(address(gateway, await gateway.order(amount, currency=currency)))
    await checkout.press("method-upi")

    await expect(checkout.part("order-amount")).to_have_text(shown)
    await expect(checkout.part("pay-button")).to_have_text(button)


async def test_paying_ends_with_the_payments_id(checkout: Checkout, page: Page, gateway: Gateway):
    order = await gateway.order()
    await page.goto(address(gateway, order))
    await checkout.pay_by_upi()
    await checkout.until("success-state")

    [payment] = await gateway.payments(order)
    await expect(checkout.part("payment-id")).to_have_text(payment["id"])
    await expect(checkout.part("success-message")).to_have_text(
        "Your payment has been processed successfully"
    )


async def test_a_reload_in_mid_payment_goes_on_where_it_was(
    checkout: Checkout, page: Page, gateway: Gateway
):
    order = await gateway.order()
    await page.goto(address(gateway, order))
    with gateway.asleep():
        await checkout.pay_by_upi()
        await expect(checkout.part("processing-message")).to_have_text("Processing payment...")
        await page.wait_for_function("() => sessionStorage.length === 1")
        await page.reload()
        await checkout.until("processing-state")
    await checkout.until("success-state")

    [payment] = await gateway.payments(order)
    await expect(checkout.part("payment-id")).to_have_text(payment["id"])


async def test_a_network_lost_while_a_payment_is_under_way_is_waited_for(
    checkout: Checkout, page: Page, context: BrowserContext, gateway: Gateway
):
    order = await gateway.order()
    await page.goto(address(gateway, order))
    with gateway.asleep():
        await checkout.pay_by_upi()
        await page.wait_for_function("() => sessionStorage.length === 1")
        await context.set_offline(True)
        await expect(checkout.part("network-notice")).to_contain_text("You are offline")
        await expect(checkout.part("processing-state")).to_be_visible()
    await context.set_offline(False)
    await checkout.until("success-state")

    await expect(checkout.part("network-notice")).to_have_count(0)


async def test_a_press_of_pay_without_a_network_pays_once_when_it_is_back(
    checkout: Checkout, page: Page, context: BrowserContext, gateway: Gateway
):
    order = await gateway.order()
    await page.goto(address(gateway, order))
    await checkout.fill_upi()
    await context.set_offline(True)
    await checkout.press("pay-button")
    await expect(checkout.part("network-notice")).to_contain_text("You are offline")
    await context.set_offline(False)
    await checkout.until("success-state")

    assert len(await gateway.payments(order)) == 1


async def test_an_answer_lost_on_its_way_back_does_not_lose_the_payment(
    checkout: Checkout, page: Page, gateway: Gateway
):
    """The gateway took the payment, the browser never heard: asking again finds it."""
    order = await gateway.order()
    lost = []

    async def lose_the_first_answer(route):
        if not lost:
            lost.append(await route.fetch())
            await route.abort("connectionreset")
        else:
            await route.continue_()

    await page.route("**/payments/public", lose_the_first_answer)
    await page.goto(address(gateway, order))
    await checkout.pay_by_upi()
    await checkout.until("success-state")

    [payment] = await gateway.payments(order)
    assert lost[0].status == 201
    await expect(checkout.part("payment-id")).to_have_text(payment["id"])


async def test_wrong_details_are_named_beside_their_field_and_not_sent(
    checkout: Checkout, page: Page, gateway: Gateway
):
    order = await gateway.order()
    await page.goto(address(gateway, order))
    await checkout.fill_upi("asha at okaxis")
    await checkout.press("pay-button")
    await expect(checkout.part("vpa-input")).to_have_attribute("aria-invalid", "true")
    await expect(page.locator("[data-test-id=upi-form] .field-error")).to_be_visible()
    await checkout.fill_card("4111111111111112", expiry="0120", cvv="12")
    await checkout.press("pay-button")
    for name in ("card-number-input", "expiry-input", "cvv-input"):
        await expect(checkout.part(name)).to_have_attribute("aria-invalid", "true")
    await expect(checkout.part("card-number-input")).to_be_focused()

    assert await gateway.payments(order) == []


async def test_a_method_that_a_plugin_adds_gets_a_form_from_its_schema(
    checkout: Checkout, page: Page, gateway: Gateway
):
    order = await gateway.order()
    await page.goto(address(gateway, order))
    await checkout.press("method-wallet")
    await checkout.press("pay-button")
    field = checkout.part("wallet-wallet_id-input")
    await expect(field).to_have_attribute("aria-invalid", "true")
    await field.fill("1234")
    await checkout.press("pay-button")
    refused = page.locator("[data-test-id=wallet-form] .field-error")
    await expect(refused).to_contain_text("W-1234")
    await field.fill("W-1234")
    await checkout.press("pay-button")
    await checkout.until("success-state")

    [payment] = await gateway.payments(order)
    assert (payment["method"], payment["wallet_id"]) == ("wallet", "W-1234")


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/checkout", "Nothing to pay here"),
        ("/checkout?order_id=order_0000000000000000", "Order not found"),
        ("/checkout?order_id={paid}", "Already paid"),
        ("/success", "Nothing to pay here"),
        ("/success?payment_id=pay_0000000000000000", "No payment to show"),
    ],
)
async def test_what_cannot_be_paid_is_said_in_a_clear_sentence(
    checkout: Checkout, page: Page, gateway: Gateway, path: str, says: str
):
    paid = await gateway.order()
    await gateway.pay(paid)
    await page.goto(gateway.base + path.format(paid=paid))

    await expect(checkout.part("notice-title")).to_have_text(says)
    await expect(checkout.part("notice-message")).not_to_be_empty()


@pytest.mark.parametrize("path", ["success", "failure"])
@pytest.mark.parametrize(("vpa", "state"), [("asha@okaxis", "success"), (BROKE, "error")])
async def test_success_and_failure_show_what_happened_whatever_the_path_claims(
    checkout: Checkout, page: Page, gateway: Gateway, path: str, vpa: str, state: str
):
    payment = await gateway.pay(await gateway.order(), vpa)
    await page.goto(f"{gateway.base}/{path}?payment_id={payment['id']}")

    await checkout.until(f"{state}-state")


async def test_money_that_is_held_for_a_manual_capture_is_a_success(
    checkout: Checkout, page: Page, gateway: Gateway
):
    order = await gateway.order(capture="manual")
    await page.goto(address(gateway, order))
    await checkout.pay_by_card()
    await checkout.until("success-state")

    [payment] = await gateway.payments(order)
    assert payment["status"] == "authorized"


async def test_a_payment_in_another_window_is_waited_for(
    checkout: Checkout, page: Page, gateway: Gateway
):
    order = await gateway.order()
    await page.goto(address(gateway, order))
    await checkout.fill_upi()
    with gateway.asleep():
        body = {"order_id": order, "method": "upi", "vpa": "asha@okaxis"}
        await gateway.client.call("POST", "/api/v1/payments", json=body)
        await checkout.press("pay-button")
        await expect(checkout.part("processing-hint")).to_contain_text("Another payment")
    await expect(checkout.part("notice-title")).to_have_text("Already paid")

    assert len(await gateway.payments(order)) == 1


@pytest.mark.parametrize("asked", ["lang", "browser"])
async def test_it_speaks_hindi(page: Page, browser, gateway: Gateway, asked: str):
    order = await gateway.order()
    more = {"lang": "hi"} if asked == "lang" else {}
    window = await browser.new_page(locale="en-IN" if asked == "lang" else "hi-IN")
    await window.goto(address(gateway, order, **more))
    checkout = Checkout(window)
    await checkout.press("method-upi")
    await expect(checkout.part("pay-button")).to_have_text("₹500 का भुगतान करें")

    assert await window.evaluate("document.documentElement.lang") == "hi"
    await window.context.close()


async def bring(checkout: Checkout, page: Page, gateway: Gateway, state: str) -> None:
    """The page in that state."""
    if state == "notice":
        await page.goto(f"{gateway.base}/checkout")
        return await checkout.until("notice-state")
    await page.goto(address(gateway, await gateway.order()))
    await checkout.until("method-upi")
    if state in {"upi", "card"}:
        await checkout.press(f"method-{state}")
    elif state == "wrong":
        await checkout.fill_card("4111", expiry="1", cvv="1")
        await checkout.press("pay-button")
    elif state != "methods":
        await checkout.pay_by_upi(BROKE if state == "error" else "asha@okaxis")
        await checkout.until(f"{state}-state")
    return None


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", STATES)
async def test_no_state_has_an_accessibility_fault(
    checkout: Checkout, page: Page, gateway: Gateway, state: str, scheme: str
):
    await page.emulate_media(color_scheme=scheme)
    await bring(checkout, page, gateway, state)
    results = await Axe().run(page)

    faults = [(one["id"], one["nodes"][0]["html"]) for one in results.response["violations"]]
    assert faults == []


@pytest.mark.parametrize("width", [320, 375, 768, 1280, 2560])
@pytest.mark.parametrize("state", ["wrong", "success"])
async def test_every_width_holds_the_page(
    checkout: Checkout, page: Page, gateway: Gateway, width: int, state: str
):
    await page.set_viewport_size({"width": width, "height": 800})
    await bring(checkout, page, gateway, state)

    assert await page.evaluate("document.documentElement.scrollWidth") <= width
