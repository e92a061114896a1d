"""Several places that webhooks go to."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page, expect

from .gateway import Gateway, Receiver, open_receiver

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def add_endpoint(page: Page, gateway: Gateway, url: str, events: str = "*") -> str:
    """Through the page, as a developer would; its secret is the answer."""
    await page.goto(f"{gateway.dashboard}/dashboard/endpoints")
    await page.get_by_role("button", name="Add endpoint").click()
    form = page.get_by_test_id("endpoint-form")
    await form.get_by_label("URL").fill(url)
    await form.get_by_label("Description").fill("bookkeeping")
    await form.get_by_label("Events").fill(events)
    await form.get_by_role("button", name="Add endpoint").click()
    shown = page.get_by_test_id("shown-once")
    await expect(shown).to_be_visible()
    secret = await shown.locator(".credential__value").inner_text()
    await page.get_by_role("button", name="I have saved it").click()
    return secret


async def until_received(receiver: Receiver, event: str) -> None:
    async with asyncio.timeout(60):
        while event not in receiver.events():
            await asyncio.sleep(0.05)


async def test_a_second_endpoint_gets_its_events_and_its_secret_is_shown_once(
    page: Page, gateway: Gateway
):
    async with open_receiver() as books:
        secret = await add_endpoint(page, gateway, books.url, "refund.*")
        assert len(secret) >= 16
        row = page.get_by_test_id("endpoint-row").filter(has_text=books.url)
        await expect(row).to_contain_text("refund.*")
        payment = await gateway.pay()
        await gateway.call("POST", f"/payments/{payment['id']}/refunds", {"amount": 100})
        await until_received(books, "refund.processed")

        assert {event.split(".")[0] for event in books.events()} == {"refund"}
        await row.get_by_role("link").click()
        await expect(page.get_by_test_id("endpoint-page")).not_to_contain_text(secret)
        await remove(page)


async def test_an_endpoint_is_tested_disabled_and_enabled(page: Page, gateway: Gateway):
    async with open_receiver() as books:
        await add_endpoint(page, gateway, books.url)
        await page.get_by_role("link", name=books.url).click()
        await page.get_by_role("button", name="Send test event").click()
        await until_received(books, "webhook.test")
        await page.get_by_role("button", name="Disable").click()
        await expect(page.get_by_text("This endpoint is disabled", exact=True)).to_be_visible()
        await page.get_by_role("button", name="Enable").click()

        await expect(page.get_by_role("button", name="Disable")).to_be_visible()
        await remove(page)


async def test_a_new_secret_is_shown_once_and_the_old_one_signs_for_a_day(
    page: Page, gateway: Gateway
):
    async with open_receiver() as books:
        first = await add_endpoint(page, gateway, books.url)
        await page.get_by_role("link", name=books.url).click()
        await page.get_by_role("button", name="Rotate secret").click()
        await page.get_by_test_id("confirm-button").click()
        second = await page.get_by_test_id("shown-once").locator(".credential__value").inner_text()
        await page.get_by_role("button", name="I have saved it").click()

        assert second != first
        await expect(page.get_by_text("still signs too")).to_be_visible()
        await remove(page)


async def test_api_errors_are_shown_beside_the_field(rough_page: Page, gateway: Gateway):
    page = rough_page
    await page.goto(f"{gateway.dashboard}/dashboard/endpoints")
    await page.get_by_role("button", name="Add endpoint").click()
    form = page.get_by_test_id("endpoint-form")
    await form.get_by_label("URL").fill("https://shop.example/webhook")
    await form.get_by_label("Events").fill("not an event!")
    await form.get_by_role("button", name="Add endpoint").click()

    await expect(form.get_by_role("alert")).to_contain_text("event")


async def remove(page: Page) -> None:
    await page.get_by_role("button", name="Remove endpoint").click()
    await page.get_by_test_id("confirm-button").click()
    await page.wait_for_url("**/dashboard/endpoints")
