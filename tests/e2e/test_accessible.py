"""Every state of every page: no accessibility fault in either theme, and nothing cut off."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from .axe import faults
from .checkout import BROKE, Checkout, Modal, on_phone
from .gateway import Gateway
from .payer import Bank, Phone, advance, ask, asked, only_payment
from .shop import Shop

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_every_state_passes_axe(checkout: Checkout, page: Page, gateway: Gateway) -> None:
    found = {}
    order, other, paid = [await gateway.order() for _ in range(3)]
    await gateway.pay(paid)
    named = f"{gateway.checkout_base}/checkout?order_id="
    await page.goto(named + order)
    await checkout.fill_upi()
    await page.context.set_offline(True)
    await checkout.press("pay-button")
    await checkout.until("network-notice")
    found["offline"] = await faults(page)
    await page.context.set_offline(False)
    await checkout.until("success-state")
    found["success"] = await faults(page)
    await page.goto(named + other)
    with gateway.asleep():
        await checkout.pay_by_upi(BROKE)
        await checkout.until("processing-state")
        found["processing"] = await faults(page)
    await checkout.until("error-state")
    found["error"] = await faults(page)
    for state, place in (
        ("paid", named + paid),
        ("unknown", f"{named}order_0000000000000000"),
        ("no order", f"{gateway.checkout_base}/"),
    ):
        await page.goto(place)
        await checkout.until("notice-state")
        found[state] = await faults(page)

    assert {state: wrong for state, wrong in found.items() if wrong} == {}


async def test_methods_forms_and_form_errors_pass_axe(
    checkout: Checkout, page: Page, gateway: Gateway
) -> None:
    await page.goto(f"{gateway.checkout_base}/checkout?order_id={await gateway.order()}")
    await checkout.until("method-upi")
    found = {"methods": await faults(page)}
    for name in ("upi", "card"):
        await checkout.press(f"method-{name}")
        await checkout.until(f"{name}-form")
        found[name] = await faults(page)
    await checkout.fill_card("4111", expiry="1", cvv="1")
    await checkout.press("pay-button")
    await expect(checkout.part("cvv-input")).to_have_attribute("aria-invalid", "true")
    found["wrong"] = await faults(page)

    assert found == {"methods": [], "upi": [], "card": [], "wrong": []}


@pytest.mark.parametrize("kind", ["three_ds", "otp", "collect", "qr"])
async def test_payer_actions_pass_axe_at_every_width(
    checkout: Checkout, page: Page, patient: Gateway, kind: str
) -> None:
    order = await asked(checkout, page, patient, kind)
    assert await faults(page) == []
    for language in ("en", "hi"):
        await is_seen_without_scrolling(checkout, page, patient, order, language)
        await fits(page)
        await page.set_viewport_size({"width": 1280, "height": 800})


async def is_seen_without_scrolling(
    checkout: Checkout, page: Page, gateway: Gateway, order: str, language: str
) -> None:
    """Check that every button is visible without scrolling."""
    await page.goto(f"{gateway.base}/checkout?order_id={order}&lang={language}")
    await checkout.until("action-state")
    window = page.viewport_size
    last = await checkout.part("cancel-payment-button").bounding_box()

    assert await page.evaluate("document.documentElement.lang") == language
    assert window
    assert last
    assert last["y"] + last["height"] <= window["height"]


async def fits(page: Page) -> None:
    """Check that the page fits a small phone."""
    for width in (375, 320):
        await page.set_viewport_size({"width": width, "height": 640})
        await page.wait_for_function("width => innerWidth === width", arg=width)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width


@on_phone
async def test_the_app_link_passes_axe(checkout: Checkout, page: Page, patient: Gateway) -> None:
    await asked(checkout, page, patient, "intent")

    assert await faults(page) == []


async def test_expiring_expired_and_cancelled_states_pass_axe(
    checkout: Checkout, page: Page, patient: Gateway
) -> None:
    await asked(checkout, page, patient, "qr")
    await advance(patient, 250)
    await expect(page.get_by_test_id("action-alarm")).not_to_be_empty()
    last_minute = await faults(page)
    await advance(patient, 60)
    await checkout.until("error-state")
    expired = await faults(page)
    await checkout.press("retry-button")
    await ask(checkout, "collect")
    await checkout.press("cancel-payment-button")
    await checkout.until("error-state")

    assert (last_minute, expired, await faults(page)) == ([], [], [])


@pytest.mark.parametrize("name", ["bank", "upi"])
async def test_the_simulator_pages_pass_axe(
    checkout: Checkout, page: Page, patient: Gateway, name: str
) -> None:
    kind = "three_ds" if name == "bank" else "collect"
    payment = await only_payment(patient, await asked(checkout, page, patient, kind))
    await page.goto(f"{patient.base}/simulator/{name}?payment_id={payment}")
    await page.locator("[data-decision]:visible").first.wait_for()
    waiting = await faults(page)
    await fits(page)
    await page.set_viewport_size({"width": 1280, "height": 800})
    if name == "bank":
        await Bank(page).answer("approve")
        await expect(page.get_by_test_id("bank-result")).not_to_be_empty()
    else:
        await Phone(page).answer(payment, "approve")
    answered = await faults(page)

    assert (waiting, answered) == ([], [])


@on_phone
@pytest.mark.parametrize("kind", ["three_ds", "collect", "qr"])
async def test_on_a_phone_every_button_is_visible_without_scrolling(
    checkout: Checkout, page: Page, patient: Gateway, kind: str
) -> None:
    order = await asked(checkout, page, patient, kind)
    for language in ("en", "hi"):
        await is_seen_without_scrolling(checkout, page, patient, order, language)


async def test_in_a_modal_the_app_link_is_visible_without_scrolling(
    page: Page, patient: Gateway, its_shop: Shop
) -> None:
    order = await patient.order()
    body = {"order_id": order, "method": "upi", "flow": "intent"}
    _, payment = await patient.client.call("POST", "/api/v1/payments", json=body)
    for place in ("alone", "modal"):
        if place == "alone":
            await page.goto(f"{patient.base}/success?payment_id={payment['id']}")
            checkout = Checkout(page)
        else:
            await page.goto(its_shop.classic())
            checkout = await Modal(page).open(await patient.order())
            await ask(checkout, "qr")
        await checkout.until("qr-image")
        await page.wait_for_timeout(300)
        last = await checkout.part("cancel-payment-button").bounding_box()
        assert last
        assert last["y"] + last["height"] <= 800, place
