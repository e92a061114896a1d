"""Pages as merchants write them, word for word, where a browser makes them hard to serve."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, expect

from .checkout import BROKE, MODAL, PUBLIC_KEY, Checkout, Modal, press
from .gateway import Gateway
from .shop import SCRIPT, Shop, serving

pytestmark = pytest.mark.asyncio(loop_scope="session")

FROM_A_FILE = """<!doctype html><html><body><button id="buy">Pay</button>
<script src="{base}/checkout.js"></script><script>{script}
document.getElementById("buy").onclick = () => sell("{key}", "{order}", {{}}).open();
</script></body></html>"""

TWO_TAGS = """<html><head><script>{script}</script>
<script src="{base}/sdk/checkout.js"></script>
<script>
PaymentGateway.open({{
  order_id: "{order}",
  amount: 50000,
  onSuccess: (res) => {{ record("success")(res); }},
  onFailure: (err) => {{ record("failure")(err); }}
}});
window.isOpenBeforeTheBody = document.body !== null;
</script></head><body><h1>Shop</h1></body></html>"""

# What a client of another gateway ships: it frames the page, says no more than the order
# and the amount, and reads messages by type and payload.
OTHER_CLIENT = """<!doctype html><html><body><script>{script}
window.Other = {{
  open(options) {{
    const modal = document.createElement("div");
    modal.id = "pg-modal";
    const query = 'order_id=' + options.order_id + '&amount=' + options.amount;
    modal.innerHTML = '<iframe title="Pay" width="440" height="640" src="{base}' +
      '/sdk/checkout.html?' + query + '"></iframe>';
    document.body.appendChild(modal);
    const listener = (event) => {{
      if (event.data.type === "PAYMENT_SUCCESS") options.onSuccess(event.data.payload);
      else if (event.data.type === "PAYMENT_FAILED") options.onFailure(event.data.payload);
      else return;
      window.removeEventListener("message", listener);
      modal.remove();
    }};
    window.addEventListener("message", listener);
  }},
}};
Other.open({{
  order_id: "{order}", amount: 50000, onSuccess: record("success"), onFailure: record("failure"),
}});
</script></body></html>"""


def filled(template: str, gateway: Gateway, order: str) -> str:
    return template.format(script=SCRIPT, base=gateway.base, order=order, key=PUBLIC_KEY)


async def test_a_page_opened_from_a_file_takes_a_payment(
    page: Page, gateway: Gateway, tmp_path: Path
) -> None:
    order = await gateway.order()
    shop = tmp_path / "shop.html"
    shop.write_text(filled(FROM_A_FILE, gateway, order))
    await page.goto(shop.as_uri())
    await page.click("#buy")
    modal = Modal(page)
    await modal.checkout.pay_by_upi(BROKE)
    [failure] = await modal.called("failure")
    await modal.checkout.press("retry-button")
    await modal.checkout.pay_by_upi()
    _, result, _ = await modal.called("failure", "success", "close")

    good, bad = await gateway.payments(order)
    assert (failure["paymentId"], result["paymentId"]) == (bad["id"], good["id"])
    assert await page.evaluate("received") == [], "nothing is posted to a page without an origin"
    await modal.is_gone()


async def test_a_port_is_transferred_only_with_the_nonce(
    page: Page, gateway: Gateway, tmp_path: Path
) -> None:
    """A frame beside the checkout gets no messages, even with an opaque origin."""
    shop = tmp_path / "shop.html"
    shop.write_text(filled(FROM_A_FILE, gateway, await gateway.order()))
    await page.goto(shop.as_uri())
    await page.click("#buy")
    modal = Modal(page)
    await modal.checkout.until("method-upi")
    instance = (await modal.handshake())["instance"]
    forged = """([instance, nonce]) => {
        const { port1, port2 } = new MessageChannel();
        window.forged = [];
        port1.onmessage = (event) => window.forged.push(event.data);
        const frame = document.querySelector("[data-test-id=payment-iframe]").contentWindow;
        frame.postMessage({ type: "checkout_port", instance, nonce }, "*", [port2]);
    }"""
    await page.evaluate(forged, [instance, "0" * 32])
    await modal.checkout.pay_by_upi()
    await modal.called("success", "close")

    assert await page.evaluate("forged") == []


async def test_two_script_tags_in_the_head_open_the_checkout(page: Page, gateway: Gateway) -> None:
    order = await gateway.order(50_000)
    async with serving(filled(TWO_TAGS, gateway, order)) as shop:
        await page.goto(shop)
        await Modal(page).checkout.pay_by_upi()
        [result] = await Modal(page).called("success")

    assert await page.evaluate("isOpenBeforeTheBody") is False
    assert result["orderId"] == order


async def test_a_checkout_closed_before_the_body_exists_never_opens(
    page: Page, gateway: Gateway
) -> None:
    html = (
        f"<html><head><script>{SCRIPT}</script><script src='{gateway.base}/checkout.js'></script>"
        "<script>const it = sell('k', 'o', {}); it.open(); it.close();</script></head>"
        "<body>Shop</body></html>"
    )
    async with serving(html) as shop:
        await page.goto(shop)
        await page.wait_for_function("() => document.readyState === 'complete'")

        assert await Modal(page).calls() == ["close"]
        assert await page.get_by_test_id(MODAL).count() == 0


async def test_a_failed_open_leaves_nothing_and_the_next_works(
    page: Page, gateway: Gateway, shop: Shop
) -> None:
    order = await gateway.order()
    await page.goto(shop.classic())
    failed = await page.evaluate(
        """([key, order]) => {
            window.gateway = sell(key, order, {});
            const show = HTMLDialogElement.prototype.showModal;
            HTMLDialogElement.prototype.showModal = () => { throw new Error("not now") };
            try { gateway.open() } catch (error) { return [error.message,
                document.querySelectorAll("[data-test-id=payment-modal]").length,
                document.body.style.overflow]; }
            finally { HTMLDialogElement.prototype.showModal = show; }
        }""",
        [PUBLIC_KEY, order],
    )
    await page.evaluate("gateway.open()")
    await Modal(page).checkout.pay_by_upi()
    result, _ = await Modal(page).called("success", "close")

    assert failed == ["not now", 0, ""]
    assert result["orderId"] == order


async def test_clients_of_another_gateway_get_the_result(page: Page, gateway: Gateway) -> None:
    """It never says that it frames the page."""
    order = await gateway.order(50_000)
    async with serving(filled(OTHER_CLIENT, gateway, order)) as shop:
        await page.goto(shop)
        await Checkout(page.frame_locator("#pg-modal iframe")).pay_by_upi()
        [payload] = await Modal(page).called("success")
        await expect(page.locator("#pg-modal")).to_have_count(0)

    [payment] = await gateway.payments(order)
    assert (payload["id"], payload["status"]) == (payment["id"], "success")


PATCHED = """() => {
    const own = window.fetch;
    window.fetch = (address, options = {}) => {
        const headers = new Headers(options.headers);
        headers.set("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        return own(address, { ...options, headers });
    };
    XMLHttpRequest.prototype.open = () => { throw new Error("patched") };
}"""


async def test_a_page_that_adds_headers_to_each_fetch_gets_the_result(
    page: Page, gateway: Gateway, shop: Shop
) -> None:
    modal = Modal(page)
    order = await gateway.order()
    await page.goto(shop.classic())
    await page.evaluate(PATCHED)
    checkout = await modal.open(order)
    await checkout.pay_by_upi()
    result, _ = await modal.called("success", "close")

    assert result["orderId"] == order
    assert await page.locator("iframe").count() == 0


async def test_a_page_without_access_to_the_gateway_gets_an_error(
    context: BrowserContext, gateway: Gateway
) -> None:
    """A policy without ``connect-src``: said on the console and by a callback, not in silence."""
    window = await context.new_page()
    logged: list[str] = []
    window.on("console", lambda line: logged.append(line.text))
    policy = f"default-src 'unsafe-inline'; script-src 'unsafe-inline' {gateway.base}; frame-src *"
    order = await gateway.order()
    html = (
        f"<html><head><meta http-equiv='Content-Security-Policy' content=\"{policy}\">"
        f"<script>{SCRIPT}</script><script src='{gateway.base}/checkout.js'></script></head>"
        "<body>Shop</body></html>"
    )
    modal = Modal(window)
    async with serving(html) as shop:
        await window.goto(shop)
        await window.evaluate(
            "([key, order]) => sell(key, order, { onUnconfirmed: record('unconfirmed') }).open()",
            [PUBLIC_KEY, order],
        )
        await modal.checkout.pay_by_upi()
        [given] = await modal.called("unconfirmed")

    [payment] = await gateway.payments(order)
    assert (given["paymentId"], given["orderId"]) == (payment["id"], order)
    assert [line for line in logged if line.startswith("PaymentGateway: ")] == [
        f"PaymentGateway: {given['error']}"
    ]
    assert "connect-src" in given["error"]
    await window.close()


async def test_the_modal_opens_over_a_dialog_and_restores_the_focus(
    page: Page, gateway: Gateway, shop: Shop
) -> None:
    modal = Modal(page)
    order = await gateway.order()
    await page.goto(shop.classic())
    await page.evaluate(
        """([key, order]) => {
            const dialog = document.createElement("dialog");
            dialog.id = "cart";
            const button = document.createElement("button");
            button.id = "pay";
            button.textContent = "Pay";
            button.onclick = () => { window.gateway = sell(key, order, {}); gateway.open() };
            dialog.append(button);
            document.body.append(dialog);
            dialog.showModal();
        }""",
        [PUBLIC_KEY, order],
    )
    await press(page.locator("#pay"))
    checkout = modal.checkout
    await checkout.until("method-upi")
    behind = await page.evaluate(
        "() => { document.getElementById('pay').focus(); return document.activeElement.id }"
    )
    await modal.close_button.press("Escape")
    await modal.called("close")
    assert await page.evaluate("document.activeElement.id") == "pay"
    assert await page.evaluate("document.getElementById('cart').open"), "the shop's stays open"
    await press(page.locator("#pay"))
    await checkout.pay_by_upi()
    _, result, _ = await modal.called("close", "success", "close")

    assert behind != "pay", "what lies below cannot be reached"
    assert result["orderId"] == order
