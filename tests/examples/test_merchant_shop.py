"""The sample shop sells, and believes its webhooks and nobody else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from paygate_webhook_http.signature import plain_signature
from tests.conformance.receivers.programs import Program, shop
from tests.harness.processes import Client, stack

SETTLED_WITHIN_S = 60.0
SECRET = "whsec_test_abc123"


@dataclass
class Visit:
    """A shopper's browser in the shop."""

    shop: Program
    api: Client

    async def buy(self, item: str, **more: str) -> tuple[int, Any]:
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.shop.base}/buy", data={"item": item, **more}) as answer,
        ):
            return answer.status, await answer.json()

    async def pay(self, order: dict[str, str], vpa: str = "asha@paytm") -> str:
        """As the checkout page does, without the shop's keys."""
        body = {
            "order_id": order["orderId"],
            "client_secret": order["clientSecret"],
            "method": "upi",
            "vpa": vpa,
        }
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.api.base}/api/v1/payments/public", json=body) as answer,
        ):
            assert answer.status == 201, await answer.text()
            return str((await answer.json())["id"])

    async def sale(self, order: dict[str, str]) -> Any:
        return await self.shop.read(f"/sales/{order['orderId']}")

    async def until(self, order: dict[str, str], status: str) -> Any:
        async with asyncio.timeout(SETTLED_WITHIN_S):
            while (sale := await self.sale(order))["status"] != status:
                await asyncio.sleep(0.05)
        return sale


@pytest.fixture
async def visit(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Visit]:
    environ = {
        "TEST_MODE": "true",
        "TEST_PROCESSING_DELAY": "0",
        "REFUND_DELAY_MIN": "0",
        "REFUND_DELAY_MAX": "0",
        "PAYGATE_REQUIRE_CLIENT_SECRET": "true",
    }
    async with stack(database_url, redis_url, tmp_path, environ) as gateway:
        api = await gateway.serve()
        await gateway.start("work")
        async with shop(api.base) as program:
            yield Visit(program, api)


async def test_a_sale_is_paid_when_a_webhook_says_so_and_refunded_likewise(visit: Visit):
    _, order = await visit.buy("cup")
    before = await visit.sale(order)
    payment_id = await visit.pay(order)
    paid = await visit.until(order, "paid")
    await visit.api.call("POST", f"/api/v1/payments/{payment_id}/refunds", json={"amount": 49_900})
    refunded = await visit.until(order, "refunded")

    assert before == {"status": "open", "paymentId": None}
    assert paid["paymentId"] == refunded["paymentId"] == payment_id


async def test_a_sale_whose_payment_failed_can_be_paid_after_all(visit: Visit):
    _, order = await visit.buy("tea")
    await visit.pay(order, "failure@upi")
    await visit.until(order, "failed")
    second = await visit.pay(order)

    assert (await visit.until(order, "paid"))["paymentId"] == second


async def test_the_price_is_the_shops(visit: Visit):
    status, order = await visit.buy("pot", amount="100", price="100")
    _, known = await visit.api.call("GET", f"/api/v1/orders/{order['orderId']}")

    assert status == 200
    assert order.keys() == {"key", "orderId", "clientSecret"}
    assert (known["amount"], known["currency"]) == (149_900, "INR")


async def test_what_is_not_sold_is_not_ordered(visit: Visit):
    status, answer = await visit.buy("castle")
    _, orders = await visit.api.call("GET", "/api/v1/orders?limit=10&offset=0")

    assert (status, answer) == (400, {"error": "We do not sell that"})
    assert orders["total"] == 0


async def test_a_webhook_that_is_not_signed_sells_nothing(visit: Visit):
    _, order = await visit.buy("tea")
    data = {"order_id": order["orderId"], "payment_id": "pay_forged"}
    body = json.dumps({"event": "payment.success", "data": data}).encode()
    forged = {"X-Webhook-Signature": plain_signature(body, "whsec_another1")}
    refused = await visit.shop.post(body, forged)
    still = await visit.sale(order)
    # The same words, rightly signed: it is the signature that was missing.
    taken = await visit.shop.post(body, {"X-Webhook-Signature": plain_signature(body, SECRET)})

    assert (refused, still["status"]) == (401, "open")
    assert (taken, (await visit.sale(order))["status"]) == (200, "paid")


async def test_late_and_doubled_webhooks_do_not_turn_a_sale_back(visit: Visit):
    _, order = await visit.buy("tea")
    answers = []
    for event in ("payment.success", "payment.failed", "payment.pending", "payment.success"):
        data = {"order_id": order["orderId"], "payment_id": "pay_1"}
        body = json.dumps({"event": event, "data": data}).encode()
        headers = {"X-Webhook-Signature": plain_signature(body, SECRET)}
        answers.append(await visit.shop.post(body, headers))

    assert answers == [200] * 4
    assert (await visit.sale(order))["status"] == "paid"


async def test_the_page_loads_the_checkout_and_never_holds_the_secret(visit: Visit):
    async with aiohttp.ClientSession() as session, session.get(visit.shop.base) as answer:
        html = await answer.text()
    items = await visit.shop.read("/items")

    assert f'<script src="{visit.api.base}/checkout.js"></script>' in html
    assert "{{" not in html
    assert "secret_test" not in html
    assert {item["id"]: item["price"] for item in items} == {
        "tea": 24_900,
        "cup": 49_900,
        "pot": 149_900,
    }
