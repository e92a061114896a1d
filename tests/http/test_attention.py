"""What operators have to look at: how it gets on the list, and off it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from paygate import Approved, DeclineCode, Declined, Money
from paygate.core.domain.role import Role
from tests.harness.apps import TestApp
from tests.harness.fakes import Fakes
from tests.harness.people import a_user, signed_in
from tests.services.test_definite_answers import decide_otherwise

NOTE = "The bank confirmed the charge."


async def contradicted(app: TestApp, fakes: Fakes) -> str:
    """A payment that a callback decided, and then a worker's own answer contradicts."""
    fakes.processor.authorizations = [Declined(DeclineCode.DECLINED)]
    is_asked, may_answer = asyncio.Event(), asyncio.Event()

    async def wait(_payment_id: str) -> None:
        is_asked.set()
        await may_answer.wait()

    fakes.processor.before_answer = wait
    async with app.working():
        payment_id = await app.paid()
        await is_asked.wait()
        await decide_otherwise(app, payment_id, Approved("ref", Money(50_000, "INR")))
        may_answer.set()
        await app.until_value(1, "SELECT count(*) FROM plugin_calls")
    return payment_id


async def listed(app: TestApp, query: str = "") -> Any:
    return (await app.call("GET", f"/attention{query}")).json["data"]


async def test_a_workers_own_answer_that_contradicts_a_decided_payment_is_listed(
    app: TestApp, fakes: Fakes
):
    payment_id = await contradicted(app, fakes)
    (item,) = await listed(app)

    assert (item["kind"], item["payment_id"], item["resolved"]) == ("conflict", payment_id, None)
    assert item["reason"] == "the charge is succeeded, and now it failed"
    assert (await app.payment(payment_id))["status"] == "success"


async def test_a_resolved_item_leaves_the_list_and_stays_in_the_history(app: TestApp, fakes: Fakes):
    await contradicted(app, fakes)
    (item,) = await listed(app)
    path = f"/attention/{item['id']}/resolve"
    answer = await app.call("POST", path, json={"note": NOTE})
    (kept,) = await listed(app, "?resolved=true")
    again = await app.call("POST", path, json={"note": "once more"})
    (entry,) = (await app.call("GET", "/audit?action=attention.resolve")).json["data"]

    assert answer.status == 200
    assert await listed(app) == []
    assert kept == answer.json == {**item, "resolved": kept["resolved"]}
    assert kept["resolved"]["note"] == NOTE
    assert (entry["subject"], entry["detail"]) == (item["id"], {"note": NOTE})
    assert again.status == 404


async def test_an_item_is_resolved_by_operators_only(app: TestApp, fakes: Fakes):
    await contradicted(app, fakes)
    (item,) = await listed(app)
    owner = await signed_in(app, await a_user(app, "owner@x.y", Role.OWNER))
    path = f"/attention/{item['id']}/resolve"
    refused = await app.call("POST", path, keys=owner, json={"note": NOTE})

    assert refused.status == 403
    assert len(await listed(app)) == 1


@pytest.mark.parametrize("item_id", ["callback-999", "answer-x", "payment-pay_1", "%00", "x" * 500])
async def test_what_is_not_on_the_list_cannot_be_resolved(app: TestApp, item_id: str):
    answer = await app.call("POST", f"/attention/{item_id}/resolve", json={"note": NOTE})

    assert answer.status == 404


@pytest.mark.parametrize("body", [{}, {"note": ""}, {"note": None}, {"note": "x" * 1001}])
async def test_an_item_is_resolved_with_a_note(app: TestApp, body: object):
    answer = await app.call("POST", "/attention/callback-1/resolve", json=body)

    assert (answer.status, answer.json["error"]["field"]) == (400, "note")


async def test_the_history_is_asked_for_by_true_or_false(app: TestApp):
    answer = await app.call("GET", "/attention?resolved=yes")

    assert (answer.status, answer.json["error"]["field"]) == (400, "resolved")
