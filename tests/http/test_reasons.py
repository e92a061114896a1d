"""Every error has a reason that is listed in the documentation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from paygate.core.api.errors import REASONS, TABLE
from paygate.core.errors import ClientError, InfrastructureError, NotFoundError, PaygateError
from tests.harness.apps import KEYS, TestApp

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "errors.md").read_text()
LISTED = set(re.findall(r"`([a-z_]+)`", PAGE[PAGE.index("## Reasons") : PAGE.index("## Request")]))


def classes(root: type[PaygateError]) -> Iterator[type[PaygateError]]:
    yield root
    for each in root.__subclasses__():
        yield from classes(each)


def test_every_reason_is_documented():
    shown = {*classes(ClientError), InfrastructureError} - {ClientError, NotFoundError}
    ours = {each.code for each in shown if each.__module__ == "paygate.core.errors"}
    of_http = {*REASONS.values(), "invalid_http", "internal_error", "plugin_failed"}

    assert ours | of_http <= LISTED
    assert {"order_not_found", "payment_not_found", "refund_not_found"} <= LISTED


def test_each_error_has_a_reason_of_its_own():
    codes = [each.code for each in classes(ClientError) if each.__module__ == "paygate.core.errors"]
    inherited = {"invalid_request", "idempotency_in_progress", "conflict"}

    assert {code for code in codes if codes.count(code) > 1} <= inherited
    assert [kind for kind, _, _ in TABLE if not kind.code] == []


async def test_an_error_names_its_reason(app: TestApp):
    order = await app.order(500)
    paid = {"order_id": order, "method": "coin"}

    async def reason(method: str, path: str, body: object = None, **keys: str) -> str:
        answer = await app.call(method, path, keys=keys or KEYS, json=body)
        reason = str(answer.headers["Paygate-Reason"])
        assert answer.json["error"].get("reason") == (None if answer.status == 401 else reason)
        return reason

    assert await reason("POST", "/orders", {"amount": 1}) == "invalid_request"
    assert await reason("GET", "/payments/pay_0000000000000000") == "payment_not_found"
    assert await reason("GET", "/none") == "route_not_found"
    assert await reason("DELETE", "/orders") == "method_not_allowed"
    assert await reason("POST", "/payments", {**paid, "coin": 7}) == "invalid_coin"
    assert (
        await reason("GET", "/orders", **{"X-Api-Key": KEYS["X-Api-Key"]}) == "credentials_missing"
    )
    wrong = {**KEYS, "X-Api-Secret": "wrong"}
    assert await reason("GET", "/orders", **wrong) == "credentials_invalid"
    assert (await app.call("POST", "/payments", json=paid)).status == 201
    # The second response with a key is the stored one.
    for keys in ({}, *[{**KEYS, "Idempotency-Key": "tea"}] * 2):
        assert await reason("POST", "/payments", paid, **keys) == "order_not_payable"


@pytest.mark.parametrize("missing", [KEYS.keys(), {"X-Api-Key"}, {"X-Api-Secret"}])
async def test_missing_keys_are_named(app: TestApp, missing: set[str]):
    keys = {name: KEYS[name] for name in KEYS.keys() - missing}
    answer = await app.call("GET", "/orders", keys=keys)

    assert answer.status == 401
    assert answer.json == {
        "error": {"code": "AUTHENTICATION_ERROR", "description": "Invalid API credentials"}
    }
    assert answer.headers["Paygate-Reason"] == "credentials_missing"
    assert answer.headers["WWW-Authenticate"] == (
        'ApiKey realm="paygate", headers="X-Api-Key, X-Api-Secret"'
    )


async def test_an_unknown_method_is_answered_with_the_known_ones(app: TestApp):
    order = await app.order(500)
    answer = await app.call("POST", "/payments", json={"order_id": order, "method": "bitcoin"})

    assert (answer.status, answer.json["error"]["field"]) == (400, "method")
    assert answer.json["error"]["hint"] == "Use one of: coin"
