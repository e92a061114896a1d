"""The bank executes each operation once, and no more than the charge allows."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from paygate.bank.api import ConnectionBrokenError
from paygate.bank.bank import ALL_SCENARIOS
from paygate.bank.operation import BankSettings
from paygate.core.api.resources import testing

from .client import KEY, SUM, Caller


async def test_a_charge_is_executed_once_however_often_it_arrives():
    caller = Caller()
    answers = await asyncio.gather(*(caller.charge() for _ in range(5)))

    assert answers == [answers[0]] * 5
    assert answers[0] == (
        200,
        {
            "kind": "charge",
            "reference": "op_1",
            "status": "approved",
            "id": "bank_op_1",
            "amount": 500,
            "currency": "INR",
        },
    )
    [entry] = caller.book()
    assert (entry["requests"], entry["captured"]) == (5, 500)


@pytest.mark.parametrize("changed", [{"amount": 501}, {"capture": False}, {"payment": "pay_2"}])
async def test_a_key_of_another_request_is_refused(changed: dict[str, Any]):
    caller = Caller()
    await caller.charge()
    status, answer = await caller.charge(**changed)

    assert (status, answer["error"]["code"]) == (422, "key_reused")
    assert len(caller.book()) == 1


async def test_a_key_of_another_kind_of_operation_is_refused():
    caller = Caller()
    await caller.charge()
    status, answer = await caller.follow_up("/refunds", "op_1")

    assert (status, answer["error"]["code"]) == (422, "key_reused")


@pytest.mark.parametrize("scenario", ["crash_after_charge", "flaky", "down"])
async def test_a_connection_breaks_before_or_after_the_charge(scenario: str):
    caller = Caller()
    with pytest.raises(ConnectionBrokenError):
        await caller.charge(scenario=scenario)

    expected = ("approved", 1) if scenario == "crash_after_charge" else ("not_found", 0)
    assert (await caller.status(), len(caller.book())) == expected


async def test_a_request_after_a_broken_connection_is_executed():
    caller = Caller()
    with pytest.raises(ConnectionBrokenError):
        await caller.charge(scenario="flaky")
    caller.advance(1)

    assert (await caller.charge(scenario="flaky"))[1]["status"] == "approved"
    assert [entry["requests"] for entry in caller.book()] == [1]


@pytest.mark.parametrize(
    ("scenario", "ending"), [("unknown_then_approved", "approved"), ("raise", "declined")]
)
async def test_an_internal_error_after_the_execution_is_resolved_by_a_query(
    scenario: str, ending: str
):
    caller = Caller()
    status, answer = await caller.charge(scenario=scenario)

    assert (status, answer["error"]["code"]) == (500, "internal_error")
    assert await caller.status() == ending
    assert (await caller.charge(scenario=scenario))[1]["status"] == ending


@pytest.mark.parametrize(
    ("scenario", "ending"), [("late_answer", "approved"), ("hang_then_declined", "declined")]
)
async def test_a_late_answer_is_the_true_one(scenario: str, ending: str):
    caller = Caller()

    assert (await caller.charge(scenario=scenario))[1]["status"] == ending


@pytest.mark.parametrize(
    ("scenario", "wrong"),
    [
        ("wrong_amount", {"amount": 501}),
        ("wrong_currency", {"currency": "USD"}),
        ("wrong_operation", {"reference": "op_0000000000000000"}),
    ],
)
async def test_an_answer_with_a_wrong_field_is_corrected_by_a_query(
    scenario: str, wrong: dict[str, Any]
):
    caller = Caller()
    _, answer = await caller.charge(scenario=scenario)
    _, true = await caller.call("GET", "/operations/op_1")

    assert answer == {**true, **wrong}


async def test_an_answer_may_be_no_json():
    caller = Caller()
    reply = await caller.send(
        "POST",
        "/charges",
        b'{"amount": 500, "currency": "INR", "scenario": "junk"}',
        idempotency_key="op_1",
    )

    assert (reply.status, reply.content_type) == (200, "text/html")
    assert await caller.status() == "approved"


@pytest.mark.parametrize("scenario", ALL_SCENARIOS)
async def test_every_scenario_is_selected_by_its_card_and_its_vpa(scenario: str):
    caller = Caller()
    cards = {"number": testing.test_card(ALL_SCENARIOS[scenario].number)}
    for key, instrument in {"op_1": cards, "op_2": {"vpa": f"{scenario}@sim"}}.items():
        try:
            reply = await caller.send(
                "POST",
                "/charges",
                b'{"amount": 500, "currency": "INR", "instrument": {"%s": "%s"}}'
                % tuple(text.encode() for pair in instrument.items() for text in pair),
                idempotency_key=key,
            )
        except ConnectionBrokenError:
            continue
        assert reply.status in {200, 500}, reply

    is_executed = ALL_SCENARIOS[scenario].charge.call != "not_sent"
    played = [each.scenario.name for each in caller.bank._operations.values()]
    assert played == ([scenario] * 2 if is_executed else [])


async def test_a_pending_charge_ends_when_its_time_has_come():
    caller = Caller()
    _, answer = await caller.charge(scenario="approve_slowly")
    assert (answer["status"], answer["check_after_s"]) == ("pending", 8)
    caller.advance(8)

    assert await caller.status() == "approved"


async def test_refunds_never_exceed_what_was_captured():
    caller = Caller()
    await caller.charge()
    first, _ = await caller.follow_up("/refunds", "op_2", amount=300)
    status, refused = await caller.follow_up("/refunds", "op_3", amount=201)

    assert (first, status) == (200, 422)
    assert refused["error"] == {
        "code": "amount_too_large",
        "message": "At most 2.00 INR is left",
        "field": "amount",
    }
    assert [entry["refunded"] for entry in caller.book()] == [300]
    assert [entry["reference"] for entry in caller.book("refunds")] == ["op_2"]


async def test_a_declined_refund_may_be_repeated_with_another_key():
    caller = Caller()
    await caller.charge(scenario="refund_declined")
    answers = [await caller.follow_up("/refunds", key) for key in ("op_2", "op_3")]

    assert [content["response_code"] for _, content in answers] == ["62", "62"]
    assert [entry["refunded"] for entry in caller.book()] == [0]


async def test_captures_never_exceed_what_is_held_and_end_with_the_final_one():
    caller = Caller()
    await caller.charge(capture=False)
    too_much, _ = await caller.follow_up("/captures", "op_2", amount=501)
    part, _ = await caller.follow_up("/captures", "op_3", amount=200, final=False)
    final, _ = await caller.follow_up("/captures", "op_4", amount=200)
    after, _ = await caller.follow_up("/captures", "op_5", amount=100)

    assert [too_much, part, final, after] == [422, 200, 200, 422]
    assert [entry["captured"] for entry in caller.book()] == [400]


async def test_a_void_releases_what_is_held_and_nothing_that_was_captured():
    caller = Caller()
    await caller.charge(capture=False)
    voided, _ = await caller.follow_up("/voids", "op_2")
    captured, _ = await caller.follow_up("/captures", "op_3")
    await caller.charge("op_4")
    late, _ = await caller.follow_up("/voids", "op_5", charge="op_4")

    assert [voided, captured, late] == [200, 422, 422]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"charge": "op_9"}, "no_charge"),
        ({"charge": "op_declined"}, "not_approved"),
        ({"currency": "USD"}, "wrong_currency"),
    ],
)
async def test_a_refund_needs_an_approved_charge_of_its_currency(more: dict[str, Any], code: str):
    caller = Caller()
    await caller.charge()
    await caller.charge("op_declined", scenario="decline")
    status, answer = await caller.follow_up("/refunds", "op_2", **more)

    assert (status, answer["error"]["code"]) == (422, code)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", None),
        (b"[]", None),
        (b'{"amount": 5.5, "currency": "INR"}', "amount"),
        (b'{"amount": true, "currency": "INR"}', "amount"),
        (b'{"amount": 0, "currency": "INR"}', "amount"),
        (b'{"amount": 99999999999999999999, "currency": "INR"}', "amount"),
        (b'{"amount": 500, "currency": "XXX"}', "currency"),
        (b'{"amount": 500}', "currency"),
        (b'{"amount": 500, "currency": "INR", "surprise": 1}', "surprise"),
        (b'{"amount": 500, "currency": "INR", "scenario": "none"}', "scenario"),
        (b'{"amount": 500, "currency": "INR", "instrument": {"number": 4}}', "instrument.number"),
        (b"\xff", None),
    ],
)
async def test_an_invalid_body_is_refused_with_its_field(body: bytes, field: str | None):
    caller = Caller()
    reply = await caller.send("POST", "/charges", body, idempotency_key="op_1")

    assert reply.status == 400
    error = await caller.call("GET", "/operations/op_1")
    assert error[1]["error"]["code"] == "not_found"
    assert f'"field": {"null" if field is None else chr(34) + field + chr(34)}' in (
        reply.body.decode()
    )


@pytest.mark.parametrize("key", ["", "a b", "x" * 65, "ключ"])
async def test_an_operation_needs_a_key(key: str):
    status, answer = await Caller().call("POST", "/charges", SUM, key)

    assert (status, answer["error"]["field"]) == (400, "Idempotency-Key")


@pytest.mark.parametrize("given", ["", KEY, "Bearer other", "Bearer ключ"])
async def test_moving_money_and_querying_need_the_api_key(given: str):
    caller = Caller()
    for method, path in (("POST", "/charges"), ("GET", "/operations/op_1")):
        reply = await caller.send(method, path, authorization=given)
        assert reply.status == 401

    assert (await caller.send("GET", "/book", authorization=given)).status == 200


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/charges"), ("DELETE", "/book"), ("GET", "/none"), ("GET", "/")]
)
async def test_an_unknown_route_is_refused(method: str, path: str):
    status, answer = await Caller().call(method, path)

    assert (status, answer["error"]["code"]) == (404, "no_route")


async def test_the_settings_can_be_changed_while_it_runs():
    caller = Caller()
    status, changed = await caller.call("PATCH", "/test/settings", {"scenario": "decline"})
    wrong, answer = await caller.call("PATCH", "/test/settings", {"scenario": "none"})
    _, charge = await caller.charge()

    assert (status, changed["scenario"], changed["patience_ms"]) == (200, "decline", 1)
    assert (wrong, answer["error"]["field"]) == (400, "scenario")
    assert (charge["status"], charge["response_code"]) == ("declined", "05")
    assert (await caller.call("GET", "/test/settings"))[1] == changed
    assert set(changed) == set(BankSettings.model_fields)
