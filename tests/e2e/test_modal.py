"""The modal on a merchant's page: its structure, its callbacks and how it closes."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import BrowserContext, Page, expect

from .axe import faults
from .checkout import BROKE, DESKTOP, MODAL, PHONE, VISA, Modal, at_both_sizes, on_phone, press
from .gateway import Gateway
from .shop import Shop

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture
def modal(page: Page) -> Modal:
    return Modal(page)


async def test_the_modal_is_built_as_documented(
    modal: Modal, page: Page, gateway: Gateway, shop: Shop
) -> None:
    order = await gateway.order()
    await page.goto(shop.classic())
    await modal.open(order)

    root = page.locator("body > #payment-gateway-modal[data-test-id=payment-modal]")
    overlay = root.locator("> .modal-overlay > .modal-content")
    names = await overlay.locator("> *").evaluate_all(
        "all => all.map(one => [one.tagName, one.dataset.testId, one.className])"
    )
    assert names == [
        ["IFRAME", "payment-iframe", ""],
        ["BUTTON", "close-modal-button", "close-button"],
    ]
    assert await modal.close_button.inner_text() == "×"
    assert await root.get_attribute("role") == "dialog"
    assert await root.get_attribute("aria-modal") == "true"
    assert await root.get_attribute("aria-label")
    start = f"{gateway.base}/checkout?order_id={order}&embedded=true&key=key_test_abc123#"
    assert (await modal.address()).startswith(start)


@at_both_sizes
async def test_paying_by_upi_calls_success_then_close(
    modal: Modal, page: Page, gateway: Gateway, shop: Shop
) -> None:
    order = await gateway.order(50_000)
    await page.goto(shop.classic())
    checkout = await modal.open(order)
    await checkout.pay_by_upi()
    result, _ = await modal.called("success", "close")

    [payment] = await gateway.payments(order)
    assert result == {
        "paymentId": payment["id"],
        "id": payment["id"],
        "status": "success",
        "orderId": order,
        "amount": 50_000,
        "currency": "INR",
    }
    assert await page.evaluate("calls[0][2]") == payment["id"], "as text it is the payment's id"
    assert payment["status"] == "success"
    await modal.is_gone()


@on_phone
async def test_paying_by_card_sends_what_was_typed_key_by_key(
    modal: Modal, page: Page, gateway: Gateway, shop: Shop
) -> None:
    order = await gateway.order()
    await page.goto(shop.classic())
    checkout = await modal.open(order)
    await checkout.fill_card("5555555555554444", expiry="739")
    typed = [
        await checkout.part(name).input_value() for name in ("card-number-input", "expiry-input")
    ]
    mark = await checkout.part("card-network").inner_text()
    await checkout.press("pay-button")
    await modal.called("success", "close")

    [payment] = await gateway.payments(order)
    assert typed == ["5555 5555 5555 4444", "07/39"]
    assert mark == "Mastercard"
    assert (payment["card_network"], payment["card_last4"]) == ("mastercard", "4444")


async def test_a_failure_keeps_the_modal_open_for_a_retry(
    modal: Modal, page: Page, gateway: Gateway, shop: Shop
) -> None:
    order = await gateway.order()
    await page.goto(shop.classic())
    checkout = await modal.open(order)
    await checkout.pay_by_upi(BROKE)
    [failure] = await modal.called("failure")
    [failed] = await gateway.payments(order)
    await checkout.until("error-state")
    await checkout.press("retry-button")
    await checkout.part("vpa-input").fill("asha@okaxis")
    await checkout.press("pay-button")
    await modal.called("failure", "success", "close")

    assert failure["paymentId"] == failed["id"]
    assert failure["errorCode"] == "PAYMENT_FAILED"
    assert failure["error"]
    assert [one["status"] for one in await gateway.payments(order)] == ["success", "failed"]


@pytest.mark.parametrize(
    ("steps", "size"),
    [
        ([("methods", "button"), ("processing", "button")], PHONE),
        (
            [
                ("methods", "escape in the frame"),
                ("form", "button"),
                ("form", "escape in the frame"),
                ("processing", "escape beside the frame"),
                ("error", "escape beside the frame"),
                ("error", "escape in the frame"),
            ],
            DESKTOP,
        ),
    ],
    indirect=["size"],
    ids=["by thumb", "by mouse and keyboard"],
)
async def test_closing_at_any_step_calls_close_and_nothing_else(
    modal: Modal, page: Page, gateway: Gateway, shop: Shop, steps: list[tuple[str, str]]
) -> None:
    await page.goto(shop.classic())
    await page.locator("#buy").focus()
    await page.evaluate("document.body.style.overflow = 'scroll'")
    for step, how in steps:
        checkout = await modal.open(await gateway.order())
        await checkout.until("method-upi")
        assert await page.evaluate("document.body.style.overflow") == "hidden"
        if step == "processing":
            with gateway.asleep():
                await checkout.pay_by_upi()
                await checkout.until("processing-state")
                await leave(modal, how)
        else:
            if step == "form":
                await checkout.fill_card("4111")
            elif step == "error":
                await checkout.pay_by_upi(BROKE)
                await checkout.until("error-state")
            await leave(modal, how)

        await modal.called(*["failure"] * (step == "error"), "close")
        assert await page.evaluate("document.body.style.overflow") == "scroll"
        assert await page.evaluate("document.activeElement.id") == "buy"
        assert await page.locator("[inert], :modal").count() == 0
        await page.evaluate("calls.length = 0")


async def leave(modal: Modal, how: str) -> None:
    if how == "button":
        await press(modal.close_button)
    else:
        part = modal.close_button if "beside" in how else modal.checkout.where.locator("body")
        await part.press("Escape")
    await modal.is_gone()


async def test_two_modals_on_one_page_do_not_affect_each_other(
    modal: Modal, page: Page, gateway: Gateway, shop: Shop
) -> None:
    first, second = await gateway.order(10_000), await gateway.order(20_000)
    await page.goto(shop.classic())
    await page.evaluate(
        """orders => orders.forEach((order, at) => sell("key_test_abc123", order, {
            onSuccess: (result) => record("success " + at)(result),
            onClose: record("close " + at),
        }).open())""",
        [first, second],
    )
    # The second lies on the first; what lies below cannot be reached.
    reached = await page.evaluate(
        """() => {
            const below = document.querySelector("[data-test-id=close-modal-button]");
            below.focus();
            return document.activeElement === below;
        }"""
    )
    assert not reached
    await modal.checkout.pay_by_upi()
    upper, _ = await modal.called("success 1", "close 1")
    await expect(page.get_by_test_id(MODAL)).to_have_count(1)
    assert await page.evaluate("document.body.style.overflow") == "hidden"
    await modal.checkout.pay_by_card(VISA)
    *_, lower, _ = await modal.called("success 1", "close 1", "success 0", "close 0")

    assert (upper["orderId"], upper["amount"]) == (second, 20_000)
    assert (lower["orderId"], lower["amount"]) == (first, 10_000)


async def test_the_focus_stays_inside_the_modal(
    modal: Modal, page: Page, gateway: Gateway, shop: Shop
) -> None:
    order = await gateway.order()
    await page.goto(shop.classic())
    checkout = await modal.open(order)
    await checkout.until("method-upi")
    seen = []
    for _ in range(9):
        await page.keyboard.press("Tab")
        seen.append(
            await page.evaluate(
                "document.activeElement.dataset.testId ?? document.activeElement.tagName"
            )
        )

    assert "close-modal-button" in seen
    assert seen.count("payment-iframe") > seen.count("close-modal-button")
    assert "BUTTON" not in seen, "the button behind the modal"


async def test_the_modal_adds_no_accessibility_fault_and_fits(
    modal: Modal, page: Page, gateway: Gateway, shop: Shop
) -> None:
    order = await gateway.order()
    await page.goto(shop.classic())
    for width in (320, 1280):
        await page.set_viewport_size({"width": width, "height": 600})
        checkout = await modal.open(order)
        await checkout.until("method-upi")
        wrong = await faults(page)
        content = await page.locator(".modal-content").bounding_box()
        inside = await (await modal.frame()).evaluate("document.documentElement.scrollWidth")
        await page.evaluate("gateway.close()")

        assert wrong == []
        assert content
        assert content["x"] >= 0
        assert content["x"] + content["width"] <= width
        assert content["y"] + content["height"] <= 600
        assert inside <= content["width"]


async def test_a_callback_that_throws_stops_nothing(
    page: Page, gateway: Gateway, shop: Shop, context: BrowserContext
) -> None:
    window = await context.new_page()
    thrown: list[str] = []
    window.on("pageerror", lambda error: thrown.append(str(error)))
    modal = Modal(window)
    await window.goto(shop.classic())
    await window.evaluate(
        """order => sell("key_test_abc123", order, {
            onSuccess: () => { throw new Error("merchant's own") },
        }).open()""",
        await gateway.order(),
    )
    await modal.checkout.pay_by_upi()
    await modal.called("close")

    await modal.is_gone()
    assert [re.sub(r"\n.*", "", one, flags=re.DOTALL) for one in thrown] == ["merchant's own"]


async def test_the_constructor_requires_key_and_order(page: Page, shop: Shop) -> None:
    await page.goto(shop.classic())
    for options in ("{}", "{key: 'k'}", "{orderId: 'o'}", "undefined"):
        thrown = await page.evaluate(
            f"(() => {{ try {{ new PaymentGateway({options}) }} "
            "catch (e) { return e.message } })()"
        )

        assert "is required" in str(thrown), options


async def test_opening_twice_shows_one_modal_and_closing_twice_calls_once(
    modal: Modal, page: Page, gateway: Gateway, shop: Shop
) -> None:
    await page.goto(shop.classic())
    await modal.open(await gateway.order())
    await page.evaluate("gateway.open()")
    await expect(page.get_by_test_id(MODAL)).to_have_count(1)
    first = await modal.handshake()
    await page.evaluate("gateway.close(); gateway.close(); gateway.open()")
    second = await modal.handshake()

    assert await modal.calls() == ["close"]
    assert first["nonce"] != second["nonce"], "each opening has a nonce of its own"


@on_phone
async def test_a_reopened_modal_continues_the_pending_payment(
    modal: Modal, page: Page, gateway: Gateway, shop: Shop
) -> None:
    order = await gateway.order()
    await page.goto(shop.classic())
    checkout = await modal.open(order)
    with gateway.asleep():
        await checkout.pay_by_upi()
        await checkout.until("processing-state")
        # The browser forbids the frame to store anything: it is on another site.
        await page.wait_for_function("() => sessionStorage.length === 1")
        await page.evaluate("gateway.close(); gateway.open()")
        await modal.checkout.until("processing-state")
        await page.reload()
        await (await modal.open(order)).until("processing-state")
    await modal.called("success", "close")

    assert len(await gateway.payments(order)) == 1
    assert await page.evaluate("sessionStorage.length") == 0
