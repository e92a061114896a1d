"""The sample shop sells, and relies only on its webhooks."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from paygate_webhook_http.signature import plain_signature
from tests.conformance.receivers.programs import MERCHANT, Program, shop
from tests.harness.processes import Client, free_port, stack

SETTLED_WITHIN_S = 60.0
DEFAULT_SECRET = "whsec_test_abc123"
"""What signs for the merchant's own endpoint, which the shop's is not."""


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

    async def endpoints(self) -> list[Any]:
        """Return the merchant's endpoints, the default one first."""
        _, answer = await self.api.call("GET", "/api/v1/webhook-endpoints")
        return list(answer["data"])

    async def again(self, event: str) -> None:
        """Have the last webhook of that name sent once more, and wait until it was."""
        _, found = await self.api.call("GET", f"/api/v1/webhooks?event={event}")
        path = f"/api/v1/webhooks/{found['data'][0]['id']}"
        before = len(await self.shop.read("/webhooks"))
        await self.api.call("POST", f"{path}/retry")
        async with asyncio.timeout(SETTLED_WITHIN_S):
            while len(await self.shop.read("/webhooks")) == before:
                await asyncio.sleep(0.05)

    async def until(self, order: dict[str, str], status: str) -> Any:
        async with asyncio.timeout(SETTLED_WITHIN_S):
            while (sale := await self.sale(order))["status"] != status:
                await asyncio.sleep(0.05)
        return sale


def signed(body: bytes, secret: str) -> dict[str, str]:
    return {"X-Webhook-Signature": plain_signature(body, secret)}


@asynccontextmanager
async def running_shop(
    paygate: str, port: int, *, is_up: bool = True
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Provide the shop at that port, once it says that it is open."""
    command = (str(MERCHANT / "shop.py"), "--port", str(port), "--paygate", paygate)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, stdout=pipe, stderr=pipe
    )
    try:
        if is_up and process.stdout:
            line = await asyncio.wait_for(process.stdout.readline(), SETTLED_WITHIN_S)
            assert f"http://localhost:{port}".encode() in line
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


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


async def test_webhooks_mark_a_sale_as_paid_and_refunded(visit: Visit):
    _, order = await visit.buy("cup")
    before = await visit.sale(order)
    payment_id = await visit.pay(order)
    paid = await visit.until(order, "paid")
    await visit.api.call("POST", f"/api/v1/payments/{payment_id}/refunds", json={"amount": 49_900})
    refunded = await visit.until(order, "refunded")

    assert before == {"status": "open", "paymentId": None}
    assert paid["paymentId"] == refunded["paymentId"] == payment_id


async def test_a_sale_can_be_paid_after_a_failed_payment(visit: Visit):
    _, order = await visit.buy("tea")
    await visit.pay(order, "failure@upi")
    await visit.until(order, "failed")
    second = await visit.pay(order)

    assert (await visit.until(order, "paid"))["paymentId"] == second


async def test_the_shop_sets_the_price(visit: Visit):
    status, order = await visit.buy("pot", amount="100", price="100")
    _, known = await visit.api.call("GET", f"/api/v1/orders/{order['orderId']}")

    assert status == 200
    assert order.keys() == {"key", "orderId", "clientSecret"}
    assert (known["amount"], known["currency"]) == (149_900, "INR")


async def test_an_unknown_article_is_not_ordered(visit: Visit):
    status, answer = await visit.buy("castle")
    _, orders = await visit.api.call("GET", "/api/v1/orders?limit=10&offset=0")

    assert (status, answer) == (400, {"error": "Unknown item"})
    assert orders["total"] == 0


@pytest.mark.parametrize("secret", ["whsec_another1", DEFAULT_SECRET, ""])
async def test_a_webhook_with_a_wrong_signature_changes_no_sale(visit: Visit, secret: str):
    data = {"order_id": "order_1", "payment_id": "pay_forged"}
    body = json.dumps({"event": "payment.success", "data": data}).encode()
    before_any_sale = await visit.shop.post(body, signed(body, secret))
    _, order = await visit.buy("tea")
    data["order_id"] = order["orderId"]
    body = json.dumps({"event": "payment.success", "data": data}).encode()
    refused = await visit.shop.post(body, signed(body, secret))

    assert (before_any_sale, refused) == (401, 401)
    assert (await visit.sale(order))["status"] == "open"


async def test_late_and_duplicate_webhooks_do_not_revert_a_sale(visit: Visit):
    _, order = await visit.buy("tea")
    await visit.pay(order, "failure@upi")
    await visit.until(order, "failed")
    await visit.pay(order)
    await visit.until(order, "paid")
    for event in ("payment.failed", "payment.success"):
        await visit.again(event)
    webhooks = await visit.shop.read("/webhooks")

    assert (await visit.sale(order))["status"] == "paid"
    assert [(one["event"], one["status"]) for one in webhooks] == [
        ("payment.success", "paid"),
        ("payment.failed", "paid"),
        ("payment.success", "paid"),
        ("payment.failed", "failed"),
    ]


async def test_the_endpoint_is_created_with_the_first_sale(visit: Visit):
    theirs = {"webhook_url": "http://127.0.0.1:9/theirs"}
    await visit.api.call("PATCH", "/api/v1/merchant/webhook", json=theirs)
    before = await visit.endpoints()
    await visit.buy("tea")
    await visit.buy("cup")
    default, own = await visit.endpoints()

    assert before == [default]
    assert default["url"] == theirs["webhook_url"]
    assert own["url"] == f"http://localhost:{visit.shop.base.rpartition(':')[2]}/webhook"
    assert set(own["events"]) == {"payment.success", "payment.failed", "refund.processed"}


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
async def test_a_closed_shop_leaves_no_endpoint_and_the_next_removes_a_killed_ones(
    database_url: str, redis_url: str, tmp_path: Path, how: signal.Signals
):
    async with stack(database_url, redis_url, tmp_path, {}) as gateway:
        api = await gateway.serve()
        port = free_port()
        async with running_shop(api.base, port) as first:
            visit = Visit(Program(f"http://localhost:{port}"), api)
            await visit.buy("tea")
            there = len(await visit.endpoints())
            first.send_signal(how)
            await first.wait()
        left = len(await visit.endpoints())
        async with running_shop(api.base, port):
            afterwards = len(await visit.endpoints())

    assert (there, left, afterwards) == (2, 2 if how == signal.SIGKILL else 1, 1)


async def test_a_port_in_use_is_reported_before_an_endpoint_is_created(
    database_url: str, redis_url: str, tmp_path: Path
):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with running_shop("http://127.0.0.1:9", port, is_up=False) as shop:
            _, errors = await shop.communicate()

    assert shop.returncode == 1
    assert f"The shop cannot start: port {port} is not available" in errors.decode()
    assert "SHOP_PORT" in errors.decode()


async def test_the_page_loads_the_checkout_and_contains_no_secret(visit: Visit):
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
