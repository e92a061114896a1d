"""The docs page: its snippets do what they say."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Page, expect

from .gateway import Gateway, Receiver

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECTIONS = {
    "section-create-order": ("1. Create Order", "code-snippet-create-order"),
    "section-create-payment": (
        "Create a payment without the checkout",
        "code-snippet-create-payment",
    ),
    "section-sdk-integration": ("2. SDK Integration", "code-snippet-sdk"),
    "section-webhook-verification": ("3. Verify Webhook Signature", "code-snippet-webhook"),
}


async def shell(command: str) -> Any:
    """Run the command; return its output as JSON."""
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    return json.loads(output)


async def text_of(page: Page, test_id: str) -> str:
    return await page.get_by_test_id(test_id).inner_text()


async def test_the_sections_match_the_contract(page: Page, gateway: Gateway):
    await page.goto(f"{gateway.dashboard}/dashboard/docs")

    docs = page.get_by_test_id("api-docs")
    await expect(docs.locator("h2")).to_have_text("Integration Guide")
    for section, (title, snippet) in SECTIONS.items():
        await expect(docs.get_by_test_id(section).locator("h3")).to_have_text(title)
        code = docs.get_by_test_id(section).locator(f"pre[data-test-id={snippet}]")
        await expect(code).to_be_visible()


async def test_the_documented_commands_create_and_pay_an_order(page: Page, gateway: Gateway):
    await page.goto(f"{gateway.dashboard}/dashboard/docs")
    order = await shell(await text_of(page, "code-snippet-create-order"))
    command = await text_of(page, "code-snippet-create-payment")
    payment = await shell(command.replace("order_xyz", order["id"]))

    assert (order["amount"], order["receipt"]) == (50_000, "receipt_123")
    assert (payment["order_id"], payment["status"]) == (order["id"], "pending")


async def test_the_pinned_script_has_the_hash_of_the_served_file(page: Page, gateway: Gateway):
    await page.goto(f"{gateway.dashboard}/dashboard/docs")
    await expect(page.get_by_test_id("code-snippet-sdk-integrity")).to_be_visible()
    snippet = await text_of(page, "code-snippet-sdk-integrity")
    async with aiohttp.ClientSession() as session:
        served = await (await session.get(f"{gateway.client.base}/checkout.js")).read()
    digest = base64.b64encode(hashlib.sha384(served).digest()).decode()

    assert f'integrity="sha384-{digest}"' in snippet
    assert 'crossorigin="anonymous"' in snippet


async def test_the_python_example_accepts_only_genuine_webhooks(
    page: Page, gateway: Gateway, receiver: Receiver
):
    await page.goto(f"{gateway.dashboard}/dashboard/docs")
    secret = (await gateway.call("GET", "/merchant/config"))["webhook_secret"]
    await expect(page.get_by_test_id("code-snippet-webhook-python")).to_contain_text(secret)
    names: dict[str, Any] = {}
    exec(await text_of(page, "code-snippet-webhook-python"), names)
    await gateway.call("POST", "/merchant/webhook/test", {})
    async with asyncio.timeout(60):
        while not receiver.taken:
            await asyncio.sleep(0.02)
    headers, body = receiver.taken[-1]

    assert names["is_genuine"](body, headers["X-Webhook-Signature"])
    assert not names["is_genuine"](body + b" ", headers["X-Webhook-Signature"])
