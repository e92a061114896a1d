"""Which pages may use which routes, and by which names a development server is reached."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from paygate.bootstrap import pages
from paygate.settings import read_settings
from tests.harness.apps import KEYS, TestApp, running_app
from tests.harness.fakes import Fakes
from tests.harness.route_table import routes_of

EVIL = "https://evil.example"
LOCAL = ("http://localhost:5173", "http://127.0.0.1:8080", "http://[::1]:1", "http://a.localhost")
FOREIGN = (EVIL, "null", "http://localhost.evil.example", "http://192.168.1.7", "http://[")
PAGES = ("/dashboard", "/login", "/dashboard.html", "/docs/api", "/openapi.json", "/simulator/bank")
SHOPPERS_PAGES = ("/checkout", "/checkout.js", "/sdk/checkout.js", "/checkout/integrity.json")


async def ask(app: TestApp, method: str, path: str, **headers: str) -> Mapping[str, Any]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = await app.client.open(path, method=method, headers=named)
    return {"status": answer.status_code, **{n.lower(): v for n, v in answer.headers.items()}}


def allowed(answer: Mapping[str, Any]) -> str | None:
    return answer.get("access-control-allow-origin")


async def test_every_route_declares_its_cors_policy(app: TestApp):
    routes = list(routes_of(app))
    for route in routes:
        path = route.path(dict.fromkeys(route.places, "none"))
        preflight = {"Access_Control_Request_Method": route.method}
        foreign = await ask(app, "OPTIONS", path, Origin=EVIL, **preflight)
        local = await ask(app, "OPTIONS", path, Origin=LOCAL[0], **preflight)
        is_open = route.documentation.access == "browser" or route.documentation.from_any_page

        assert allowed(foreign) == ("*" if is_open else None), str(route)
        assert allowed(local) == ("*" if is_open else LOCAL[0]), str(route)
    shoppers = {str(route) for route in routes if route.documentation.is_for_any_page}
    assert {each.removeprefix("GET /api/v1") for each in shoppers} >= {
        "POST /api/v1/payments/public",
        "/orders/<order_id>/public",
        "/payments/<payment_id>/public",
        "/checkout/methods",
    }


@pytest.mark.parametrize("origin", [*LOCAL, *FOREIGN])
async def test_routes_with_keys_answer_only_pages_of_this_machine(app: TestApp, origin: str):
    expected = origin if origin in LOCAL else None
    for method, path in (("GET", "/api/v1/orders"), ("GET", "/api/v1/test/merchant")):
        answer = await ask(app, method, path, Origin=origin)
        assert (allowed(answer), answer["vary"]) == (expected, "Origin")
        assert "access-control-allow-credentials" not in answer
    for path in PAGES:
        assert allowed(await ask(app, "GET", path, Origin=origin)) == expected, path
    for path in SHOPPERS_PAGES:
        assert allowed(await ask(app, "GET", path, Origin=origin)) == "*", path


async def test_foreign_pages_change_nothing_without_keys(app: TestApp):
    namespaces = "SELECT count(*) FROM merchants"
    before = await app.value(namespaces)
    tests = [f"/api/v1/test/{path}" for path in ("namespaces", "clock/advance", "orders")]
    for path in (*tests, "/api/v1/session"):
        answer = await ask(app, "POST", path, Origin=EVIL, Content_Type="text/plain")
        assert answer["status"] == 403, path

    assert await app.value(namespaces) == before
    assert (await ask(app, "POST", "/api/v1/test/namespaces", Origin=LOCAL[1]))["status"] == 201
    assert (await ask(app, "POST", "/api/v1/test/namespaces"))["status"] == 201


async def test_a_shop_page_opened_from_a_file_can_take_payments(app: TestApp):
    order = await app.order()
    body = {"order_id": order, "method": "coin"}
    shown = await app.call("GET", f"/orders/{order}/public", keys={"Origin": "null"})
    paid = await app.call("POST", "/payments/public", keys={"Origin": "null"}, json=body)

    assert (shown.status, paid.status) == (200, 201)
    assert shown.headers["Access-Control-Allow-Origin"] == "*"
    assert paid.headers["Access-Control-Allow-Origin"] == "*"


async def test_shoppers_routes_accept_tracing_headers(app: TestApp):
    asked = {"Access_Control_Request_Headers": "content-type, traceparent, sentry-trace"}
    method = {"Access_Control_Request_Method": "POST"}
    public, keyed = [
        await ask(app, "OPTIONS", path, Origin=LOCAL[0], **asked, **method)
        for path in ("/api/v1/payments/public", "/api/v1/payments")
    ]

    assert public["access-control-allow-headers"].endswith("traceparent, sentry-trace")
    assert "traceparent" not in keyed["access-control-allow-headers"]


@pytest.mark.parametrize(
    ("configured", "origin", "expected"),
    [
        ("https://desk.example", "https://desk.example", "https://desk.example"),
        ("https://Desk.example/", "https://desk.example", "https://desk.example"),
        ("https://desk.example", EVIL, None),
        ("*", EVIL, EVIL),
    ],
)
async def test_configured_origins_are_answered(
    database_url: str, tmp_path: Path, fakes: Fakes, configured: str, origin: str, expected: Any
):
    environ = {"PAYGATE_ALLOWED_ORIGINS": configured}
    async with running_app(
        database_url, tmp_path, plugins=fakes.found(), environ=environ
    ) as running:
        answer = await running.call("GET", "/orders", keys={**KEYS, "Origin": origin})

    assert answer.status == 200
    assert answer.headers.get("Access-Control-Allow-Origin") == expected


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8000", 200),
        ("shop.localhost", 200),
        ("127.0.0.1:8000", 200),
        ("[::1]:8000", 200),
        ("192.168.1.7:8000", 200),
        ("evil.example", 403),
        ("localhost.evil.example:8000", 403),
        ("127.0.0.1.evil.example", 403),
        ("box.lan", 403),
        ("", 403),
    ],
)
async def test_a_development_server_accepts_only_its_host_names(
    app: TestApp, host: str, status: int
):
    for path in ("/health", "/dashboard", "/api/v1/test/merchant", "/checkout"):
        assert (await ask(app, "GET", path, Host=host))["status"] == status, path


async def test_host_names_are_configurable_and_not_checked_in_production(
    database_url: str, tmp_path: Path, fakes: Fakes
):
    named = {"PAYGATE_ALLOWED_HOSTS": "box.lan", "DASHBOARD_URL": "http://desk.lan:3000"}
    production = {
        "PAYGATE_ENV": "production",
        "PAYGATE_VAULT_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        "PAYGATE_HSTS_SECONDS": "600",
    }
    async with running_app(
        database_url, tmp_path, plugins=fakes.found(), environ=production
    ) as live:
        answers = [
            (await ask(live, "GET", path, Host="pay.example"))
            for path in ("/health", *PAGES[3:5], "/__routes")
        ]
        receiver = await ask(live, "POST", "/debug/webhook-receiver", Host="pay.example")
    async with running_app(database_url, tmp_path, plugins=fakes.found(), environ=named) as running:
        by_name = [
            (await ask(running, "GET", "/health", Host=host))["status"]
            for host in ("box.lan:8000", "desk.lan", "other.lan")
        ]

    assert by_name == [200, 200, 403]
    assert [answer["status"] for answer in answers] == [200, 404, 404, 404]
    assert receiver["status"] in {404, 405}
    assert answers[0]["strict-transport-security"] == "max-age=600"


@pytest.mark.parametrize("kind", ["dashboard", "checkout"])
async def test_pages_on_their_own_ports_check_host_names(kind: Any):
    client = pages(kind, read_settings({})).test_client()
    path = "/login" if kind == "dashboard" else "/checkout"
    here = await client.get(path, headers={"Origin": EVIL})
    elsewhere = await client.get(path, headers={"Host": "evil.example"})

    assert here.headers.get("Access-Control-Allow-Origin") == (None if kind == "dashboard" else "*")
    assert elsewhere.status_code == 403
