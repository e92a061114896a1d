"""Routes and panels of plugins: their rights, and their isolation from each other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field, field_validator

from paygate import (
    Column,
    ExtensionContext,
    Figure,
    FiguresData,
    Panel,
    Route,
    RouteCall,
    RouteReply,
    TableData,
    hookimpl,
)
from paygate.core.accounts.model import Role
from paygate.plugins.host import Found
from tests.harness.apps import TestApp, running_app
from tests.harness.fakes import Fakes
from tests.harness.naming import named
from tests.harness.people import a_user, signed_in


class Rate(BaseModel):
    percent: float = Field(ge=0, le=100)

    @field_validator("percent")
    @classmethod
    def _check(cls, percent: float) -> float:
        if percent == 66:
            raise RuntimeError("a mistake of the plugin's")
        return percent


@dataclass
class Adds:
    """A plugin that adds the given extensions."""

    routes: list[Route] = field(default_factory=list)
    panels: list[Panel] = field(default_factory=list)

    @hookimpl
    def paygate_routes(self) -> Iterable[Route]:
        return self.routes

    @hookimpl
    def paygate_panels(self) -> Iterable[Panel]:
        return self.panels


@asynccontextmanager
async def extended(database_url: str, home: Path, **plugins: Adds) -> AsyncIterator[TestApp]:
    found = [Found(name, adds, "1") for name, adds in plugins.items()]
    environ = {"PAYGATE_PLUGIN_TIMEOUT": "0.3"}
    async with running_app(
        database_url, home, plugins=[*Fakes().found(), *found], environ=environ
    ) as app:
        yield app


async def get(app: TestApp, path: str, method: str = "GET", **kwargs: Any) -> Any:
    """Ask for a path outside ``/api``; what came back, and the raw answer."""
    headers = {"X-Api-Key": "key_test_abc123", "X-Api-Secret": "secret_test_xyz789"}
    headers = kwargs.pop("headers", headers)
    response = await app.client.open(path, method=method, headers=headers, **kwargs)
    shown = await response.get_json() if response.is_json else None
    app.contract.check(method, path, response.status_code, shown)
    return response, shown


async def test_a_route_gets_the_merchant_without_its_credentials(database_url: str, tmp_path: Path):
    calls: list[tuple[RouteCall, ExtensionContext]] = []

    async def show(call: RouteCall, context: ExtensionContext) -> Any:
        calls.append((call, context))
        assert context.history is not None
        seen = await context.history.payments(within=timedelta(hours=1), same="merchant")
        return {"currency": call.path["currency"], "payments": seen.payments}

    adds = Adds([Route("GET", "/rates/{currency}", show, "Show a rate")])
    async with extended(database_url, tmp_path, acme=adds) as app:
        await app.paid()
        response, shown = await get(app, "/plugins/acme/rates/INR?day=1&day=2")
        refused, _ = await get(app, "/plugins/acme/rates/INR", headers={})
        document = await (await app.client.get("/openapi.json")).get_json()
        written = document["paths"]["/plugins/acme/rates/{currency}"]["get"]

    assert (response.status_code, shown) == (200, {"currency": "INR", "payments": 1})
    assert refused.status_code == 401
    ((call, context),) = calls
    assert context.merchant_id is not None
    assert call.query == {"day": "1"}
    assert not any("api-key" in name or "secret" in name for name in call.headers)
    assert (written["x-paygate-plugin"], written["tags"]) == ("acme", ["plugins"])
    assert written["summary"] == "Show a rate"
    assert "plugins" in {tag["name"] for tag in document["tags"]}


async def test_a_public_route_needs_no_credentials(database_url: str, tmp_path: Path):
    async def page(_call: RouteCall, context: ExtensionContext) -> Any:
        assert context.merchant_id is None
        assert context.history is None
        return RouteReply(b"<script>alert(1)</script>", 200, "text/html")

    adds = Adds([Route("GET", "/page", page, "Show a page", access="anyone")])
    async with extended(database_url, tmp_path, acme=adds) as app:
        response, _ = await get(app, "/plugins/acme/page", headers={})
        body = await response.get_data()

    assert body == b"<script>alert(1)</script>"
    # A browser shows it, and runs nothing of it on the address of the dashboard.
    assert "sandbox" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("body", "status", "code", "named"),
    [
        ('{"percent": 3}', 201, None, None),
        ('{"percent": "many"}', 400, "BAD_REQUEST_ERROR", "percent"),
        ('{"percent": 101}', 400, "BAD_REQUEST_ERROR", "percent"),
        ("{}", 400, "BAD_REQUEST_ERROR", "percent"),
        ("[1]", 400, "BAD_REQUEST_ERROR", None),
        ("{", 400, "BAD_REQUEST_ERROR", None),
        ("", 400, "BAD_REQUEST_ERROR", "percent"),
        ('{"percent": 66}', 502, "PLUGIN_ERROR", None),
    ],
)
async def test_the_input_of_a_route_is_validated(
    database_url: str, tmp_path: Path, body: str, status: int, code: str | None, named: str | None
):
    async def change(call: RouteCall, _context: ExtensionContext) -> Any:
        assert isinstance(call.input, Rate)
        return RouteReply({"percent": call.input.percent}, status=201)

    adds = Adds([Route("POST", "/rates", change, "Set a rate", input=Rate)])
    async with extended(database_url, tmp_path, acme=adds) as app:
        response, shown = await get(app, "/plugins/acme/rates", "POST", data=body)

    assert response.status_code == status
    if code is not None:
        assert shown["error"]["code"] == code
        assert shown["error"].get("field") == named


async def test_changes_through_a_plugins_route_are_audited(database_url: str, tmp_path: Path):
    async def change(call: RouteCall, _context: ExtensionContext) -> Any:
        return RouteReply({}, status=int(call.path["status"]))

    adds = Adds([Route("POST", "/do/{status}", change, "Do it")])
    async with extended(database_url, tmp_path, acme=adds) as app:
        developer = await signed_in(app, await a_user(app, "d@x.y", Role.DEVELOPER))
        support = await signed_in(app, await a_user(app, "s@x.y", Role.SUPPORT))
        asked = [
            (await get(app, f"/plugins/acme/do/{status}", "POST", data=b"\xff", headers=caller))[0]
            for status, caller in ((201, developer), (409, developer), (201, support))
        ]
        # What was refused is written down too, a moment later.
        rows = await app.rows(
            "SELECT action, subject, actor_label FROM audit_log WHERE action LIKE 'plugin.%'"
        )

    assert [answer.status_code for answer in asked] == [201, 409, 403]
    assert [tuple(row.values()) for row in rows] == [("plugin.acme", "201", "d@x.y")]


FAILURES: list[Any] = [
    RuntimeError("password=hunter22"),
    SystemExit(1),
    asyncio.CancelledError(),
    object(),
    {"a": float("nan")},
    {1, 2},
    RouteReply({}, status=500),
    RouteReply({}, status=True),
    RouteReply(b"x", content_type="text/html\r\nSet-Cookie: a=b"),
    RouteReply(b"x" * 2_000_000),
    asyncio.sleep,
]


@pytest.mark.parametrize("answer", FAILURES, ids=named)
async def test_a_failing_route_is_a_502_without_details(
    database_url: str, tmp_path: Path, answer: Any
):
    async def fail(_call: RouteCall, _context: ExtensionContext) -> Any:
        if isinstance(answer, BaseException):
            raise answer
        return await answer(60) if answer is asyncio.sleep else answer

    async def work(_call: RouteCall, _context: ExtensionContext) -> Any:
        return {"well": True}

    bad = Adds([Route("GET", "/it", fail, "Fail")])
    good = Adds([Route("GET", "/it", work, "Work")])
    async with extended(database_url, tmp_path, bad=bad, good=good) as app:
        response, shown = await get(app, "/plugins/bad/it")
        _, well = await get(app, "/plugins/good/it")

    assert response.status_code == 502
    assert shown["error"]["code"] == "PLUGIN_ERROR"
    assert shown["error"]["description"] == "The plugin bad failed"
    assert well == {"well": True}


def figures(**values: Any) -> Any:
    async def data(_context: ExtensionContext) -> Any:
        return FiguresData([Figure(label, value) for label, value in values.items()])

    return data


async def test_panels_are_listed_and_drawn_from_plain_values(database_url: str, tmp_path: Path):
    async def rows(context: ExtensionContext) -> Any:
        assert context.history is not None
        seen = await context.history.payments(within=timedelta(hours=1), same="merchant")
        columns = [Column("who", "Who"), Column("count", "Count")]
        return TableData(columns, [{"who": "all", "count": seen.payments, "hidden": object()}])

    adds = Adds(
        panels=[
            Panel("daily", "Today", "figures", figures(Payments=3, Card="4111111111111111")),
            Panel("rows", "Rows", "table", rows, place="payments"),
        ]
    )
    async with extended(database_url, tmp_path, acme=adds) as app:
        await app.paid()
        listed = (await app.call("GET", "/plugins/panels")).json
        daily = (await app.call("GET", "/plugins/panels/acme.daily")).json
        table = (await app.call("GET", "/plugins/panels/acme.rows")).json
        missing = await app.call("GET", "/plugins/panels/acme.nothing")
        stranger = await app.call("GET", "/plugins/panels", keys={})

    assert [(each["id"], each["kind"], each["place"]) for each in listed["data"]] == [
        ("acme.daily", "figures", "overview"),
        ("acme.rows", "table", "payments"),
    ]
    assert daily["figures"][0] == {"label": "Payments", "value": 3, "unit": ""}
    assert "4111111111111111" not in repr(daily)
    assert table["columns"] == [
        {"key": "who", "label": "Who"},
        {"key": "count", "label": "Count"},
    ]
    assert table["rows"] == [{"who": "all", "count": 1}]
    assert (missing.status, stranger.status) == (404, 401)


@pytest.mark.parametrize(
    "data",
    [
        RuntimeError("no"),
        None,
        {"figures": []},
        TableData([], []),
        FiguresData(["three"]),  # type: ignore[list-item]
        FiguresData([Figure("n", float("nan"))]),
        FiguresData([Figure("n", 2**60)]),
        FiguresData(7),  # type: ignore[arg-type]
    ],
    ids=named,
)
async def test_a_failing_panel_does_not_affect_others(database_url: str, tmp_path: Path, data: Any):
    async def bad(_context: ExtensionContext) -> Any:
        if isinstance(data, Exception):
            raise data
        return data

    adds = Adds(
        panels=[Panel("bad", "Bad", "figures", bad), Panel("good", "Good", "figures", figures(n=1))]
    )
    async with extended(database_url, tmp_path, acme=adds) as app:
        failed = await app.call("GET", "/plugins/panels/acme.bad")
        good = await app.call("GET", "/plugins/panels/acme.good")

    assert (failed.status, failed.json["error"]["code"]) == (502, "PLUGIN_ERROR")
    assert good.json["figures"] == [{"label": "n", "value": 1, "unit": ""}]
