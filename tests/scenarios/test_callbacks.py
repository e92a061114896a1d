"""Callbacks over HTTP: deduplicated, verified, and each applied once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from werkzeug.datastructures import Headers

from paygate.simulator.calling_back import SIGNATURE, sign, write
from tests.harness.apps import Answer
from tests.harness.playing import CALLBACK_SECRET, PlayedApp


async def pending(stage: PlayedApp) -> tuple[str, str]:
    payment_id = await stage.begin("approve_slowly")
    find = "SELECT id FROM operations WHERE payment_id = $1 AND kind = 'charge'"
    return payment_id, str(await stage.value(find, payment_id))


def callback(operation_id: str, word: str, **more: Any) -> dict[str, Any]:
    fields = {"id": f"cb-{word}", "operation_id": operation_id, "status": word}
    return {**fields, "amount": 50_000, "currency": "INR", **more}


async def send(stage: PlayedApp, content: Any, processor: str = "upi_sim") -> Answer:
    raw = write(content, secret=CALLBACK_SECRET)
    return await post(stage, raw.body, raw.headers, processor)


async def post(
    stage: PlayedApp, body: bytes, headers: Any = None, processor: str = "upi_sim"
) -> Answer:
    response = await stage.client.post(
        f"/api/v1/callbacks/{processor}", data=body, headers=headers or {}
    )
    parsed = await response.get_json() if response.is_json else None
    return Answer(response.status_code, parsed, response.headers, await response.get_data())


async def test_twenty_identical_callbacks_at_once_settle_once(stage: PlayedApp):
    payment_id, operation_id = await pending(stage)
    answers = await asyncio.gather(
        *(send(stage, callback(operation_id, "approved")) for _ in range(20))
    )
    await stage.play_on()

    assert {answer.status for answer in answers} == {200}
    assert (await stage.payment(payment_id))["status"] == "success"
    assert (await stage.events(payment_id)).count("payment.success") == 1
    assert sorted(await stage.effects()) == ["applied", *["duplicate"] * 19]


async def test_contradicting_callbacks_lose_no_money(stage: PlayedApp):
    for _ in range(10):
        payment_id, operation_id = await pending(stage)
        words = ("approved", "declined")
        answers = await asyncio.gather(
            *(
                send(stage, {**callback(operation_id, word), "id": f"{operation_id}-{word}"})
                for word in words
            )
        )
        events = (await stage.events(payment_id))[2:]

        assert [answer.status for answer in answers] == [200, 200]
        # Whichever came first: the bank has taken the money.
        assert (await stage.payment(payment_id))["status"] == "success"
        assert events[-1] == "payment.success"
        assert events[:-1] in ([], ["payment.failed"])
    await stage.play_on()


async def test_a_callback_during_a_call_is_applied_once(stage: PlayedApp):
    payments = [await pending(stage) for _ in range(10)]
    due = stage.clock.at.replace(second=stage.clock.at.second + 8)
    stage.clock.at = due
    stage.worker.wake("payments")
    await asyncio.gather(
        *(
            send(stage, {**callback(operation_id, "approved"), "id": operation_id})
            for _, operation_id in payments
        )
    )
    await stage.play_on()

    for payment_id, _ in payments:
        assert (await stage.events(payment_id))[2:] == ["payment.success"]


@pytest.mark.parametrize(
    "content",
    [
        {"amount": 49_999},
        {"amount": 50_001},
        {"currency": "USD"},
        {"operation_id": "op_0000000000000000"},
        {"operation_id": "not an id"},
    ],
)
async def test_a_mismatched_callback_is_quarantined(stage: PlayedApp, content: dict[str, Any]):
    payment_id, operation_id = await pending(stage)
    answer = await send(stage, {**callback(operation_id, "declined"), **content})
    shown = await stage.call("GET", "/test/callbacks?effect=quarantined", keys={})
    before_its_time = await stage.payment(payment_id)
    await stage.play_on()

    assert answer.status == 200
    assert (await stage.effects(), len(shown.json["data"])) == (["quarantined"], 1)
    assert shown.json["data"][0]["reason"]
    assert before_its_time["status"] == "pending"
    assert (await stage.payment(payment_id))["status"] == "success"


async def test_a_callback_cannot_change_an_operation_of_another_processor(stage: PlayedApp):
    _, operation_id = await pending(stage)
    await send(stage, callback(operation_id, "declined"), processor="card_sim")

    assert await stage.effects() == ["quarantined"]


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, b"{}"),
        ({SIGNATURE: ""}, b"{}"),
        ({SIGNATURE: "0" * 64}, b'{"id":"x"}'),
        ({SIGNATURE: sign(b"other", CALLBACK_SECRET)}, b'{"id":"x"}'),
        ({SIGNATURE: "ü"}, b"\xff\xfe\x00"),
    ],
)
async def test_only_a_digest_of_an_unsigned_callback_is_stored(
    stage: PlayedApp, headers: Any, body: bytes
):
    answer = await post(stage, body, headers)
    (row,) = await stage.rows("SELECT body, headers::text, effect, reason FROM processor_callbacks")

    assert answer.status == 401
    assert (bytes(row["body"]), row["headers"], row["effect"]) == (b"", "{}", "refused")
    assert f"{len(body)} bytes, SHA-256 {sha256(body).hexdigest()}" in row["reason"]


async def test_secrets_in_the_headers_of_a_signed_callback_are_not_stored(stage: PlayedApp):
    _, operation_id = await pending(stage)
    raw = write(callback(operation_id, "approved"), secret=CALLBACK_SECRET)
    headers = {"X-Api-Secret": "marker1", "Authorization": "Bearer marker2", "X-Trace": "kept"}
    answer = await post(stage, raw.body, {**raw.headers, **headers})
    stored = await stage.value("SELECT headers::text FROM processor_callbacks")

    assert answer.status == 200
    assert ("marker" in stored, "kept" in stored) == (False, True)


async def test_a_signed_callback_with_a_nul_is_quarantined(stage: PlayedApp):
    await send(stage, callback("op_\0", "approved"))

    assert await stage.effects() == ["quarantined"]


async def test_a_conflict_is_listed_for_operators(stage: PlayedApp):
    payment_id = await stage.begin("contradicting_callback")
    await stage.play_on()
    listed = await stage.call("GET", "/attention")

    assert [(each["kind"], each["payment_id"]) for each in listed.json["data"]] == [
        ("conflict", payment_id)
    ]


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{}", b'{"id":7}', b"\xff", b'{"id":"' + b"x" * 300 + b'"}',
     b'{"id":"a","operation_id":1}', b'{"id":"a\\u0000"}',
     b'{"id":"a","operation_id":"op","status":"nonsense","amount":1,"currency":"INR"}'],
)  # fmt: skip
async def test_an_unreadable_signed_callback_is_quarantined(stage: PlayedApp, body: bytes):
    answer = await post(stage, body, {SIGNATURE: sign(body, CALLBACK_SECRET)})

    assert answer.status == 400
    assert await stage.effects() == ["quarantined"]


async def test_a_processor_that_is_unknown_or_has_no_callbacks_is_404(stage: PlayedApp):
    assert (await post(stage, b"{}", {}, "nobody")).status == 404


async def test_a_copy_of_an_interrupted_callback_is_applied(stage: PlayedApp):
    payment_id, operation_id = await pending(stage)
    content = callback(operation_id, "approved")
    raw = write(content, secret=CALLBACK_SECRET)
    # As a process leaves it that dies between keeping a callback and applying it.
    await stage.rows(
        "INSERT INTO processor_callbacks (processor, received_at, headers, body, effect) "
        "VALUES ('upi_sim', now(), '{}', $1, 'received')",
        raw.body,
    )
    answer = await send(stage, content)

    assert answer.status == 200
    assert (await stage.payment(payment_id))["status"] == "success"


async def test_no_unsigned_callback_causes_a_server_error(stage: PlayedApp):
    from hypothesis import HealthCheck, given, settings
    from hypothesis import strategies as st

    bodies: list[bytes] = []
    signed = st.booleans()

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(body=st.binary(max_size=200), is_signed=signed)
    def collect(body: bytes, is_signed: bool) -> None:
        bodies.append(body + (b"" if is_signed else b"!"))

    collect()
    answers = [await post(stage, body, {SIGNATURE: sign(body, CALLBACK_SECRET)}) for body in bodies]

    assert {answer.status for answer in answers} <= {400, 401}


async def test_a_callback_for_an_operation_to_be_resent_is_applied(stage: PlayedApp):
    payment_id = await stage.begin("down")
    find = "SELECT id, state, sends FROM operations WHERE payment_id = $1"
    (row,) = await stage.rows(find, payment_id)
    answer = await send(stage, callback(row["id"], "approved"))

    assert (row["state"], row["sends"] > 0) == ("reserved", True)
    assert answer.status == 200
    assert (await stage.payment(payment_id))["status"] == "success"


async def test_a_callback_before_the_send_is_applied_when_repeated(stage: PlayedApp):
    payment_id, operation_id = await pending(stage)
    await stage.rows("UPDATE operations SET state = 'reserved', sends = 0, queries = 0")
    first = await send(stage, callback(operation_id, "approved"))
    await stage.rows("UPDATE operations SET state = 'sent'")
    again = await send(stage, callback(operation_id, "approved"))

    assert (first.status, again.status) == (200, 200)
    assert await stage.effects() == ["quarantined", "applied"]
    assert (await stage.payment(payment_id))["status"] == "success"


async def test_a_repeated_old_callback_changes_nothing(stage: PlayedApp):
    _, operation_id = await pending(stage)
    due = "SELECT run_at FROM operations WHERE id = $1"
    await send(stage, callback(operation_id, "pending"))
    before = await stage.value(due, operation_id)
    stage.clock.at += timedelta(seconds=1)
    again = await send(stage, callback(operation_id, "pending"))

    assert again.status == 200
    assert await stage.effects() == ["applied", "duplicate"]
    assert await stage.value(due, operation_id) == before


async def test_of_repeated_headers_the_first_is_used(stage: PlayedApp):
    _, operation_id = await pending(stage)
    raw = write(callback(operation_id, "approved"), secret=CALLBACK_SECRET)
    twice = [
        (SIGNATURE, raw.headers[SIGNATURE]),
        (SIGNATURE, "0" * 64),
        ("Remote-Addr", "203.0.113.9"),
    ]
    response = await stage.client.post(
        "/api/v1/callbacks/upi_sim", data=raw.body, headers=Headers(twice)
    )
    kept = await stage.value("SELECT headers::text FROM processor_callbacks")

    assert response.status_code == 200
    assert "203.0.113.9" not in kept


async def test_an_approval_after_the_end_of_its_hold_holds_no_money(stage: PlayedApp):
    payment_id = await stage.begin("approve_slowly", capture="manual")
    find = "SELECT id FROM operations WHERE payment_id = $1 AND kind = 'charge'"
    operation_id = str(await stage.value(find, payment_id))
    await send(stage, callback(operation_id, "expired"))
    late = await send(stage, callback(operation_id, "approved"))
    payment = await stage.payment(payment_id)

    assert late.status == 200
    assert await stage.effects() == ["applied", "no_effect"]
    assert (payment["status"], payment["error_description"]) == ("failed", "The hold has expired")
