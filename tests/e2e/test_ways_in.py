"""The other ways to open the checkout."""

from __future__ import annotations

import pytest
from playwright.async_api import Page

from .checkout import BROKE, PAYER, Checkout, Modal, press
from .gateway import Gateway, GatewayWith
from .shop import Shop, open_shop

pytestmark = pytest.mark.asyncio(loop_scope="session")

OPEN = """([order, amount]) => PaymentGateway.open({
    order_id: order, amount, onSuccess: record("success"), onFailure: record("failure"),
})"""


@pytest.mark.parametrize(("vpa", "called"), [(PAYER, "success"), (BROKE, "failure")])
async def test_the_static_open_calls_back_once_and_closes(
    page: Page, gateway: Gateway, shop: Shop, vpa: str, called: str
) -> None:
    modal = Modal(page)
    order = await gateway.order(50_000)
    await page.goto(shop.under_sdk())
    await page.evaluate(OPEN, [order, 50_000])
    await modal.checkout.pay_by_upi(vpa)
    [given] = await modal.called(called)
    await modal.is_gone()

    [payment] = await gateway.payments(order)
    assert given["paymentId"] == payment["id"]
    assert await modal.calls() == [called]


async def test_the_script_under_sdk_opens_the_page_under_sdk(
    page: Page, gateway: Gateway, shop: Shop
) -> None:
    order = await gateway.order(50_000)
    await page.goto(shop.under_sdk())
    await page.evaluate(OPEN, [order, 50_000])
    start = f"{gateway.base}/sdk/checkout.html?order_id={order}&amount=50000&embedded=true#"

    assert (await Modal(page).address()).startswith(start)


async def test_the_static_open_needs_an_order_and_an_amount(page: Page, shop: Shop) -> None:
    await page.goto(shop.under_sdk())
    for options in ("{}", "{order_id: 'o'}", "{amount: 1}", "undefined"):
        thrown = await page.evaluate(
            f"(() => {{ try {{ PaymentGateway.open({options}) }} "
            "catch (e) { return e.message } })()"
        )

        assert "is required" in str(thrown), options
        await Modal(page).is_gone()


async def test_the_open_demo_profile_uses_the_amount_of_the_caller(
    page: Page, gateway_with: GatewayWith
) -> None:
    modal = Modal(page)
    async with (
        gateway_with(PAYGATE_PROFILE="open-demo") as own,
        open_shop(own.base, own.checkout_base) as shop,
    ):
        results = []
        for _ in range(3):
            # In one tab, whose memory outlives the page.
            await page.goto(shop.under_sdk())
            await page.evaluate(OPEN, ["order_sdk_1", 50_000])
            await modal.checkout.pay_by_upi()
            [given] = await modal.called("success")
            await modal.is_gone()
            results.append(given)

    assert [given["amount"] for given in results] == [50_000] * 3
    assert results[0]["orderId"] == "order_sdk_1"
    assert len({given["orderId"] for given in results}) == 3
    assert len({given["paymentId"] for given in results}) == 3


async def test_a_required_client_secret_is_passed_to_the_checkout(
    page: Page, gateway_with: GatewayWith
) -> None:
    modal = Modal(page)
    async with (
        gateway_with(PAYGATE_REQUIRE_CLIENT_SECRET="true") as own,
        open_shop(own.base, own.checkout_base) as shop,
    ):
        _, order = await own.client.call("POST", "/api/v1/orders", json={"amount": 50_000})
        asked: list[str] = []
        # What servers, proxies and `Referer` see of addresses: all but the fragment.
        page.context.on("request", lambda each: asked.append(each.url.partition("#")[0]))
        await page.goto(shop.classic())
        checkout = await modal.open(order["id"])
        await checkout.until("notice-state")
        await page.evaluate("gateway.close()")
        checkout = await modal.open(order["id"], clientSecret=order["client_secret"])
        await checkout.pay_by_upi()
        _, result, _ = await modal.called("close", "success", "close")

    assert result["orderId"] == order["id"]
    assert any("/payments/" in address for address in asked)
    assert [address for address in asked if "secret" in address] == []


async def test_a_page_on_its_own_server_finds_the_api(
    page: Page, gateway: Gateway, shop: Shop
) -> None:
    """The script too learns from the page which server knows the payment's result."""
    modal = Modal(page)
    order = await gateway.order()
    await page.goto(shop.of_other_server())
    checkout = await modal.open(order)
    await checkout.pay_by_upi()
    result, _ = await modal.called("success", "close")

    assert (await gateway.payments(order))[0]["id"] == result["paymentId"]


async def test_the_module_works_like_the_script(page: Page, gateway: Gateway, shop: Shop) -> None:
    modal = Modal(page)
    await page.goto(shop.module())
    await page.wait_for_function("() => window.isLoaded")
    checkout = await modal.open(await gateway.order())
    await checkout.pay_by_upi()

    await modal.called("success", "close")


async def test_the_element_is_a_button_that_opens_the_checkout(
    page: Page, gateway: Gateway, shop: Shop
) -> None:
    modal = Modal(page)
    order = await gateway.order()
    await page.goto(shop.classic())
    await page.evaluate(
        """order => {
            const element = document.createElement("paygate-checkout");
            element.setAttribute("key", "key_test_abc123");
            element.setAttribute("order-id", order);
            for (const name of ["success", "failure", "close"]) {
                element.addEventListener("paygate-" + name, (event) => record(name)(event.detail));
            }
            document.body.append(element);
        }""",
        order,
    )
    await press(page.get_by_role("button", name="Pay now"))
    await modal.checkout.pay_by_upi(BROKE)
    await modal.called("failure")
    await modal.checkout.press("retry-button")
    await modal.checkout.pay_by_upi()
    _, result, _ = await modal.called("failure", "success", "close")

    assert result["orderId"] == order


async def test_a_frame_without_the_sdk_gets_both_message_families(
    page: Page, gateway: Gateway, shop: Shop
) -> None:
    order = await gateway.order(50_000)
    await page.goto(shop.handmade(order))
    checkout = Checkout(page.frame_locator("iframe"))
    await checkout.pay_by_upi(BROKE)
    await checkout.until("error-state")
    await checkout.press("retry-button")
    await checkout.pay_by_upi()
    await checkout.until("success-state")
    await checkout.where.locator("body").press("Escape")
    await page.wait_for_function("() => received.some(([, data]) => data.type === 'close_modal')")
    messages = await page.evaluate("received")

    good, bad = await gateway.payments(order)
    by_type = {data["type"]: data for _, data in messages}
    assert {origin for origin, _ in messages} == {gateway.base}
    assert by_type["payment_success"]["data"] == {
        "paymentId": good["id"],
        "orderId": order,
        "amount": 50_000,
        "currency": "INR",
        "status": "success",
    }
    assert by_type["PAYMENT_SUCCESS"]["payload"]["id"] == good["id"]
    assert by_type["PAYMENT_SUCCESS"]["payload"]["status"] == "success"
    assert by_type["payment_failed"]["data"]["paymentId"] == bad["id"]
    assert by_type["payment_failed"]["data"]["error"]
    assert by_type["PAYMENT_FAILED"]["payload"]["id"] == bad["id"]
    assert not any("nonce" in data for _, data in messages)


async def test_a_checkout_in_its_own_window_posts_no_message(page: Page, gateway: Gateway) -> None:
    await page.add_init_script(
        "window.received = [];"
        "window.addEventListener('message', (event) => received.push(event.data))"
    )
    await page.goto(f"{gateway.base}/checkout?order_id={await gateway.order()}&embedded=true")
    checkout = Checkout(page)
    await checkout.pay_by_upi()
    await checkout.until("success-state")

    assert await page.evaluate("received") == []
