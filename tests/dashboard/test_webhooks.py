"""The pages of webhooks: the list, a delivery's result, retries."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re

import pytest
from playwright.async_api import Page, expect

from .gateway import Gateway, Receiver

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture
def place(gateway: Gateway) -> str:
    return f"{gateway.dashboard}/dashboard/webhooks"


async def test_a_webhook_url_is_saved(page: Page, gateway: Gateway, place: str):
    await page.goto(place)
    await page.get_by_test_id("webhook-url-input").fill("http://localhost:4999/webhook")
    await page.get_by_test_id("save-webhook-button").click()

    await expect(page.get_by_text("Webhook settings saved", exact=True)).to_be_visible()
    config = await gateway.call("GET", "/merchant/config")
    assert config["webhook_url"] == "http://localhost:4999/webhook"
    await page.reload()
    await expect(page.get_by_test_id("webhook-url-input")).to_have_value(config["webhook_url"])


async def test_a_new_secret_is_used_immediately(page: Page, gateway: Gateway, place: str):
    await page.goto(place)
    shown = page.get_by_test_id("webhook-secret")
    before = (await gateway.call("GET", "/merchant/config"))["webhook_secret"]
    await expect(shown).to_have_text(before)
    await page.get_by_test_id("regenerate-secret-button").click()
    await expect(shown).not_to_have_text(before)
    assert (await gateway.call("GET", "/merchant/config"))["webhook_secret"] != before
    await page.get_by_role("button", name="Undo").click()

    await expect(shown).to_have_text(before)
    assert (await gateway.call("GET", "/merchant/config"))["webhook_secret"] == before


async def test_a_test_webhook_arrives_signed_and_is_logged(
    page: Page, gateway: Gateway, receiver: Receiver, place: str
):
    await page.goto(place)
    await page.get_by_test_id("test-webhook-button").click()

    row = page.get_by_test_id("webhook-log-item").first
    await expect(row.get_by_test_id("webhook-event")).to_have_text("webhook.test")
    await expect(row.get_by_test_id("webhook-status")).to_have_text("success")
    await expect(row.get_by_test_id("webhook-attempts")).to_have_text("1")
    await expect(row.get_by_test_id("webhook-response-code")).to_have_text("200")
    time = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
    await expect(row.get_by_test_id("webhook-last-attempt")).to_have_text(time)
    headers, body = receiver.taken[-1]
    secret = (await gateway.call("GET", "/merchant/config"))["webhook_secret"]
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    assert headers["X-Webhook-Signature"] == expected


async def test_a_failed_delivery_shows_its_next_attempt_and_can_be_resent(
    page: Page, receiver: Receiver, place: str
):
    receiver.status = 503
    await page.goto(place)
    await page.get_by_test_id("test-webhook-button").click()
    # Webhooks of other tests' payments may arrive meanwhile.
    row = page.get_by_test_id("webhook-log-item").filter(has_text="webhook.test").first
    await expect(row.get_by_test_id("webhook-response-code")).to_have_text("503")
    await expect(row.get_by_test_id("webhook-status")).to_have_text("pending")
    await expect(row).to_contain_text(re.compile(r"next (in \d+ s|due now)"))
    await row.get_by_role("link", name="Details").click()
    tries = page.get_by_test_id("delivery-tries")
    await expect(tries).to_contain_text("responded with 503")
    await expect(tries).to_contain_text("out of order")
    await expect(tries).to_contain_text("X-Webhook-Signature", ignore_case=True)
    await expect(page.get_by_test_id("delivery-payload")).to_contain_text("webhook.test")
    await page.go_back()
    retry = row.get_by_test_id("retry-webhook-button")
    delivery_id = await row.get_attribute("data-webhook-id")
    await expect(retry).to_have_attribute("data-webhook-id", str(delivery_id))
    receiver.status = 200
    await retry.click()

    await expect(row.get_by_test_id("webhook-status")).to_have_text("success")


async def test_a_delivered_webhook_can_be_resent(
    page: Page, gateway: Gateway, receiver: Receiver, place: str
):
    await gateway.call("POST", "/merchant/webhook/test", {"event": "test.twice"})
    await page.goto(place)
    row = page.get_by_test_id("webhook-log-item").first
    await expect(row.get_by_test_id("webhook-status")).to_have_text("success")
    async with page.expect_response("**/retry"):
        await row.get_by_test_id("retry-webhook-button").click()

    await expect(page.get_by_text("Retry queued", exact=True)).to_be_visible()
    await expect(row.get_by_test_id("webhook-status")).to_have_text("success")
    # The row says success of the first try until the second has begun.
    async with asyncio.timeout(60):
        while receiver.events().count("test.twice") < 2:
            await asyncio.sleep(0.05)


async def test_the_plain_page_lists_webhooks(page: Page, gateway: Gateway, receiver: Receiver):
    await gateway.call("POST", "/merchant/webhook/test", {"event": "test.plain"})
    await page.goto(f"{gateway.dashboard}/dashboard.html")

    await expect(page).to_have_title("Payment Gateway Dashboard")
    await expect(page.locator("h2")).to_have_text("Webhook Logs")
    assert await page.locator("th").all_text_contents() == ["ID", "Event", "Status", "Attempts"]
    row = page.locator("tbody#logs tr").first
    await expect(row.locator("td").nth(1)).to_have_text("test.plain")


async def test_the_plain_page_reads_a_bare_array(page: Page, gateway: Gateway):
    logs = '[{"id": "log_1", "event": "<b>x</b>", "status": "delivered", "attempts": 2}]'
    await page.route(
        "**/api/v1/webhooks",
        lambda route: route.fulfill(
            body=logs,
            content_type="application/json",
            headers={"Access-Control-Allow-Origin": "*"},
        ),
    )
    await page.goto(f"{gateway.dashboard}/dashboard.html")

    cells = page.locator("tbody#logs td")
    await expect(cells).to_have_text(["log_1", "<b>x</b>", "delivered", "2"])


async def test_the_api_filters_the_log(page: Page, gateway: Gateway, receiver: Receiver):
    payment = await gateway.pay()
    await gateway.pay()
    await page.goto(f"{gateway.dashboard}/dashboard/webhooks?payment_id={payment['id']}")
    rows = page.get_by_test_id("webhook-log-item")
    await expect(rows).to_have_count(3)
    await page.get_by_label("Event", exact=True).fill("payment.success")

    await expect(rows).to_have_count(1)
    await expect(rows.get_by_test_id("webhook-event")).to_have_text("payment.success")


async def test_many_deliveries_are_counted_before_they_are_resent(
    page: Page, gateway: Gateway, receiver: Receiver, place: str
):
    payment = await gateway.pay()
    await gateway.call("POST", f"/payments/{payment['id']}/refunds", {"amount": 100})
    async with asyncio.timeout(30):
        while "refund.processed" not in receiver.events():
            await asyncio.sleep(0.05)
    found = await gateway.call("GET", "/webhooks?event=refund.processed&status=success&limit=100")
    many = found["total"]
    # Endpoints of other tests are gone: their deliveries are counted but reach no receiver.
    whole = [await gateway.call("GET", f"/webhooks/{row['id']}") for row in found["data"]]
    ours = sum(delivery["endpoint"]["url"] == receiver.url for delivery in whole)
    count_before = receiver.events().count("refund.processed")
    await page.goto(place)
    await page.get_by_role("button", name="Recover").click()
    form = page.get_by_test_id("recover-form")
    await form.get_by_label("Status").select_option("success")
    await form.get_by_label("Event").fill("refund.processed")
    await form.get_by_role("button", name="Count").click()
    await expect(page.get_by_test_id("recover-count")).to_contain_text(f"{many} webhook")
    assert receiver.events().count("refund.processed") == count_before
    await page.get_by_test_id("recover-button").click()

    await expect(page.get_by_text(f"Sending {many} again", exact=True)).to_be_visible()
    async with asyncio.timeout(30):
        while receiver.events().count("refund.processed") < count_before + ours:
            await asyncio.sleep(0.05)
