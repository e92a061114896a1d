"""The team, keys for programs, one's own account, and what each role is offered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import APIRequestContext, Browser, Page, expect

from tests.harness.patience import PATIENCE_MS

from .gateway import Gateway

pytestmark = pytest.mark.asyncio(loop_scope="session")


@asynccontextmanager
async def a_window(browser: Browser) -> AsyncIterator[Page]:
    """Provide a page of another user, with its own cookies."""
    context = await browser.new_context(reduced_motion="reduce")
    context.set_default_timeout(PATIENCE_MS)
    yield await context.new_page()
    await context.close()


async def add_member(page: Page, gateway: Gateway, email: str, role: str) -> str:
    """Through the page; the password that is shown is the answer."""
    await page.goto(f"{gateway.dashboard}/dashboard/team")
    await page.get_by_role("button", name="Add user").click()
    form = page.get_by_test_id("invite-form")
    await form.get_by_label("Email").fill(email)
    await form.get_by_label("Role").select_option(role)
    await form.get_by_role("button", name="Add user").click()
    values = page.get_by_test_id("shown-once").locator(".credential__value")
    await expect(values.first).to_have_text(email)
    password = await values.nth(1).inner_text()
    await page.get_by_role("button", name="I have saved it").click()
    return password


async def sign_in(page: Page, gateway: Gateway, email: str, password: str) -> None:
    await page.goto(f"{gateway.dashboard}/login")
    await page.get_by_test_id("email-input").fill(email)
    await page.get_by_test_id("password-input").fill(password)
    await page.get_by_test_id("login-button").click()


async def test_a_new_user_signs_in_with_the_password_that_was_shown_once(
    page: Page, browser: Browser, gateway: Gateway
):
    password = await add_member(page, gateway, "asha@example.com", "support")
    row = page.get_by_test_id("member-row").filter(has_text="asha@example.com")
    await expect(row).to_contain_text("never")
    async with a_window(browser) as theirs:
        await sign_in(theirs, gateway, "asha@example.com", password)
        await expect(theirs.get_by_test_id("dashboard")).to_be_visible()
        await row.get_by_role("button", name="Disable").click()
        await expect(row).to_contain_text("disabled")

        # Their session is over too, at the next thing they ask.
        await expect(theirs.get_by_test_id("login-form")).to_be_visible()


async def test_a_role_sees_allowed_actions_and_why_others_are_disabled(
    page: Page, browser: Browser, gateway: Gateway
):
    password = await add_member(page, gateway, "ravi@example.com", "read_only")
    payment = await gateway.pay()
    async with a_window(browser) as theirs:
        await sign_in(theirs, gateway, "ravi@example.com", password)
        await expect(theirs.get_by_test_id("dashboard")).to_be_visible()
        await theirs.goto(f"{gateway.dashboard}/dashboard/transactions/{payment['id']}")
        refund = theirs.get_by_test_id("refund-button")
        await expect(refund).to_have_attribute("aria-disabled", "true")
        reason = "This needs the role support; yours is read_only"
        await expect(refund).to_have_attribute("title", reason)
        await refund.click(force=True)

        await expect(theirs.get_by_role("dialog")).to_be_hidden()


async def test_a_key_works_until_it_is_revoked_and_its_secret_is_shown_once(
    page: Page, gateway: Gateway
):
    await page.goto(f"{gateway.dashboard}/dashboard/keys")
    await page.get_by_role("button", name="Create key").click()
    form = page.get_by_test_id("key-form")
    await form.get_by_label("Label").fill("shop server")
    await form.get_by_role("button", name="Create key").click()
    values = page.get_by_test_id("shown-once").locator(".credential__value")
    key, secret = await values.nth(0).inner_text(), await values.nth(1).inner_text()
    await page.get_by_role("button", name="I have saved it").click()
    row = page.get_by_test_id("key-row").filter(has_text=key)
    await expect(row).not_to_contain_text(secret)
    headers = {"X-Api-Key": key, "X-Api-Secret": secret}
    asked = f"{gateway.client.base}/api/v1/payments/stats"
    async with a_client(page, headers) as context:
        assert (await context.get(asked)).status == 200
        await row.get_by_role("button", name="Revoke").click()
        await page.get_by_test_id("confirm-button").click()
        await expect(row).to_contain_text("revoked")

        assert (await context.get(asked)).status == 401


@asynccontextmanager
async def a_client(page: Page, headers: dict[str, str]) -> AsyncIterator[APIRequestContext]:
    """Provide a program that has these headers and no cookies."""
    browser = page.context.browser
    assert browser is not None
    context = await browser.new_context(extra_http_headers=headers)
    yield context.request
    await context.close()


async def test_a_new_password_replaces_the_old_one(page: Page, browser: Browser, gateway: Gateway):
    password = await add_member(page, gateway, "mira@example.com", "developer")
    async with a_window(browser) as theirs:
        await sign_in(theirs, gateway, "mira@example.com", password)
        await expect(theirs.get_by_test_id("dashboard")).to_be_visible()
        await theirs.goto(f"{gateway.dashboard}/dashboard/account")
        form = theirs.get_by_test_id("password-form")
        await form.get_by_label("Current password").fill("not this one")
        await form.get_by_label("New password").fill("a new and long password")
        await form.get_by_role("button", name="Change password").click()
        await expect(form.get_by_role("alert")).to_be_visible()
        await form.get_by_label("Current password").fill(password)
        await form.get_by_role("button", name="Change password").click()
        await expect(theirs.get_by_text("Password changed", exact=False).first).to_be_visible()
    async with a_window(browser) as again:
        await sign_in(again, gateway, "mira@example.com", "a new and long password")

        await expect(again.get_by_test_id("dashboard")).to_be_visible()
