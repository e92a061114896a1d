"""Dialects of plugins: whose keys they use, what they may answer, and what stops them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from paygate import (
    Credentials,
    WireContext,
    WireDialect,
    WireRefusal,
    WireReply,
    WireRequest,
    WireRoute,
    hookimpl,
)
from paygate.core.errors import OperatorError
from paygate.plugins.host import Found
from tests.harness.apps import TestApp, running_app
from tests.harness.fakes import Fakes

KEYS = {"Authorization": "Keys key_test_abc123 secret_test_xyz789"}


def keys_of(headers: Mapping[str, str]) -> Credentials | None:
    scheme, *given = headers.get("authorization", "").split(" ")
    return Credentials(*given) if scheme == "Keys" and len(given) == 2 else None


def refused(refusal: WireRefusal) -> WireReply:
    shown = {"oops": refusal.code, "why": refusal.description, "field": refusal.field}
    return WireReply(shown, refusal.status, {"X-Reason": refusal.reason or ""})


async def make(asked: WireRequest, context: WireContext) -> Any:
    key = asked.headers.get("x-once")
    return await context.gateway.call("POST", "/orders", body=asked.json(), idempotency_key=key)


async def make_two(asked: WireRequest, context: WireContext) -> Any:
    bodies = [{"amount": amount, "receipt": f"of {amount}"} for amount in (50_000, 60_000)]
    made = [await context.gateway.call("POST", "/orders", body=body) for body in bodies]
    return {"receipts": [order["receipt"] for order in made]}


async def show(asked: WireRequest, context: WireContext) -> Any:
    return await context.gateway.call("GET", f"/orders/{asked.places['id']}")


async def echo(asked: WireRequest, context: WireContext) -> Any:
    shown = {"query": asked.query, "headers": dict(asked.headers), "url": context.url}
    return WireReply(shown, 202, {"X-Own": "yes"})


async def fail(asked: WireRequest, context: WireContext) -> Any:
    raise RuntimeError("a mistake with secret_test_xyz789")


def plain(asked: WireRequest, context: WireContext) -> Any:
    return {}


async def misdirected(asked: WireRequest, context: WireContext) -> Any:
    return await context.gateway.call("GET", asked.headers["x-path"])


async def awaited(_headers: Mapping[str, str]) -> None:
    return None


async def header(asked: WireRequest, context: WireContext) -> Any:
    return WireReply({}, headers={"X-Own": "a\nSet-Cookie: b"})


ROUTES = (
    WireRoute("POST", "/v9/things", make),
    WireRoute("GET", "/v9/things/{id}", show),
    WireRoute("POST", "/v9/pairs", make_two),
    WireRoute("GET", "/v9/echo", echo),
    WireRoute("GET", "/v9/fail", fail),
    WireRoute("GET", "/v9/header", header),
    WireRoute("GET", "/v9/plain", plain),
    WireRoute("GET", "/v9/misdirected", misdirected),
)


@dataclass
class Speaks:
    """A plugin with a dialect."""

    dialect: WireDialect = field(
        default_factory=lambda: WireDialect("other", ROUTES, keys_of, refused)
    )

    @hookimpl
    def paygate_dialects(self) -> Iterable[WireDialect]:
        return [self.dialect]


def speaking(database_url: str, home: Path, plugin: Speaks | None = None, **environ: str) -> Any:
    plugins = [*Fakes().found(), Found("acme", plugin or Speaks(), "1")]
    return running_app(database_url, home, plugins=plugins, environ=environ)


async def a_foreign_key(app: TestApp) -> dict[str, str]:
    made = await app.call("POST", "/test/namespaces", json={}, keys=None)
    assert made.status == 201, made
    return {"X-Api-Key": made.json["api_key"], "X-Api-Secret": made.json["api_secret"]}


async def ask(
    app: TestApp, path: str, method: str = "GET", *, at: str = "/wire/other", **given: Any
) -> Any:
    headers = {**given.pop("keys", KEYS), **given.pop("headers", {})}
    response = await app.client.open(f"{at}{path}", method=method, headers=headers, **given)
    shown = await response.get_json() if response.is_json else None
    return response, shown


async def test_a_request_uses_the_merchants_keys_and_the_rules_of_the_api(
    database_url: str, tmp_path: Path
):
    async with speaking(database_url, tmp_path) as app:
        made, order = await ask(app, "/v9/things", "POST", json={"amount": 50_000})
        _, shown = await ask(app, f"/v9/things/{order['id']}")
        wrong, why = await ask(app, "/v9/things", "POST", json={"amount": 1})
        direct = await app.call("GET", f"/orders/{order['id']}")

    assert made.status_code == 200
    assert shown == direct.json
    assert (wrong.status_code, why["oops"], why["field"]) == (400, "BAD_REQUEST_ERROR", "amount")
    assert wrong.headers["X-Reason"] == "invalid_request"


async def test_each_request_of_a_handler_has_its_own_body(database_url: str, tmp_path: Path):
    async with speaking(database_url, tmp_path) as app:
        _, shown = await ask(app, "/v9/pairs", "POST")

    assert shown == {"receipts": ["of 50000", "of 60000"]}


async def test_another_merchants_rows_do_not_exist(database_url: str, tmp_path: Path):
    async with speaking(database_url, tmp_path) as app:
        other = await a_foreign_key(app)
        order = await app.order()
        keys = {"Authorization": f"Keys {other['X-Api-Key']} {other['X-Api-Secret']}"}
        foreign, _ = await ask(app, f"/v9/things/{order}", keys=keys)
        own, _ = await ask(app, f"/v9/things/{order}")

    assert (foreign.status_code, own.status_code) == (404, 200)


@pytest.mark.parametrize(
    "keys",
    [{}, {"Authorization": "Keys key_test_abc123 wrong"}, {"Authorization": "Keys key_unknown x"}],
)
async def test_without_valid_keys_no_handler_runs(
    keys: dict[str, str], database_url: str, tmp_path: Path
):
    async with speaking(database_url, tmp_path) as app:
        refusals = [await ask(app, path, keys=keys) for path in ("/v9/fail", "/v9/unknown")]

    assert [response.status_code for response, _ in refusals] == [401, 401]
    assert {shown["oops"] for _, shown in refusals} == {"AUTHENTICATION_ERROR"}


async def test_a_key_makes_a_request_happen_once_and_is_the_dialects_own(
    database_url: str, tmp_path: Path
):
    async with speaking(database_url, tmp_path) as app:
        headers, body = {"X-Once": "ké" * 300}, {"amount": 50_000}
        both = await asyncio.gather(
            *(ask(app, "/v9/things", "POST", json=body, headers=headers) for _ in range(5))
        )
        reused, why = await ask(app, "/v9/things", "POST", json={"amount": 60_000}, headers=headers)
        plain = await app.call("POST", "/orders", json=body, headers={"Idempotency-Key": "x"})
        own, other = await ask(app, "/v9/things", "POST", json=body, headers={"X-Once": "x"})

    assert len({shown["id"] for _, shown in both}) == 1
    assert (reused.status_code, why["oops"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert own.status_code == 200
    assert other["id"] != plain.json["id"]


async def test_a_handler_sees_the_request_without_its_keys(database_url: str, tmp_path: Path):
    async with speaking(database_url, tmp_path) as app:
        response, shown = await ask(
            app, "/v9/echo?a=1&b[c]=d&a=2&e=", headers={"X-Api-Secret": "x", "Cookie": "a=b"}
        )

    assert (response.status_code, response.headers["X-Own"]) == (202, "yes")
    assert shown["query"] == [["a", "1"], ["b[c]", "d"], ["a", "2"], ["e", ""]]
    assert not {"authorization", "cookie", "x-api-secret"} & set(shown["headers"])
    assert shown["url"].endswith("/wire/other")


async def test_a_dialect_that_fails_answers_502_in_its_own_format(
    database_url: str, tmp_path: Path
):
    async with speaking(database_url, tmp_path) as app:
        failed, why = await ask(app, "/v9/fail")
        injected, _ = await ask(app, "/v9/header")

    assert (failed.status_code, why["why"]) == (502, "The dialect failed")
    assert injected.status_code == 502
    assert "Set-Cookie" not in injected.headers


@pytest.mark.parametrize(
    ("path", "asked", "line"),
    [
        (
            "/v9/fail",
            "",
            "raised RuntimeError: a mistake with [redacted] at test_wire_dialects.py:",
        ),
        ("/v9/plain", "", "its handler of GET /v9/plain is a plain def"),
        ("/v9/misdirected", "/api/v1/orders", "leave out /api/v1"),
        ("/v9/misdirected", "orders", "begin the path with a slash"),
        ("/v9/misdirected", "/orders?limit=1", "give parameters as query"),
    ],
)
async def test_the_log_of_a_failed_request_names_the_mistake_and_its_place(
    path: str,
    asked: str,
    line: str,
    database_url: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
):
    async with speaking(database_url, tmp_path) as app:
        failed, _ = await ask(app, path, headers={"X-Path": asked})

    [logged] = [each for each in caplog.messages if each.startswith("dialect other failed")]
    assert failed.status_code == 502
    assert f"on GET {path}: " in logged
    assert line in logged


async def test_a_refusal_is_never_answered_with_the_status_of_a_success(
    database_url: str, tmp_path: Path
):
    plugin = Speaks(WireDialect("other", ROUTES, keys_of, lambda refusal: {"oops": refusal.code}))

    async with speaking(database_url, tmp_path, plugin) as app:
        refused, _ = await ask(app, "/v9/things", "POST", json={"amount": 1})

    assert refused.status_code == 502


@pytest.mark.parametrize(
    ("dialect", "problem"),
    [
        (WireDialect("my-pay", ROUTES, keys_of, refused), "'my-pay' is not a name of lower-case"),
        (WireDialect("other", ROUTES, awaited, refused), "its authenticate is async"),
        (WireDialect("other", ROUTES, keys_of, lambda: None), r"called as refuse\(refusal\)"),
        (
            WireDialect("other", (WireRoute("GET", "/a", keys_of),), keys_of, refused),
            r"its handler of GET /a\(headers.*\) .* cannot be called as .*\(request, context\)",
        ),
    ],
)
async def test_functions_that_cannot_be_called_as_the_host_does_stop_the_start(
    dialect: WireDialect, problem: str, database_url: str, tmp_path: Path
):
    with pytest.raises(OperatorError, match=problem):
        async with speaking(database_url, tmp_path, Speaks(dialect)):
            pass


async def test_an_unsupported_request_is_named_and_counted(database_url: str, tmp_path: Path):
    async with speaking(database_url, tmp_path) as app:
        for _ in range(2):
            response, why = await ask(app, "/v9/plans/7?x=1", "DELETE")
        other = await a_foreign_key(app)
        listed = await app.call("GET", "/dialects/unsupported")
        foreign = await app.call("GET", "/dialects/unsupported", keys=other)
        unknown = await ask(app, "/v9/echo", at="/wire/another")

    assert (response.status_code, why["oops"]) == (501, "NOT_SUPPORTED")
    assert "DELETE /v9/plans/7" in why["why"]
    assert listed.json["data"] == [
        {"dialect": "other", "request": "DELETE /v9/plans/7", "count": 2}
    ]
    assert foreign.json["data"] == []
    assert unknown[0].status_code == 404


async def test_a_dialect_at_the_root_answers_there_too(database_url: str, tmp_path: Path):
    async with speaking(database_url, tmp_path, PAYGATE_ROOT_DIALECT="other") as app:
        rooted, order = await ask(app, "/v9/things", "POST", at="", json={"amount": 50_000})
        prefixed, _ = await ask(app, f"/v9/things/{order['id']}")
        own = await app.call("GET", f"/orders/{order['id']}")
        no_path, _ = await ask(app, "*", "OPTIONS", at="")

    assert (rooted.status_code, prefixed.status_code, own.status) == (200, 200, 200)
    assert no_path.status_code == 204


async def test_a_root_dialect_that_no_plugin_offers_stops_the_start(
    database_url: str, tmp_path: Path
):
    with pytest.raises(OperatorError, match="PAYGATE_ROOT_DIALECT"):
        async with speaking(database_url, tmp_path, PAYGATE_ROOT_DIALECT="another"):
            pass


@pytest.mark.parametrize(
    ("routes", "problem"),
    [
        ([WireRoute("BREW", "/a", show)], "the method of a route"),
        ([WireRoute("GET", "a", show)], "the path of a route is 'a'"),
        ([WireRoute("GET", "/a/{x}", show), WireRoute("GET", "/a/{y}", show)], "twice"),
        ([WireRoute("GET", "/a", None)], "cannot be called"),
    ],
)
async def test_a_dialect_that_cannot_be_served_stops_the_start(
    routes: list[WireRoute], problem: str, database_url: str, tmp_path: Path
):
    plugin = Speaks(WireDialect("other", routes, keys_of, refused))

    with pytest.raises(OperatorError, match=problem):
        async with speaking(database_url, tmp_path, plugin):
            pass
