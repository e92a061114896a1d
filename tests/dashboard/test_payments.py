"""Transactions, a payment's own page, orders, refunds and the playground."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from .gateway import Gateway, Receiver

pytestmark = pytest.mark.asyncio(loop_scope="session")

CELLS = ["payment-id", "order-id", "amount", "method", "status", "created-at"]


async def test_a_row_shows_the_values_of_the_api(dashboard: Page, gateway: Gateway):
    payment = await gateway.pay(12_345_600)
    await dashboard.get_by_role("link", name="Transactions", exact=True).click()

    row = dashboard.locator(f"tr[data-test-id=transaction-row][data-payment-id={payment['id']}]")
    cells = [row.locator(f"td[data-test-id={name}]") for name in CELLS]
    shown = [payment["id"], payment["order_id"], "₹1,23,456.00", "upi", "success"]
    for cell, text in zip(cells, shown, strict=False):
        await expect(cell).to_have_text(text)
    await expect(cells[-1]).to_have_text(re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"))


async def test_a_new_payment_appears_and_settles_by_itself(dashboard: Page, gateway: Gateway):
    await dashboard.get_by_role("link", name="Transactions", exact=True).click()
    await expect(dashboard.get_by_test_id("transactions-table")).to_be_visible()
    payment = await gateway.pay()

    row = dashboard.locator(f"[data-payment-id={payment['id']}]").first
    await expect(row.get_by_test_id("status")).to_have_text("success")


async def test_filters_narrow_the_list_and_are_stored_in_the_url(dashboard: Page, gateway: Gateway):
    declined = await gateway.pay(vpa="timeout@upi", until="failed")
    await gateway.pay()
    await dashboard.get_by_role("link", name="Transactions", exact=True).click()
    await dashboard.get_by_label("Status").select_option("failed")
    await dashboard.get_by_label("Search payments").fill("timeout@")

    rows = dashboard.get_by_test_id("transaction-row")
    await expect(rows.first).to_have_attribute("data-payment-id", declined["id"])
    assert set(await rows.get_by_test_id("status").all_text_contents()) == {"failed"}
    await dashboard.reload()
    await expect(rows.first).to_have_attribute("data-payment-id", declined["id"])
    await dashboard.get_by_label("Search payments").fill("nothing is called so")
    await expect(dashboard.get_by_test_id("empty-state")).to_contain_text("No matching payment")


async def test_the_search_opens_the_page_of_an_id(dashboard: Page, gateway: Gateway):
    payment = await gateway.pay()
    finder = dashboard.get_by_label("Find a payment or an order")
    await finder.fill(payment["order_id"])
    await finder.press("Enter")
    await expect(dashboard.get_by_test_id("order-page")).to_contain_text(payment["id"])
    await finder.fill(payment["id"])
    await finder.press("Enter")

    await expect(dashboard.get_by_test_id("payment-page")).to_contain_text(payment["order_id"])


async def test_an_order_links_its_checkout_until_it_is_paid(dashboard: Page, gateway: Gateway):
    order_id = await gateway.order(receipt="shop-17", notes={"basket": 4})
    await dashboard.goto(f"{gateway.dashboard}/dashboard/orders/{order_id}")
    page = dashboard.get_by_test_id("order-page")
    await expect(page).to_contain_text("shop-17")
    await expect(page).to_contain_text('"basket": 4')
    checkout = await dashboard.get_by_test_id("open-checkout").get_attribute("href")
    assert str(checkout).startswith(f"{gateway.client.base}/checkout?order_id={order_id}")
    payment = await gateway.pay()
    await dashboard.goto(f"{gateway.dashboard}/dashboard/orders/{payment['order_id']}")

    await expect(page).to_contain_text(payment["id"])
    await expect(dashboard.get_by_test_id("open-checkout")).to_be_hidden()


async def test_a_payment_is_refunded_in_part_up_to_the_captured_amount(
    dashboard: Page, gateway: Gateway
):
    payment = await gateway.pay(50_000)
    await dashboard.goto(f"{gateway.dashboard}/dashboard/transactions/{payment['id']}")
    await dashboard.get_by_test_id("refund-button").click()
    amount = dashboard.get_by_test_id("refund-amount-input")
    await amount.fill("500.01")
    await expect(dashboard.get_by_test_id("confirm-refund-button")).to_be_disabled()
    await amount.fill("125.50")
    await dashboard.get_by_label("Reason").fill("one shoe missing")
    await dashboard.get_by_test_id("confirm-refund-button").click()

    row = dashboard.get_by_test_id("refund-row")
    await expect(row).to_contain_text("₹125.50")
    await expect(row).to_contain_text("processed")
    await expect(row).to_contain_text("one shoe missing")
    after = await gateway.call("GET", f"/payments/{payment['id']}")
    assert after["amount_refunded"] == 12_550
    await dashboard.get_by_role("link", name="Refunds", exact=True).click()
    await expect(dashboard.get_by_test_id("refunds-table")).to_contain_text("₹125.50")


async def test_notes_are_text_and_long_ones_are_cut(dashboard: Page, gateway: Gateway):
    markup = "<img src=x onerror=alert(1)>"
    # PostgreSQL sorts names by their length.
    notes_of = {"shop": markup, "basket": "x" * 1000, "articles": list(range(1000))}
    order_id = await gateway.order(50_000)
    body = {"order_id": order_id, "method": "upi", "vpa": "asha@paytm"}
    path = "/payments?wait=20"
    payment = await gateway.call("POST", path, {**body, "notes": notes_of})
    refunds = f"/payments/{payment['id']}/refunds"
    await gateway.call("POST", refunds, {"amount": 100, "notes": notes_of})
    await dashboard.goto(f"{gateway.dashboard}/dashboard/transactions/{payment['id']}")

    notes = dashboard.get_by_test_id("notes")
    await expect(notes).to_contain_text(f'"shop": "{markup}"')
    await expect(notes).to_contain_text(re.compile(r'"basket": "x{187}…'))
    assert len((await notes.inner_text()).splitlines()) == 41
    row = dashboard.get_by_test_id("refund-row")
    await expect(row).to_contain_text(f'{{"shop":"{markup}","basket":"xx')
    await expect(row).not_to_contain_text("x" * 80)
    assert await dashboard.locator("img[src=x]").count() == 0


async def test_a_payment_is_captured_once(dashboard: Page, gateway: Gateway):
    payment = await gateway.pay()
    await dashboard.goto(f"{gateway.dashboard}/dashboard/transactions/{payment['id']}")
    await dashboard.get_by_test_id("capture-button").click()

    await expect(dashboard.get_by_test_id("capture-button")).to_be_hidden()
    assert (await gateway.call("GET", f"/payments/{payment['id']}"))["captured"] is True


async def test_held_money_is_released(dashboard: Page, gateway: Gateway):
    payment = await gateway.pay(until="authorized", capture="manual")
    await dashboard.goto(f"{gateway.dashboard}/dashboard/transactions/{payment['id']}")
    await expect(dashboard.get_by_test_id("capture-button")).to_have_text("Capture ₹500.00")
    await dashboard.get_by_role("button", name="Void").click()

    await expect(dashboard.get_by_test_id("payment-status")).to_have_text("cancelled")


async def test_the_timeline_is_in_order(dashboard: Page, gateway: Gateway):
    payment = await gateway.pay()
    await dashboard.goto(f"{gateway.dashboard}/dashboard/transactions/{payment['id']}")

    story = dashboard.get_by_test_id("payment-timeline").locator(".timeline__title")
    await expect(story.first).to_have_text("Payment accepted")
    lines = await story.all_text_contents()
    wanted = ["Payment accepted", "Sent to the processor", "Payment succeeded", "payment.success"]
    assert [title for title in lines if title in wanted] == wanted


async def test_the_timeline_shows_the_attempts_of_a_delivery_in_one_line(
    dashboard: Page, gateway: Gateway, receiver: Receiver
):
    receiver.status = 503
    payment = await gateway.pay()
    await dashboard.goto(f"{gateway.dashboard}/dashboard/transactions/{payment['id']}")

    sent = dashboard.get_by_test_id("payment-timeline").locator("li", has_text="created sent")
    await expect(sent).to_contain_text("attempt 2: your server responded with 503")
    await expect(sent).to_have_count(1)


async def test_the_playground_plays_the_chosen_scenario(dashboard: Page):
    await dashboard.get_by_role("link", name="Playground", exact=True).click()
    # The page before has a field of this name too, until the link's page is shown.
    form = dashboard.get_by_test_id("playground-form")
    await form.get_by_label("Method").select_option("card")
    await form.get_by_label("Ending").select_option(label="Suspected fraud")
    await dashboard.get_by_test_id("playground-pay-button").click()

    await expect(dashboard.get_by_test_id("failure-reason")).to_contain_text("Suspected fraud")
    await expect(dashboard.get_by_test_id("playground-outcome")).to_contain_text("Visa •••• 0019")


async def test_api_errors_are_shown_beside_the_form(rough_page: Page, gateway: Gateway):
    await rough_page.goto(f"{gateway.dashboard}/dashboard/playground")
    await rough_page.get_by_label("VPA").fill("no address")
    await rough_page.get_by_test_id("playground-pay-button").click()

    form = rough_page.get_by_test_id("playground-form")
    await expect(form.get_by_role("alert")).to_have_text("VPA format invalid")


async def test_an_unknown_id_shows_not_found(rough_page: Page, gateway: Gateway):
    await rough_page.goto(f"{gateway.dashboard}/dashboard/transactions/pay_AAAAAAAAAAAAAAAA")

    await expect(rough_page.get_by_role("alert")).to_contain_text("Payment not found")
