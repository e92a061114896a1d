"""Items that need attention: how they are listed and resolved."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from paygate import Approved, DeclineCode, Declined, Money
from paygate.core.accounts.model import Role
from paygate.core.queue.housekeeping import purge_expired
from tests.harness.apps import TestApp
from tests.harness.fakes import Fakes
from tests.harness.people import a_user, signed_in
from tests.services.test_definite_answers import decide_otherwise

NOTE = "The bank confirmed the charge."


async def contradicted(app: TestApp, fakes: Fakes) -> str:
    """Return a payment that a callback decided and a worker's response contradicts."""
    fakes.processor.authorizations = [Declined(DeclineCode.DECLINED)]
    is_asked, may_answer = fakes.hold_answers()
    async with app.working():
        payment_id = await app.paid()
        await is_asked.wait()
        await decide_otherwise(app, payment_id, Approved("ref", Money(50_000, "INR")))
        may_answer.set()
        await app.until_value(1, "SELECT count(*) FROM plugin_calls")
    return payment_id


async def listed(app: TestApp, query: str = "") -> Any:
    return (await app.call("GET", f"/attention{query}")).json["data"]


async def test_a_contradicting_response_of_the_processor_is_listed(app: TestApp, fakes: Fakes):
    payment_id = await contradicted(app, fakes)
    (item,) = await listed(app)

    assert (item["kind"], item["payment_id"], item["resolved"]) == ("conflict", payment_id, None)
    assert item["reason"] == "the charge is succeeded, but now it failed"
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
async def test_an_unlisted_item_cannot_be_resolved(app: TestApp, item_id: str):
    answer = await app.call("POST", f"/attention/{item_id}/resolve", json={"note": NOTE})

    assert answer.status == 404


@pytest.mark.parametrize("body", [{}, {"note": ""}, {"note": None}, {"note": "x" * 1001}])
async def test_an_item_is_resolved_with_a_note(app: TestApp, body: object):
    answer = await app.call("POST", "/attention/callback-1/resolve", json=body)

    assert (answer.status, answer.json["error"]["field"]) == (400, "note")


async def test_the_history_filter_is_a_boolean(app: TestApp):
    answer = await app.call("GET", "/attention?resolved=yes")

    assert (answer.status, answer.json["error"]["field"]) == (400, "resolved")


async def test_money_that_is_not_refunded_is_listed_again(app: TestApp, fakes: Fakes):
    no = Declined(DeclineCode.DECLINED)
    fakes.processor.refunds = [no, no]
    is_asked, may_answer = fakes.hold_answers()
    failed = "SELECT count(*) FROM refunds WHERE status = 'failed'"
    async with app.working():
        payment_id = await app.paid()
        await is_asked.wait()
        await decide_otherwise(app, payment_id, no)
        fakes.processor.before_answer = None
        may_answer.set()
        await app.until_value(1, failed)
        (first,) = await listed(app)
        await app.call("POST", f"/attention/{first['id']}/resolve", json={"note": NOTE})
        resolved = await listed(app)
        await app.call("POST", f"/payments/{payment_id}/refunds", json={"amount": 50_000})
        await app.until_value(2, failed)
    (again,) = await listed(app)

    assert resolved == []
    assert (again["kind"], again["payment_id"]) == ("kept_money", payment_id)
    assert [each["id"] for each in await listed(app, "?resolved=true")] == [first["id"]]


async def test_an_approval_of_another_amount_than_is_stored_is_listed(app: TestApp, fakes: Fakes):
    is_asked, may_answer = fakes.hold_answers()
    async with app.working():
        payment_id = await app.paid()
        await is_asked.wait()
        await decide_otherwise(app, payment_id, Approved("ref", Money(30_000, "INR")))
        may_answer.set()
        await app.until_value(1, "SELECT count(*) FROM plugin_calls")
    items = await listed(app)

    assert sorted(each["kind"] for each in items) == ["conflict", "kept_money"]
    (conflict,) = [each for each in items if each["kind"] == "conflict"]
    assert conflict["reason"] == (
        "the charge succeeded with 300.00 INR, and now 500.00 INR is approved"
    )


CALLBACK = """
INSERT INTO processor_callbacks (processor, received_at, headers, body, effect, reason)
VALUES ('scripted', $1, '{}', $2, $3, $4)
"""


async def test_open_callbacks_are_kept_until_they_are_resolved(app: TestApp):
    deps = app.app.deps
    old = deps.clock.now() - deps.policy.retention.callbacks - timedelta(days=1)
    for body, effect in ((b"x", "conflict"), (b"y", "quarantined"), (b"z", "applied")):
        await app.rows(CALLBACK, old, body, effect, "why")
    # Of one whose sender is not certain only a digest is stored.
    await app.rows(CALLBACK, old, b"", "quarantined", "cannot be split")
    await purge_expired(deps)
    kept = await app.rows("SELECT effect FROM processor_callbacks ORDER BY id")
    for item in await listed(app):
        await app.call("POST", f"/attention/{item['id']}/resolve", json={"note": NOTE})
    # A day later, old rows that were needed are looked at again.
    await app.rows("UPDATE retention_progress SET began_at = began_at - interval '1 day'")
    await purge_expired(deps)

    assert [row["effect"] for row in kept] == ["conflict", "quarantined"]
    assert await app.value("SELECT count(*) FROM processor_callbacks") == 0
    assert len(await listed(app, "?resolved=true")) == 2


async def test_unsigned_callbacks_do_not_displace_other_items(app: TestApp, fakes: Fakes):
    await contradicted(app, fakes)
    now = app.app.deps.clock.now() + timedelta(seconds=1)
    for _ in range(201):
        await app.rows(CALLBACK, now, b"", "quarantined", "cannot be split")
        await app.rows(CALLBACK, now, b"?", "quarantined", "no operation of theirs")
    items = await listed(app)

    assert len(items) == 200
    assert items[0]["kind"] == "conflict"
    assert {each["reason"] for each in items[1:]} == {"no operation of theirs"}
