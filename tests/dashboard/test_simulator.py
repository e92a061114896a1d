"""Scenarios and the clock, from the page."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.harness.databases import Databases

from .gateway import Gateway, open_gateway

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def timed(
    databases: Databases, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Gateway]:
    """Provide a gateway whose clock these tests move and release."""
    database_url = await databases.clone()
    async with open_gateway(database_url, redis_url, tmp_path_factory.mktemp("timed")) as running:
        yield running
    await databases.drop(database_url)


@pytest.fixture
def place(gateway: Gateway) -> str:
    return f"{gateway.dashboard}/dashboard/simulator"


async def test_scenarios_are_searched_and_played_with_two_clicks(page: Page, place: str):
    await page.goto(place)
    await page.get_by_label("Search scenarios").fill("not enough money")
    rows = page.get_by_test_id("scenario-row")
    await expect(rows).to_have_count(1)
    await rows.get_by_role("link", name="insufficient_funds").click()
    await page.wait_for_url("**/playground?scenario=insufficient_funds")
    await expect(page.get_by_label("Scenario", exact=True)).to_have_value("insufficient_funds")
    await page.get_by_test_id("playground-pay-button").click()

    await expect(page.get_by_test_id("failure-reason")).to_contain_text("Insufficient funds")


async def test_the_default_scenario_is_played_until_it_is_reset(page: Page, gateway: Gateway):
    await page.goto(f"{gateway.dashboard}/dashboard/simulator")
    chosen = page.get_by_test_id("default-scenario")
    await chosen.get_by_label("Scenario").select_option("limit_exceeded")
    await expect(page.get_by_text("Payments now use limit_exceeded", exact=True)).to_be_visible()
    payment = await gateway.pay(until="failed")
    assert payment["decline_code"] == "limit_exceeded"
    await page.reload()
    await expect(chosen.get_by_label("Scenario")).to_have_value("limit_exceeded")
    await chosen.get_by_role("button", name="Clear").click()

    await expect(chosen.get_by_label("Scenario")).to_have_value("")
    await gateway.pay(until="success")


async def test_the_clock_is_stopped_moved_and_released_and_every_page_shows_it(
    timed: Gateway, page: Page
):
    await page.goto(f"{timed.dashboard}/dashboard/simulator")
    clock = page.get_by_test_id("clock")
    stopped = page.get_by_text("The test clock is stopped")
    await expect(clock).to_contain_text("running")
    await clock.get_by_role("button", name="Stop clock").click()
    await expect(clock).to_contain_text("stopped clock")
    # Before the page is left: that would end a request in progress.
    await expect(stopped).to_be_visible()
    before = await clock.get_by_test_id("clock-now").get_attribute("datetime")
    await clock.get_by_role("button", name="1 day").click()
    await expect(clock.get_by_test_id("clock-now")).not_to_have_attribute("datetime", str(before))
    await expect(clock).to_contain_text("stopped clock")
    await page.goto(f"{timed.dashboard}/dashboard/workers")
    await expect(stopped).to_contain_text("POST /api/v1/test/clock/release")
    await page.goto(f"{timed.dashboard}/dashboard/simulator")
    await clock.get_by_role("button", name="Real time").click()
    await expect(clock).to_contain_text("running")
    await expect(stopped).to_have_count(0)

    ahead = page.get_by_text("The test clock runs 1 d ahead of the real time")
    await clock.get_by_role("button", name="1 day").click()
    await expect(clock.get_by_test_id("clock-shift")).to_have_text("1 d ahead of the real time")
    await expect(clock).to_contain_text("running")
    payment = await timed.pay(until="success")
    await page.goto(f"{timed.dashboard}/dashboard/workers")
    await expect(ahead).to_contain_text("POST /api/v1/test/clock/release")
    await page.goto(f"{timed.dashboard}/dashboard/simulator")
    await clock.get_by_role("button", name="Real time").click()

    await expect(ahead).to_have_count(0)
    assert payment["status"] == "success"


async def test_the_payer_is_simulated_from_the_page_of_the_payment(page: Page, gateway: Gateway):
    # The catalogue's card for three_ds: nothing happens until the payer decides.
    order_id = await gateway.order()
    body = {
        "order_id": order_id,
        "method": "card",
        "card": {
            "number": "4000010000000605",
            "expiry_month": "12",
            "expiry_year": "2035",
            "cvv": "123",
            "holder_name": "Asha Rao",
        },
    }
    payment = await gateway.call("POST", "/payments", body)
    await page.goto(f"{gateway.dashboard}/dashboard/transactions/{payment['id']}")
    waiting = page.get_by_test_id("next-action")
    await expect(waiting).to_be_visible()
    link = await waiting.get_by_role("link", name="Simulate payer").get_attribute("href")
    assert link == f"{gateway.client.base}/simulator/bank?payment_id={payment['id']}"
    await waiting.get_by_role("button", name="Approve as payer").click()

    await expect(page.get_by_test_id("payment-status")).to_have_text("success")
    await expect(waiting).to_be_hidden()
