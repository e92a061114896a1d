"""The ways into the dashboard."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.async_api import Page, expect

from .gateway import Gateway

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def sign_out(page: Page) -> None:
    await page.get_by_role("button", name="Your account").click()
    await page.get_by_role("button", name="Sign out").click()


async def test_any_password_signs_in_the_test_merchant_with_a_cookie_hidden_from_scripts(
    page: Page, gateway: Gateway
):
    await page.goto(f"{gateway.dashboard}/login")
    await page.get_by_test_id("email-input").fill("test@example.com")
    await page.get_by_test_id("password-input").fill("anything")
    await page.get_by_test_id("login-button").click()
    await page.wait_for_url("**/dashboard")
    await expect(page.get_by_test_id("dashboard")).to_be_visible()
    await expect(page.get_by_test_id("api-key")).to_have_text("key_test_abc123")
    await expect(page.get_by_test_id("api-secret")).to_have_text("secret_test_xyz789")
    kept = await page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"
    )
    (cookie,) = [each for each in await page.context.cookies() if each["name"] == "__Host-paygate"]

    assert "secret" not in kept
    assert "key_test" not in kept
    assert cookie["value"] not in kept
    assert cookie["httpOnly"]
    assert cookie["secure"]
    assert cookie["sameSite"] == "Lax"
    # A copied cookie changes nothing without the page's token.
    order = {"amount": 50_000}
    refused = await page.context.request.post(f"{gateway.client.base}/api/v1/orders", data=order)
    assert refused.status == 403


async def test_the_port_of_the_api_serves_the_dashboard(page: Page, gateway: Gateway):
    await page.goto(f"{gateway.beside}/login")
    await page.get_by_test_id("email-input").fill("test@example.com")
    await page.get_by_test_id("password-input").fill("anything")
    await page.get_by_test_id("login-button").click()
    await page.wait_for_url(f"{gateway.beside}/dashboard")

    await expect(page.get_by_test_id("total-amount")).to_contain_text("₹")
    await page.get_by_role("link", name="Docs", exact=True).click()
    snippet = page.get_by_test_id("code-snippet-create-order")
    await expect(snippet).to_contain_text(f"curl -X POST {gateway.beside}/api/v1/orders")


async def test_the_form_matches_the_contract(page: Page, gateway: Gateway):
    await page.goto(f"{gateway.dashboard}/login")

    form = page.locator("form[data-test-id=login-form]")
    await expect(form.locator("input[data-test-id=email-input]")).to_have_attribute("type", "email")
    await expect(form.locator("input[data-test-id=password-input]")).to_be_visible()
    await expect(form.locator("button[data-test-id=login-button]")).to_be_enabled()


async def test_another_email_is_refused_with_a_hint(rough_page: Page, gateway: Gateway):
    page = rough_page
    await page.goto(f"{gateway.dashboard}/login")
    await page.get_by_test_id("email-input").fill("somebody@example.com")
    await page.get_by_test_id("password-input").fill("anything")
    await page.get_by_test_id("login-button").click()

    await expect(page.get_by_test_id("login-error")).to_have_text("Email or password is wrong")
    await expect(page.get_by_test_id("login-form")).to_contain_text("test@example.com")
    assert page.url.endswith("/login")


@pytest.mark.parametrize(
    ("wanted", "place"),
    [
        ("/dashboard/transactions?status=failed", "/dashboard/transactions?status=failed"),
        ("https://elsewhere.example/", "/dashboard"),
        ("//elsewhere.example/dashboard", "/dashboard"),
        ("/\\elsewhere.example", "/dashboard"),
        ("/dashboard//elsewhere.example", "/dashboard"),
        ("javascript:alert(1)", "/dashboard"),
    ],
)
async def test_signing_in_redirects_only_to_the_dashboard(
    page: Page, gateway: Gateway, wanted: str, place: str
):
    await page.goto(f"{gateway.dashboard}/login?next={quote(wanted, safe='')}")
    await page.get_by_test_id("email-input").fill("test@example.com")
    await page.get_by_test_id("password-input").fill("anything")
    await page.get_by_test_id("login-button").click()

    await page.wait_for_url(gateway.dashboard + place)
    await expect(page.locator("h1")).to_be_visible()


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/", "/login"),
        ("/docs", "/dashboard/docs"),
        ("/webhooks", "/dashboard/webhooks"),
        ("/dashboard/", "/dashboard/"),
    ],
)
async def test_short_paths_redirect_to_their_pages(
    page: Page, gateway: Gateway, path: str, place: str
):
    await page.goto(gateway.dashboard + path)

    await page.wait_for_url(gateway.dashboard + place)
    await expect(page.locator("h1")).to_be_visible()


async def test_a_link_into_a_test_gateway_signs_in_until_the_user_signs_out(
    page: Page, gateway: Gateway
):
    await page.goto(f"{gateway.dashboard}/dashboard/orders")
    await expect(page.get_by_role("heading", name="Orders")).to_be_visible()
    await sign_out(page)
    await expect(page.get_by_test_id("login-form")).to_be_visible()
    await page.goto(f"{gateway.dashboard}/dashboard/orders")

    await expect(page.get_by_test_id("login-form")).to_be_visible()
    assert page.url.endswith("/login?next=%2Fdashboard%2Forders")


async def test_an_unavailable_api_is_reported_and_retried(rough_page: Page, gateway: Gateway):
    page = rough_page
    await page.route("**/api/v1/**", lambda route: route.abort())
    await page.goto(f"{gateway.dashboard}/dashboard")
    await expect(page.get_by_role("alert")).to_contain_text("The API does not respond")
    await page.unroute("**/api/v1/**")
    await page.get_by_role("button", name="Try again").click()

    await expect(page.get_by_test_id("dashboard")).to_be_visible()


async def test_an_ended_session_leads_to_the_login_page_and_back(
    timed_page: Page, gateway: Gateway
):
    page = timed_page
    await page.goto(f"{gateway.dashboard}/dashboard/refunds")
    await expect(page.get_by_role("heading", name="Refunds")).to_be_visible()
    await page.context.clear_cookies()
    # Until the page asks for its list again.
    await page.clock.fast_forward(16_000)
    await expect(page.get_by_test_id("login-form")).to_be_visible()
    await page.get_by_test_id("email-input").fill("test@example.com")
    await page.get_by_test_id("password-input").fill("anything")
    await page.get_by_test_id("login-button").click()

    await page.wait_for_url(f"{gateway.dashboard}/dashboard/refunds")


async def test_the_menu_shows_the_user_and_signing_out_ends_the_session(
    rough_page: Page, gateway: Gateway
):
    page = rough_page
    await page.goto(f"{gateway.dashboard}/dashboard")
    await page.get_by_role("button", name="Your account").click()
    account = page.get_by_test_id("who-am-i")
    await expect(account).to_contain_text("test@example.com")
    await expect(account).to_contain_text("Owner")
    await page.keyboard.press("Escape")
    await expect(account).to_be_hidden()
    cookies = await page.context.cookies()
    await sign_out(page)
    await expect(page.get_by_test_id("login-form")).to_be_visible()
    (kept,) = [each for each in cookies if each["name"] == "__Host-paygate"]
    answer = await page.context.request.get(
        f"{gateway.client.base}/api/v1/session",
        headers={"Cookie": f"__Host-paygate={kept['value']}"},
    )

    assert answer.status == 401
