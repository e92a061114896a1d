"""Installed plugins: their health, panels and settings."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.harness.apps import KEYS
from tests.harness.databases import Databases

from .extended import Extended, Knobs, open_extended
from .gateway import Gateway
from .test_accessibility import described, in_both_themes, wider

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def installation(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Extended]:
    database_url = await databases.clone()
    async with open_extended(database_url, tmp_path_factory.mktemp("extended")) as running:
        yield running
    await databases.drop(database_url)


@pytest_asyncio.fixture(loop_scope="session")
async def extended(installation: Extended) -> Extended:
    """Provide a gateway whose plugin works and has its default settings."""
    values = dict.fromkeys(Knobs.model_fields)
    del values["region"]
    answer = await installation.app.call("PUT", "/plugins/acme/config", json={"values": values})
    assert answer.status == 200, answer
    assert set((await stored(installation))["sources"].values()) == {"default", "environment"}  # type: ignore[attr-defined]
    installation.acme.is_broken = False
    return installation


async def open_acme(page: Page, extended: Extended) -> None:
    await page.goto(f"{extended.dashboard}/dashboard/plugins/acme")
    await expect(page.get_by_test_id("plugin-settings")).to_be_visible()


async def stored(extended: Extended) -> dict[str, object]:
    answer = await extended.app.call("GET", "/plugins")
    config = next(each for each in answer.json["data"] if each["id"] == "acme")["config"]
    return {**config["values"], "sources": config["source"]}


async def sign_in_as(page: Page, extended: Extended, role: str, *, is_operator: bool) -> None:
    """Sign in as a user with that role, with or without operator rights."""
    email = f"{role}@example.com"
    answer = await extended.app.call("POST", "/team", json={"email": email, "role": role})
    if is_operator:
        await extended.app.rows("UPDATE users SET is_operator = true WHERE email = $1", email)
    await page.goto(f"{extended.dashboard}/login")
    await page.get_by_test_id("email-input").fill(email)
    await page.get_by_test_id("password-input").fill(answer.json["password"])
    await page.get_by_test_id("login-button").click()
    await expect(page.get_by_test_id("dashboard")).to_be_visible()


async def test_installed_plugins_are_listed_with_what_they_offer(page: Page, gateway: Gateway):
    await gateway.pay()
    await page.goto(f"{gateway.dashboard}/dashboard/plugins")
    row = page.get_by_test_id("plugin-row").filter(has_text="upi_sim")
    await expect(row).to_contain_text("UPI · 1 processor")
    await row.get_by_role("link", name="upi_sim").click()

    await expect(page.get_by_role("heading", name="upi_sim", exact=True)).to_be_visible()
    await expect(page.get_by_text("installed by the package paygate-upi-sim")).to_be_visible()
    processor = page.get_by_test_id("plugin-processor")
    for words in (
        "collect",
        "intent",
        "qr",
        "authorization and one partial capture",
        "several partial refunds",
    ):
        await expect(processor).to_contain_text(words)
    # Its answers took some time, so some calls have been counted.
    health = page.get_by_test_id("plugin-health")
    await expect(health).to_contain_text("95% within")


async def test_a_call_without_an_outcome_is_shown_with_its_reason(page: Page, gateway: Gateway):
    body = {"order_id": await gateway.order(), "method": "upi", "vpa": "asha@paytm"}
    status, _ = await gateway.client.call(
        "POST",
        "/api/v1/payments",
        json=body,
        headers={**KEYS, "Paygate-Scenario": "unknown_then_approved"},
    )
    assert status == 201
    await page.goto(f"{gateway.dashboard}/dashboard/plugins/upi_sim")

    trouble = page.get_by_test_id("plugin-health").locator("div", has_text="Last error").last
    await expect(trouble.locator(".text--bad")).not_to_have_text("")


async def test_saved_settings_are_stored_and_need_a_restart(extended: Extended, page: Page):
    await open_acme(page, extended)
    form = page.get_by_test_id("plugin-settings")
    await expect(page.get_by_test_id("plugin-pending")).to_be_hidden()
    await form.get_by_label("Share", exact=True).fill("0.25")
    await form.get_by_label("Mode", exact=True).select_option("careful")
    await form.get_by_role("checkbox", name="Is Strict").check()
    await form.get_by_label("Currencies", exact=True).fill("INR, USD")
    await form.get_by_label("Limits", exact=True).fill('{"INR": 500}')
    await form.get_by_label("Api Key", exact=True).fill("s3cret-value")
    await form.get_by_role("button", name="Save").click()

    await expect(page.get_by_test_id("plugin-pending")).to_contain_text("Restart required")
    await expect(form.get_by_label("Api Key", exact=True)).to_have_value("")
    kept = await stored(extended)
    assert kept["share"] == 0.25
    assert (kept["mode"], kept["is_strict"]) == ("careful", True)
    assert (kept["currencies"], kept["limits"]) == (["INR", "USD"], {"INR": 500})
    sources = kept["sources"]
    assert isinstance(sources, dict)
    # Only changed values were sent.
    assert (sources["api_key"], sources["label"], sources["attempts"]) == (
        "stored", "default", "default",
    )  # fmt: skip
    assert "s3cret" not in await page.content()


async def test_a_setting_is_reset_and_a_secret_is_deleted(extended: Extended, page: Page):
    await open_acme(page, extended)
    form = page.get_by_test_id("plugin-settings")
    await form.get_by_label("Label", exact=True).fill("loud")
    await form.get_by_label("Api Key", exact=True).fill("s3cret-value")
    await form.get_by_role("button", name="Save").click()
    await form.get_by_role("button", name="Reset to default: Label").click()
    await expect(form.get_by_label("Label", exact=True)).to_have_value("plain")
    await form.get_by_role("button", name="Delete: Api Key").click()

    await expect(page.get_by_test_id("plugin-pending")).to_be_hidden()
    assert set((await stored(extended))["sources"].values()) == {"default", "environment"}  # type: ignore[attr-defined]


async def test_settings_of_the_environment_are_read_only(extended: Extended, page: Page):
    await open_acme(page, extended)
    region = page.get_by_label("Region", exact=True)

    await expect(region).to_have_value("south")
    await expect(region).to_be_disabled()
    await expect(page.get_by_text("Set by the environment")).to_be_visible()
    save = page.get_by_role("button", name="Save")
    await expect(save).to_have_attribute("title", "There are no changes")


async def test_plugin_errors_are_shown_beside_the_field(extended: Extended, rough_page: Page):
    page = rough_page
    await open_acme(page, extended)
    form = page.get_by_test_id("plugin-settings")
    await form.get_by_label("Limits", exact=True).fill('{"INR": "many"}')
    await form.get_by_role("button", name="Save").click()
    await expect(form.get_by_role("alert")).to_contain_text("limits")
    await expect(form.get_by_label("Limits", exact=True)).to_have_value('{"INR": "many"}')
    await form.get_by_label("Limits", exact=True).fill('{"INR": ')
    await form.get_by_role("button", name="Save").click()

    await expect(form.get_by_role("alert")).to_contain_text("not valid JSON")
    assert (await stored(extended))["limits"] == {"INR": 100}


async def test_an_operator_without_the_role_owner_can_only_read(extended: Extended, page: Page):
    await sign_in_as(page, extended, "developer", is_operator=True)
    await open_acme(page, extended)

    reason = "This needs the role owner; yours is developer"
    await expect(page.get_by_test_id("plugin-settings")).to_contain_text(reason)
    await expect(page.get_by_role("button", name="Save")).to_have_attribute("title", reason)
    for label in ("Share", "Mode", "Api Key"):
        await expect(page.get_by_label(label, exact=True)).to_be_disabled()


async def test_without_the_operator_right_only_panels_are_shown(extended: Extended, page: Page):
    await sign_in_as(page, extended, "owner", is_operator=False)
    for path in ("plugins", "plugins/acme"):
        await page.goto(f"{extended.dashboard}/dashboard/{path}")
        await expect(page.get_by_text("This requires an operator")).to_be_visible()
        rules = page.get_by_test_id("plugin-panel").filter(has_text="Rules in force")
        await expect(rules).to_contain_text("no more than nine a minute")

    await expect(page.get_by_test_id("plugin-settings")).to_have_count(0)


async def test_panels_are_shown_in_their_place_and_on_the_plugins_page(
    extended: Extended, page: Page
):
    panels = page.get_by_test_id("plugin-panel")
    await page.goto(f"{extended.dashboard}/dashboard")
    await expect(panels).to_have_count(1)
    await expect(panels).to_contain_text("12.5 ms")
    await expect(panels).to_contain_text("1,234")
    await page.goto(f"{extended.dashboard}/dashboard/transactions")
    await expect(panels).to_have_count(1)
    cells = panels.get_by_role("row").nth(1).get_by_role("cell")
    await expect(cells).to_have_text(["asha@paytm", "1,200", "yes"])
    await panels.get_by_role("link", name="acme").click()

    await expect(page.get_by_test_id("plugin-offers")).to_contain_text("paygate x acme reconcile")
    await expect(page.get_by_test_id("plugin-offers")).to_contain_text("GET /plugins/acme/rates/")
    await expect(panels).to_have_count(3)


async def test_a_failing_panel_shows_an_error_and_others_work(extended: Extended, rough_page: Page):
    page = rough_page
    extended.acme.is_broken = True
    await page.goto(f"{extended.dashboard}/dashboard/plugins/acme")
    broken = page.get_by_test_id("plugin-panel").filter(has_text="Looked at today")
    await expect(broken.get_by_role("alert")).to_contain_text("The plugin acme failed")
    other = page.get_by_test_id("plugin-panel").filter(has_text="Rules in force")
    await expect(other).to_contain_text("no more than nine a minute")
    extended.acme.is_broken = False
    await broken.get_by_role("button", name="Try again").click()

    await expect(broken).to_contain_text("1,234")


async def test_an_unknown_plugin_shows_not_found(page: Page, gateway: Gateway):
    await page.goto(f"{gateway.dashboard}/dashboard/plugins/nothing")

    await expect(page.get_by_text("There is no plugin nothing")).to_be_visible()


async def test_settings_and_panels_are_accessible(extended: Extended, page: Page):
    await extended.app.call(
        "PUT", "/plugins/acme/config", json={"values": {"label": "loud", "api_key": "s3cret"}}
    )
    await open_acme(page, extended)
    await expect(page.get_by_test_id("plugin-pending")).to_be_visible()
    await expect(page.locator(".skeleton")).to_have_count(0)

    assert described(await in_both_themes(page)) == []
    assert await wider(page) == []
