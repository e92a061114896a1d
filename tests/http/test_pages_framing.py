"""The server of the checkout page asks the API who may frame it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from paygate.bootstrap import pages
from paygate.settings import read_settings
from tests.harness.processes import free_port

SHOP = "https://shop.example"
SIMULATOR = '<meta name="paygate-simulator" content="/simulator">'
"""Where this is empty, the page takes payers for people and offers nothing to try."""
MODES = {"development": {}, "production": {"PAYGATE_ENV": "production"}}


@asynccontextmanager
async def api(policy: str | None, status: int = 200) -> AsyncIterator[tuple[str, list[str]]]:
    """Provide an API that sends this policy with its page; its address, and what it was asked."""
    asked: list[str] = []

    async def page(request: web.Request) -> web.Response:
        asked.append(request.query_string)
        assert request.host == "pay.example"
        headers = {} if policy is None else {"Content-Security-Policy": policy}
        return web.Response(status=status, headers=headers)

    app = web.Application()
    app.router.add_get("/checkout", page)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield f"http://127.0.0.1:{port}", asked
    await runner.cleanup()


async def framing(address: str, query: str) -> list[str]:
    environ = {"PAYGATE_API_URL": "https://pay.example", "PAYGATE_API_INTERNAL_URL": address}
    client = pages("checkout", read_settings(environ)).test_client()
    answer = await client.get(f"/checkout{query}")
    policy = answer.headers["Content-Security-Policy"]
    assert "connect-src 'self' https://pay.example" in policy, "browsers go to the public address"
    return [part.strip() for part in policy.split(";") if "frame-ancestors" in part]


async def test_the_pages_server_sends_the_framing_policy_of_the_api():
    async with api(f"default-src 'none'; frame-ancestors {SHOP} https://b.example") as (
        base,
        asked,
    ):
        rule = await framing(base, "?order_id=a%2Db&payment_id=p&embedded=true")

    assert rule == [f"frame-ancestors {SHOP} https://b.example"]
    assert asked == ["order_id=a-b&payment_id=p"]


async def test_the_api_is_not_asked_about_invalid_ids():
    async with api("default-src 'none'") as (base, asked):
        assert await framing(base, "?order_id=%2Fa%26b") == ["frame-ancestors 'none'"]
    assert asked == []


async def test_without_a_policy_of_the_api_any_page_may_frame_it():
    async with api("default-src 'none'") as (base, _):
        assert await framing(base, "?order_id=x") == []


async def test_without_an_order_the_api_is_not_asked():
    async with api(None) as (base, asked):
        assert await framing(base, "") == []
    assert asked == []


@pytest.mark.parametrize("status", [204, 301, 302, 307, 404, 500, 503])
async def test_no_page_may_frame_it_if_the_api_fails(status: int):
    async with api("default-src 'none'", status) as (base, _):
        assert await framing(base, "?order_id=x") == ["frame-ancestors 'none'"]


async def test_no_page_may_frame_it_if_another_server_responds():
    async with api(None) as (base, _):
        assert await framing(base, "?order_id=x") == ["frame-ancestors 'none'"]


async def test_no_page_may_frame_it_if_the_api_is_unreachable(caplog: pytest.LogCaptureFixture):
    assert await framing(f"http://127.0.0.1:{free_port()}", "?order_id=x") == [
        "frame-ancestors 'none'"
    ]
    assert "PAYGATE_API_INTERNAL_URL" in caplog.text


async def test_in_production_no_test_order_is_offered():
    environ = {
        "PAYGATE_API_URL": "https://pay.example",
        "PAYGATE_API_INTERNAL_URL": "http://127.0.0.1:9",
    }
    shown = {}
    for mode in ("development", "production"):
        settings = read_settings({**environ, **MODES[mode]})
        answer = await pages("checkout", settings).test_client().get("/")
        shown[mode] = (answer.status_code, SIMULATOR in await answer.get_data(as_text=True))

    assert shown == {"development": (200, True), "production": (200, False)}
