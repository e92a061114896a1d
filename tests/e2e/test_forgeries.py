"""Only messages of the checkout in this modal have an effect."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Frame, Page

from .checkout import BROKE, MODAL, Modal
from .gateway import Gateway
from .shop import Shop

pytestmark = pytest.mark.asyncio(loop_scope="session")

SETTLED_MS = 400
GUESS = "0" * 32


def forgeries(order: str, payment_id: str, **proof: str) -> list[dict[str, Any]]:
    """Everything the checkout says, in both ways of saying it."""
    paid = {
        "paymentId": payment_id,
        "id": payment_id,
        "orderId": order,
        "order_id": order,
        "amount": 50_000,
        "currency": "INR",
        "status": "success",
    }
    failed = {"error": "declined", "errorCode": "PAYMENT_FAILED", "paymentId": payment_id}
    return [
        {"type": "payment_success", "data": paid, **proof},
        {"type": "PAYMENT_SUCCESS", "payload": paid, **proof},
        {"type": "payment_failed", "data": failed, **proof},
        {"type": "PAYMENT_FAILED", "payload": failed, **proof},
        {"type": "close_modal", **proof},
    ]


async def post(frame: Frame, target: str, messages: list[dict[str, Any]]) -> None:
    script = f"messages => messages.forEach((one) => {target}.postMessage(one, '*'))"
    await frame.evaluate(script, messages)


async def sibling(page: Page, address: str) -> Frame:
    """Another frame beside the modal, as an advertisement would be."""
    element = await page.evaluate_handle(
        """address => {
            const frame = document.createElement("iframe");
            frame.src = address;
            document.body.append(frame);
            return new Promise((done) => { frame.onload = () => done(frame) });
        }""",
        address,
    )
    handle = element.as_element()
    assert handle
    frame = await handle.content_frame()
    assert frame
    return frame


async def is_untouched(modal: Modal) -> None:
    await modal.page.wait_for_timeout(SETTLED_MS)
    assert await modal.calls() == []
    assert await modal.page.get_by_test_id(MODAL).count() == 1


async def test_a_forged_message_without_the_nonce_is_ignored(
    page: Page, gateway: Gateway, shop: Shop
) -> None:
    modal = Modal(page)
    order, paid_order = await gateway.order(), await gateway.order()
    paid = await gateway.pay(paid_order)
    await page.goto(shop.classic())
    checkout = await modal.open(order)
    await checkout.until("method-upi")
    instance = (await modal.handshake())["instance"]
    proofs = [{}, {"instance": instance}, {"instance": instance, "nonce": GUESS}]
    messages = [one for proof in proofs for one in forgeries(order, paid["id"], **proof)]

    other = f"{gateway.base}/checkout?order_id={paid_order}&embedded=true"
    await post(page.main_frame, "window", messages)
    await post(await sibling(page, f"{shop.base}/empty"), "parent", messages)
    await post(await sibling(page, other), "parent", messages)
    await post(await modal.frame(), "parent", messages)
    await is_untouched(modal)

    # The real thing still works: it was not merely deaf.
    await checkout.pay_by_upi(BROKE)
    await modal.called("failure")


async def test_a_message_from_another_window_is_ignored_even_with_the_nonce(
    page: Page, gateway: Gateway, shop: Shop
) -> None:
    modal = Modal(page)
    order = await gateway.order()
    await page.goto(shop.classic())
    checkout = await modal.open(order)
    await checkout.until("method-upi")
    messages = forgeries(order, "pay_0000000000000000", **await modal.handshake())
    other = f"{gateway.base}/checkout?order_id={order}&embedded=true"
    await post(page.main_frame, "window", messages)
    await post(await sibling(page, f"{shop.base}/empty"), "parent", messages)
    await post(await sibling(page, other), "parent", messages)

    await is_untouched(modal)


@pytest.mark.parametrize("claim", ["a pending payment", "a failed one", "another order's", "none"])
async def test_an_unconfirmed_success_is_not_reported(
    page: Page, gateway: Gateway, shop: Shop, claim: str
) -> None:
    """The frame itself lies, with the right nonce: only the API is believed."""
    modal = Modal(page)
    order, other = await gateway.order(), await gateway.order()
    claimed = "pay_0000000000000000"
    if claim == "a failed one":
        claimed = (await gateway.pay(order, BROKE))["id"]
    elif claim == "another order's":
        claimed = (await gateway.pay(other))["id"]
    await page.goto(shop.classic())
    await modal.open(order)
    await modal.checkout.until("method-upi")
    with gateway.asleep():
        if claim == "a pending payment":
            body = {"order_id": order, "method": "upi", "vpa": "asha@okaxis"}
            _, pending = await gateway.client.call("POST", "/api/v1/payments", json=body)
            claimed = pending["id"]
        lie = forgeries(order, claimed, **await modal.handshake())[0]
        await post(await modal.frame(), "parent", [lie])

        await is_untouched(modal)


async def test_the_page_accepts_messages_only_from_its_opener(
    page: Page, gateway: Gateway, shop: Shop
) -> None:
    modal = Modal(page)
    order = await gateway.order()
    await page.goto(shop.classic())
    checkout = await modal.open(order)
    await checkout.fill_upi("a")
    frame = await modal.frame()
    proof = await modal.handshake()
    focused = "document.activeElement.dataset.testId ?? null"
    to_frame = "document.querySelector('[data-test-id=payment-iframe]').contentWindow"

    stranger = await sibling(page, f"{shop.base}/empty")
    command = {"type": "checkout_focus"}
    await post(page.main_frame, to_frame, [command, {**command, **proof, "nonce": GUESS}])
    await post(stranger, "parent.frames[0]", [{**command, **proof}])
    await page.wait_for_timeout(SETTLED_MS)
    unmoved = await frame.evaluate(focused)
    await post(page.main_frame, to_frame, [{**command, **proof}])
    await frame.wait_for_function(f"() => ({focused}) !== 'vpa-input'")

    assert unmoved == "vpa-input"


@pytest.mark.parametrize("where", ["in the checkout", "beside it", "around the shop"])
async def test_a_hostile_frame_navigates_neither_page(
    page: Page, gateway: Gateway, shop: Shop, where: str
) -> None:
    """A child of the checkout, a sibling and a parent of the shop, who guess all but the nonce."""
    order, paid_order = await gateway.order(), await gateway.order()
    paid = await gateway.pay(paid_order)
    window = page.main_frame
    if where == "around the shop":
        await page.goto(f"{gateway.base}/health")
        window = await sibling(page, shop.classic())
    else:
        await page.goto(shop.classic())
    await window.evaluate("order => sell('key_test_abc123', order, {}).open()", order)
    element = await window.wait_for_selector("[data-test-id=payment-iframe]")
    frame = await element.content_frame() if element else None
    assert frame
    await frame.wait_for_selector("[data-test-id=method-upi]")
    fields = parse_qs(urlsplit(frame.url).fragment)
    proofs: list[dict[str, str]] = [
        {},
        {"instance": fields["instance"][0]},
        {"instance": fields["instance"][0], "nonce": GUESS},
    ]
    lies = [one for proof in proofs for one in forgeries(order, paid["id"], **proof)]
    orders = [{"type": "checkout_focus", **proof} for proof in proofs]
    if where == "in the checkout":
        # Its policy lets it have no frame at all; what runs in it is itself.
        await post(frame, "parent", lies)
        await post(frame, "window", [*lies, *orders])
    elif where == "beside it":
        stranger = await sibling(page, f"{shop.base}/empty")
        await post(stranger, "parent", lies)
        await post(stranger, "parent.frames[0]", [*lies, *orders])
    else:
        await post(page.main_frame, "frames[0]", lies)
        await post(page.main_frame, "frames[0].frames[0]", [*lies, *orders])
    await page.wait_for_timeout(SETTLED_MS)

    assert await window.evaluate("calls") == []
    assert await window.locator(f"[data-test-id={MODAL}]").count() == 1
    assert await frame.locator("[data-test-id=method-upi]").is_visible()


async def test_messages_are_posted_only_to_the_origin_in_the_fragment(
    page: Page, gateway: Gateway, shop: Shop
) -> None:
    """A page that frames the checkout under another origin gets no messages."""
    order = await gateway.order()
    await page.goto(f"{shop.base}/classic?src=/checkout.js")
    fragment = f"nonce={GUESS}&instance={GUESS}&origin=https://shop.example"
    address = f"{gateway.base}/checkout?order_id={order}&embedded=true#{fragment}"
    frame = await sibling(page, address)
    await frame.get_by_test_id("method-upi").wait_for()
    await frame.press("body", "Escape")
    await page.wait_for_timeout(SETTLED_MS)

    assert await page.evaluate("received") == []
