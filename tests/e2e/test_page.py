"""The hosted page in a window of its own."""

from __future__ import annotations

import asyncio
import itertools
import re

import pytest
from playwright.async_api import APIResponse, Browser, BrowserContext, Page, Route, expect

from paygate.core.money import Money
from tests.harness.animations import ENDLESS

from .checkout import BROKE, Checkout, at_both_sizes, on_phone
from .gateway import Gateway

pytestmark = pytest.mark.asyncio(loop_scope="session")


def address(gateway: Gateway, order: str, **more: str) -> str:
    extra = "".join(f"&{name}={value}" for name, value in more.items())
    return f"{gateway.base}/checkout?order_id={order}{extra}"


async def test_the_page_shows_the_order_and_its_payment_methods(
    checkout: Checkout, page: Page, gateway: Gateway
) -> None:
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


@on_phone
async def test_a_paid_checkout_shows_the_payment_id(
    checkout: Checkout, page: Page, gateway: Gateway
) -> None:
    order = await gateway.order()
    await page.goto(address(gateway, order))
    await checkout.pay_by_upi()
    await checkout.until("success-state")

    [payment] = await gateway.payments(order)
    await expect(checkout.part("payment-id")).to_have_text(payment["id"])
    await expect(checkout.part("success-message")).to_have_text(
        "Your payment has been processed successfully"
    )


async def test_a_reload_continues_the_payment(
    checkout: Checkout, page: Page, gateway: Gateway
) -> None:
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


@on_phone
async def test_the_page_waits_for_a_network_lost_during_a_payment(
    checkout: Checkout, page: Page, context: BrowserContext, gateway: Gateway
) -> None:
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


async def test_paying_while_offline_pays_once_when_online_again(
    checkout: Checkout, page: Page, context: BrowserContext, gateway: Gateway
) -> None:
    order = await gateway.order()
    await page.goto(address(gateway, order))
    await checkout.fill_upi()
    await context.set_offline(True)
    await checkout.press("pay-button")
    await expect(checkout.part("network-notice")).to_contain_text("You are offline")
    await context.set_offline(False)
    await checkout.until("success-state")

    assert len(await gateway.payments(order)) == 1


@on_phone
async def test_a_lost_response_does_not_lose_the_payment(
    checkout: Checkout, page: Page, gateway: Gateway
) -> None:
    """The gateway stored the payment, the response was lost: a repeated request finds it."""
    order = await gateway.order()
    lost: list[APIResponse] = []

    async def lose_the_first_answer(route: Route) -> None:
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


@at_both_sizes
async def test_invalid_details_are_shown_beside_their_field_and_not_sent(
    checkout: Checkout, page: Page, gateway: Gateway
) -> None:
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
) -> None:
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


async def test_an_unpayable_order_is_explained(
    checkout: Checkout, page: Page, gateway: Gateway
) -> None:
    paid = await gateway.order()
    await gateway.pay(paid)
    for path, title in (
        ("/checkout", "Nothing to pay here"),
        ("/checkout?order_id=order_0000000000000000", "Order not found"),
        (f"/checkout?order_id={paid}", "Already paid"),
        ("/success", "Nothing to pay here"),
        ("/success?payment_id=pay_0000000000000000", "No payment to show"),
    ):
        await page.goto(gateway.base + path)

        await expect(checkout.part("notice-title")).to_have_text(title)
        await expect(checkout.part("notice-message")).not_to_be_empty()


async def test_without_an_order_a_test_order_is_offered_and_paid(
    checkout: Checkout, page: Page, gateway: Gateway
) -> None:
    for base in (gateway.base, gateway.checkout_base):
        await page.goto(f"{base}/checkout?lang=en")
        await expect(checkout.part("notice-title")).to_have_text("Nothing to pay here")
        await checkout.press("create-test-order")
        await expect(checkout.part("order-amount")).to_have_text("₹500.00")
        await checkout.pay_by_upi()
        await checkout.until("success-state")
        order = await checkout.part("order-id").inner_text()

        assert (
            page.url
            == f"{base}/checkout?lang=en&order_id={order}#client_secret="
            + (page.url.rpartition("=")[2])
        )
        assert [payment["status"] for payment in await gateway.payments(order)] == ["success"]


async def test_a_failed_test_order_is_reported(
    checkout: Checkout, page: Page, gateway: Gateway
) -> None:
    await page.route("**/api/v1/test/orders", lambda route: route.abort("connectionreset"))
    await page.goto(f"{gateway.base}/checkout")
    await checkout.press("create-test-order")

    await expect(checkout.part("test-order-error")).to_contain_text("could not be created")


async def test_the_root_page_explains_how_to_open_a_checkout(
    checkout: Checkout, page: Page, gateway: Gateway
) -> None:
    answer = await page.goto(f"{gateway.checkout_base}/")
    opens = f"{gateway.checkout_base}/checkout?order_id=order_123"

    assert answer
    assert answer.status == 200
    await expect(checkout.part("how-to-open")).to_contain_text("the id of an order")
    await expect(checkout.part("example-address")).to_have_text(opens)
    await expect(checkout.part("create-test-order")).to_be_visible()


async def test_success_and_failure_pages_show_the_real_status(
    checkout: Checkout, page: Page, gateway: Gateway
) -> None:
    for vpa, state in (("asha@okaxis", "success"), (BROKE, "error")):
        payment = await gateway.pay(await gateway.order(), vpa)
        for path in ("success", "failure"):
            await page.goto(f"{gateway.base}/{path}?payment_id={payment['id']}")

            await checkout.until(f"{state}-state")


@on_phone
async def test_an_authorized_manual_payment_is_shown_as_a_success(
    checkout: Checkout, page: Page, gateway: Gateway
) -> None:
    order = await gateway.order(capture="manual")
    await page.goto(address(gateway, order))
    await checkout.pay_by_card()
    await checkout.until("success-state")

    [payment] = await gateway.payments(order)
    assert payment["status"] == "authorized"


async def test_the_page_waits_for_a_payment_in_another_window(
    checkout: Checkout, page: Page, gateway: Gateway
) -> None:
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
async def test_the_page_is_translated_to_hindi(
    browser: Browser, gateway: Gateway, asked: str
) -> None:
    order = await gateway.order()
    more = {"lang": "hi"} if asked == "lang" else {}
    window = await browser.new_page(locale="en-IN" if asked == "lang" else "hi-IN")
    await window.goto(address(gateway, order, **more))
    checkout = Checkout(window)
    await checkout.press("method-upi")
    await expect(checkout.part("pay-button")).to_have_text("₹500 का भुगतान करें")
    await checkout.press("method-card")
    await expect(checkout.part("card-number-input")).to_have_attribute("placeholder", "कार्ड नंबर")

    assert await window.evaluate("document.documentElement.lang") == "hi"
    await window.context.close()


async def test_the_page_fits_every_width(checkout: Checkout, page: Page, gateway: Gateway) -> None:
    async def fits() -> None:
        needed = {}
        for width in (2560, 1280, 768, 375, 320):
            await page.set_viewport_size({"width": width, "height": 800})
            needed[width] = await page.evaluate(
                "new Promise(done => requestAnimationFrame(() => requestAnimationFrame("
                "() => done([innerWidth, document.documentElement.scrollWidth]))))"
            )
        assert {width: inner for width, (inner, _) in needed.items()} == {w: w for w in needed}
        assert [width for width, (_, least) in needed.items() if least > width] == []

    await page.goto(address(gateway, await gateway.order()))
    await checkout.fill_card("4111", expiry="1", cvv="1")
    await checkout.press("pay-button")
    await expect(checkout.part("cvv-input")).to_have_attribute("aria-invalid", "true")
    await fits()
    await checkout.pay_by_upi()
    await checkout.until("success-state")
    await fits()


async def test_a_failed_request_for_methods_is_retried(
    checkout: Checkout, page: Page, gateway: Gateway
) -> None:
    failures = 0

    async def fail_twice(route: Route) -> None:
        nonlocal failures
        failures += 1
        await (route.abort("connectionreset") if failures < 3 else route.continue_())

    await page.route("**/checkout/methods?**", fail_twice)
    await page.goto(address(gateway, await gateway.order(50_000, currency="USD")))
    await checkout.press("method-card")

    await expect(page.get_by_test_id("method-upi")).to_have_count(0)
    assert failures == 3


async def test_an_encoded_order_or_payment_id_is_not_accepted(
    checkout: Checkout, page: Page, gateway: Gateway
) -> None:
    order = await gateway.order()
    paid = (await gateway.pay(await gateway.order()))["id"]
    # Both servers send the same page, and the page judges what it is asked for.
    bases = itertools.cycle((gateway.base, gateway.checkout_base))
    for spelt in ("%2F{}", "{}%2F", "{}%2F.", "%2F%2F{}", "x%2F..%2F{}", "%20{}"):
        for named, about in (("/checkout?order_id", order), ("/success?payment_id", paid)):
            await page.goto(f"{next(bases)}{named}={spelt.format(about)}")
            await checkout.until("notice-state")
            await expect(checkout.part("notice-message")).not_to_be_empty()
            for part in ("payment-methods", "success-state", "order-id"):
                assert await checkout.part(part).count() == 0, (spelt, part)
        next(bases)


@pytest.mark.parametrize("asked", ["orders", "payments"])
async def test_a_response_about_another_payment_is_refused(
    checkout: Checkout, page: Page, gateway: Gateway, asked: str
) -> None:
    order, other = await gateway.order(), await gateway.order()
    await page.goto(address(gateway, order))
    await checkout.fill_upi()

    async def name_another(route: Route) -> None:
        answer = await route.fetch()
        text = await answer.text()
        swapped = text.replace(order, other) if asked == "orders" else text.replace("pay_", "pay_x")
        await route.fulfill(response=answer, body=swapped)

    if asked == "orders":
        await page.route("**/orders/*/public", name_another)
        await page.reload()
    else:
        await page.route("**/payments/pay_*/public", name_another)
        await checkout.press("pay-button")

    await expect(checkout.part("notice-title")).to_have_text("Wrong address")
    await expect(checkout.part("notice-message")).to_contain_text("does not match")
    assert len(await gateway.payments(other)) == 0


CURRENCIES = """
    INR USD EUR GBP CHF HUF COP IDR PKR TWD IRR LAK MGA XCG SGD
    JPY KRW VND CLP ISK UGX XAF UYI BHD IQD JOD KWD OMR CLF UYW
""".split()


WRITTEN = {
    "INR": (123_456_789, "₹12,34,567.89", "Pay ₹12,34,567.89"),
    "JPY": (2_500, "¥2,500", "Pay ¥2,500"),
    "USD": (1_500, "$15.00", "Pay $15"),
    "KWD": (12_345, "KWD 12.345", "Pay KWD 12.345"),
}
"""Currency → a sum, and how the page and its button write it."""


async def test_amounts_follow_their_currency_and_upi_is_offered_for_rupees_only(
    checkout: Checkout, page: Page, gateway: Gateway
) -> None:
    """With the decimals of the sum that is taken."""
    shown, taken = {}, {}
    for currency in CURRENCIES:
        amount, whole, button = WRITTEN.get(currency, (500_000, "", ""))
        await page.goto(address(gateway, await gateway.order(amount, currency=currency)))
        written = checkout.part("order-amount")
        await expect(written).not_to_be_empty()
        shown[currency] = re.sub(r"[^\d.]", "", await written.inner_text())
        taken[currency] = str(Money(amount, currency)).split()[0]
        if whole:
            await expect(written).to_have_text(whole)
            await checkout.press("method-card")
            await expect(checkout.part("pay-button")).to_have_text(button)
            offered = page.get_by_test_id("method-upi")
            await expect(offered).to_have_count(1 if currency == "INR" else 0)

    assert len(CURRENCIES) == 30
    assert shown == taken


async def test_reduced_motion_removes_the_loading_animation(
    checkout: Checkout, page: Page, gateway: Gateway
) -> None:
    order = await gateway.order()
    loading = asyncio.Event()
    looked = asyncio.Event()

    async def answer_later(route: Route) -> None:
        loading.set()
        await looked.wait()
        await route.continue_()

    await page.route("**/orders/*/public*", answer_later)
    await page.goto(address(gateway, order))
    await asyncio.wait_for(loading.wait(), 60)
    endless = await page.evaluate(ENDLESS)
    looked.set()
    await checkout.until("method-upi")

    assert endless == []
