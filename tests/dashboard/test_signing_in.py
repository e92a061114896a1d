"""The ways into the dashboard."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from .gateway import Gateway

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_any_password_opens_the_test_merchants_dashboard(dashboard: Page):
    await expect(dashboard.get_by_test_id("dashboard")).to_be_visible()
    await expect(dashboard.get_by_test_id("api-key")).to_have_text("key_test_abc123")
    await expect(dashboard.get_by_test_id("api-secret")).to_have_text("secret_test_xyz789")


async def test_the_apis_own_port_serves_it_as_well(page: Page, gateway: Gateway):
    await page.goto(f"{gateway.beside}/login")
    await page.get_by_test_id("email-input").fill("test@example.com")
    await page.get_by_test_id("password-input").fill("anything")
    await page.get_by_test_id("login-button").click()
    await page.wait_for_url(f"{gateway.beside}/dashboard")

    await expect(page.get_by_test_id("total-amount")).to_contain_text("₹")
    await page.get_by_role("link", name="Docs", exact=True).click()
    snippet = page.get_by_test_id("code-snippet-create-order")
    await expect(snippet).to_contain_text(f"curl -X POST {gateway.beside}/api/v1/orders")


async def test_the_form_is_the_contracts(page: Page, gateway: Gateway):
    await page.goto(f"{gateway.dashboard}/login")

    form = page.locator("form[data-test-id=login-form]")
    await expect(form.locator("input[data-test-id=email-input]")).to_have_attribute("type", "email")
    await expect(form.locator("input[data-test-id=password-input]")).to_be_visible()
    await expect(form.locator("button[data-test-id=login-button]")).to_be_enabled()


async def test_another_address_is_refused_and_told_why(page: Page, gateway: Gateway):
    await page.goto(f"{gateway.dashboard}/login")
    await page.get_by_test_id("email-input").fill("somebody@example.com")
    await page.get_by_test_id("password-input").fill("anything")
    await page.get_by_test_id("login-button").click()

    await expect(page.get_by_test_id("login-error")).to_contain_text("test@example.com")
    assert page.url.endswith("/login")


async def test_api_credentials_open_it_too_and_wrong_ones_do_not(
    rough_page: Page, gateway: Gateway
):
    page = rough_page
    await page.goto(f"{gateway.dashboard}/login")
    await page.get_by_role("button", name="Use API credentials").click()
    await page.get_by_label("API key").fill("key_test_abc123")
    await page.get_by_label("API secret").fill("wrong")
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_test_id("login-error")).to_have_text("Invalid API credentials")
    await page.get_by_label("API secret").fill("secret_test_xyz789")
    await page.get_by_role("button", name="Sign in", exact=True).click()

    await expect(page.get_by_test_id("dashboard")).to_be_visible()


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/", "/login"),
        ("/docs", "/dashboard/docs"),
        ("/webhooks", "/dashboard/webhooks"),
        ("/dashboard/", "/dashboard/"),
    ],
)
async def test_short_addresses_lead_to_their_pages(
    page: Page, gateway: Gateway, path: str, place: str
):
    await page.goto(gateway.dashboard + path)

    await page.wait_for_url(gateway.dashboard + place)
    await expect(page.locator("h1")).to_be_visible()


async def test_a_link_into_a_test_gateway_opens_by_itself_until_somebody_signs_out(
    page: Page, gateway: Gateway
):
    await page.goto(f"{gateway.dashboard}/dashboard/orders")
    await expect(page.get_by_role("heading", name="Orders")).to_be_visible()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_test_id("login-form")).to_be_visible()
    await page.goto(f"{gateway.dashboard}/dashboard/orders")

    await expect(page.get_by_test_id("login-form")).to_be_visible()


async def test_an_api_that_does_not_answer_is_said_so_and_tried_again(
    rough_page: Page, gateway: Gateway
):
    page = rough_page
    await page.route("**/api/v1/**", lambda route: route.abort())
    await page.goto(f"{gateway.dashboard}/dashboard")
    await expect(page.get_by_role("alert")).to_contain_text("The API does not answer")
    await page.unroute("**/api/v1/**")
    await page.get_by_role("button", name="Try again").click()

    await expect(page.get_by_test_id("dashboard")).to_be_visible()


async def test_credentials_that_count_no_more_lead_back_to_the_login_page(
    rough_page: Page, gateway: Gateway
):
    page = rough_page
    await page.goto(f"{gateway.dashboard}/dashboard")
    await expect(page.get_by_test_id("dashboard")).to_be_visible()
    await page.evaluate(
        """() => {
            const kept = JSON.parse(sessionStorage.getItem("paygate.session"));
            const changed = JSON.stringify({ ...kept, apiSecret: "changed meanwhile" });
            sessionStorage.setItem("paygate.session", changed);
        }"""
    )
    await page.reload()

    await expect(page.get_by_test_id("login-form")).to_be_visible()
