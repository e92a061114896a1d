"""The timeline of a payment: everything that happened, in order, without secrets."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from paygate import (
    ActionRequired,
    DeclineCode,
    Declined,
    DeliveryResult,
    Pending,
    Unknown,
)
from paygate.adapters.postgres.tables.timeline import TIMELINE
from paygate.core.payments.store import TIMELINE_ENTRIES_MAX
from tests.canary.search import contains
from tests.harness.apps import TestApp
from tests.harness.fakes import Fakes, not_sent

PAN = "4111 1111 1111 1111"
CVV = "7373"
SECRET = "canary-secret-51"
OTHER_KEYS = {"X-Api-Key": "key_other", "X-Api-Secret": "secret_other"}


async def get_timeline(app: TestApp, payment_id: str) -> Any:
    answer = await app.call("GET", f"/payments/{payment_id}/timeline")
    assert answer.status == 200, answer
    return answer.json


async def story(app: TestApp, payment_id: str) -> list[dict[str, Any]]:
    return list((await get_timeline(app, payment_id))["data"])


def in_short(moments: Sequence[dict[str, Any]], *kinds: str) -> list[str]:
    """Return each entry in two words; only of these kinds, if any are given."""
    words = {
        "transition": "to",
        "event": "type",
        "plugin_call": "name",
        "operation": "kind",
        "delivery": "event",
        "attempt": "event",
        "refund": "status",
        "callback": "effect",
    }
    return [
        f"{moment['kind']} {moment['data'][words[moment['kind']]]}"
        for moment in moments
        if not kinds or moment["kind"] in kinds
    ]


def of_kind(moments: Sequence[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [moment for moment in moments if moment["kind"] == kind]


async def ended(app: TestApp, status: str, **details: Any) -> str:
    async with app.working():
        payment_id = await app.paid(**details)
        await app.until(payment_id, status)
    return payment_id


async def test_the_timeline_of_a_refunded_payment_is_in_order(app: TestApp):
    await app.webhook_url()
    payment_id = await ended(app, "success")
    refund = {"amount": 20_000, "reason": "too large"}
    opened = await app.call("POST", f"/payments/{payment_id}/refunds", json=refund)
    async with app.working():
        await app.until_value("processed", "SELECT status FROM refunds")
        await app.until_value(0, "SELECT count(*) FROM webhook_logs WHERE status = 'pending'")
    moments = await story(app, payment_id)

    assert in_short(moments, "transition", "plugin_call", "refund", "event", "operation") == [
        "transition pending",
        "event payment.created",
        "event payment.pending",
        "transition processing",
        "plugin_call authorize",
        "transition success",
        "event payment.success",
        "operation charge",
        "refund pending",
        "event refund.created",
        "plugin_call refund",
        "refund processed",
        "event refund.processed",
        "operation refund",
    ]
    events = in_short(moments, "event")
    assert in_short(moments, "delivery") == [each.replace("event", "delivery") for each in events]
    assert sorted(in_short(moments, "attempt")) == sorted(
        each.replace("event", "attempt") for each in events
    )
    assert {moment["id"] for moment in of_kind(moments, "refund")} == {opened.json["id"]}
    assert [moment["at"] for moment in moments] == sorted(moment["at"] for moment in moments)


async def test_the_timeline_shows_the_request_and_result_of_a_call(app: TestApp, fakes: Fakes):
    fakes.processor.authorizations = [Declined(DeclineCode.INSUFFICIENT_FUNDS, processor_code="51")]
    payment_id = await ended(app, "failed", coin="silver")
    moments = await story(app, payment_id)

    call = of_kind(moments, "plugin_call")[0]
    charge = of_kind(moments, "operation")[0]
    assert call["data"]["operation_id"] == charge["id"]
    assert call["data"]["given"] == {
        "payment_id": payment_id,
        "amount": 50_000,
        "currency": "INR",
        "method": "coin",
        "flow": "toss",
        "instrument": {"coin": "silver"},
        "capture": True,
    }
    answer = call["data"]["answer"]
    assert (answer["class"], answer["code"]) == ("Declined", "insufficient_funds")
    assert answer["processor_code"] == "51"
    assert call["what"] == "scripted was asked to authorize: declined"
    assert call["note"].startswith("insufficient_funds · ")
    assert in_short(moments, "plugin_call", "transition") == [
        "transition pending",
        "transition processing",
        "plugin_call authorize",
        "transition failed",
    ]


async def test_the_timeline_shows_an_unknown_outcome_and_the_query_that_resolved_it(
    app: TestApp, fakes: Fakes
):
    fakes.processor.authorizations = [Unknown("timeout")]
    payment_id = await ended(app, "success")
    moments = await story(app, payment_id)

    assert in_short(moments, "plugin_call", "transition") == [
        "transition pending",
        "transition processing",
        "plugin_call authorize",
        "transition unknown",
        "plugin_call query",
        "transition success",
    ]
    asked = [moment["data"] for moment in of_kind(moments, "plugin_call")]
    assert [data["answer"]["class"] for data in asked] == ["Unknown", "Approved"]
    assert asked[1]["given"]["operation_id"] == asked[0]["operation_id"]


async def test_the_timeline_shows_a_call_that_was_not_sent(app: TestApp, fakes: Fakes):
    fakes.processor.authorizations = [not_sent()]
    payment_id = await ended(app, "success")

    calls = of_kind(await story(app, payment_id), "plugin_call")
    assert [call["data"]["name"] for call in calls] == ["authorize", "authorize"]
    assert calls[0]["data"]["answer"] == {"class": "NotSentError", "reason": "the line is down"}


async def test_the_timeline_shows_every_attempt_of_a_delivery(app: TestApp, fakes: Fakes):
    fakes.sink.script = [DeliveryResult(False, 503, "busy"), DeliveryResult(False, error="timeout")]
    await app.webhook_url()
    payment_id = await app.paid()
    async with app.working():
        await app.until_value(3, "SELECT count(*) FROM webhook_logs WHERE status = 'success'")
    moments = await story(app, payment_id)

    deliveries = {moment["id"]: moment["data"] for moment in of_kind(moments, "delivery")}
    tries = of_kind(moments, "attempt")
    assert sum(data["attempts"] for data in deliveries.values()) == len(tries) == 5
    assert all(data["status"] == "success" for data in deliveries.values())
    assert {moment["data"]["delivery_id"] for moment in tries} == set(deliveries)
    notes = [moment["note"].rpartition(": ")[2] for moment in tries]
    confirmed = "your server responded with 200"
    assert sorted(notes) == ["timeout", *[confirmed] * 3, "your server responded with 503"]
    for delivery_id in deliveries:
        own = [try_ for try_ in tries if try_["data"]["delivery_id"] == delivery_id]
        assert [try_["data"]["ordinal"] for try_ in own] == list(range(1, len(own) + 1))


async def test_the_timeline_shows_a_callback_without_its_content(app: TestApp):
    payment_id = await ended(app, "success")
    await app.rows(
        "INSERT INTO processor_callbacks (processor, received_at, headers, body, operation_id, "
        "payment_id, effect, reason) SELECT processor, now(), $2::jsonb, $3, id, payment_id, "
        "'duplicate', $4 FROM operations WHERE payment_id = $1",
        payment_id,
        json.dumps({"X-Signature": SECRET}),
        f"card={PAN}&cvv={CVV}".encode(),
        f"evt_1 of {PAN} came before",
    )

    moment = (await story(app, payment_id))[-1]
    assert moment["what"] == "scripted sent a callback (duplicate)"
    assert moment["note"] == "evt_1 of [redacted] came before"
    assert set(moment["data"]) == {"processor", "operation_id", "effect", "reason", "body_bytes"}
    assert moment["data"]["body_bytes"] == len(f"card={PAN}&cvv={CVV}")


LEAKS = [
    Declined(DeclineCode.DECLINED, processor_code=f"{PAN} cvv {CVV}"),
    Declined(DeclineCode.DECLINED, processor_code=f"what you sent was {SECRET}"),
    Unknown(f'{{"number": "{PAN}", "cvv": "{CVV}", "api_key": "{SECRET}"}}'),
    Unknown(f"refused: Authorization: Bearer {SECRET}, card {PAN.replace(' ', '-')}"),
    RuntimeError(f"card {PAN} security code: {CVV} secret={SECRET}"),
    Pending(timedelta(), state={"pan": PAN, "note": CVV, PAN: SECRET}),
    ActionRequired(
        "wait",
        datetime(2030, 1, 1, tzinfo=UTC),
        data={"number": PAN, "cvv": CVV, "url": f"https://acs?token={SECRET}", "pin": "x" * 999},
        resolve_after=timedelta(),
        state={"deep": {"er": [PAN, CVV, SECRET]}},
    ),
]


@pytest.mark.parametrize("leak", LEAKS, ids=lambda leak: type(leak).__name__)
async def test_the_timeline_contains_no_secret(app: TestApp, fakes: Fakes, leak: Any):
    fakes.processor.authorizations = [leak]
    payment_id = await app.paid(secret=SECRET)
    async with app.working():
        await app.until_value(1, "SELECT count(*) FROM plugin_calls WHERE name = 'authorize'")
    stored = json.dumps(await app.rows("SELECT given, answer FROM plugin_calls"))
    answer = await app.call("GET", f"/payments/{payment_id}/timeline")

    assert fakes.processor.secrets == [{"secret": SECRET}]
    for text in (stored, answer.body.decode()):
        assert type(leak).__name__ in text or isinstance(leak, RuntimeError)
        for canary in (PAN, PAN.replace(" ", "-"), PAN.replace(" ", ""), CVV, SECRET):
            assert not contains(text.encode(), canary)
    assert max(len(part) for part in stored.split('"')) < 400


async def test_a_timeline_is_invisible_to_other_merchants(app: TestApp):
    await app.rows(
        "INSERT INTO merchants (name, email, api_key, api_secret) "
        "VALUES ('Other', 'other@example.com', 'key_other', encode(sha256('secret_other'), 'hex'))"
    )
    payment_id = await app.paid()

    for keys, asked, status in (
        (OTHER_KEYS, payment_id, 404),
        (OTHER_KEYS, "pay_0000000000000000", 404),
        ({}, payment_id, 401),
    ):
        answer = await app.call("GET", f"/payments/{asked}/timeline", keys=keys)
        assert answer.status == status
        assert "data" not in answer.json


@pytest.mark.parametrize(("more", "is_cut"), [(0, False), (1, True)])
async def test_the_oldest_thousand_entries_are_shown(app: TestApp, more: int, is_cut: bool):
    payment_id = await ended(app, "success")
    before = len(await story(app, payment_id))
    await app.rows(
        "INSERT INTO plugin_calls (payment_id, operation_id, name, started_at, took_ms, given, "
        "answer) SELECT payment_id, operation_id, 'query', now() + n * interval '1 s', n, given, "
        "answer FROM plugin_calls, generate_series(1, $1) n",
        TIMELINE_ENTRIES_MAX - before + more,
    )

    answer = await get_timeline(app, payment_id)
    assert (len(answer["data"]), answer["truncated"]) == (TIMELINE_ENTRIES_MAX, is_cut)
    assert answer["data"][0]["what"] == "Payment accepted"
    assert answer["data"][-1]["data"]["took_ms"] == TIMELINE_ENTRIES_MAX - before


async def test_entries_of_one_instant_are_in_order(app: TestApp, fakes: Fakes):
    fakes.processor.authorizations = [Unknown("timeout")]
    held = await app.call("POST", "/test/clock/set", json={"at": "2027-01-01T00:00:00Z"})
    payment_id = await ended(app, "success")
    await app.call("POST", f"/payments/{payment_id}/refunds", json={"amount": 1_000})
    async with app.working():
        await app.until_value("processed", "SELECT status FROM refunds")
    moments = await story(app, payment_id)

    assert {moment["at"] for moment in moments} == {held.json["now"]}
    assert in_short(moments, "transition", "plugin_call", "refund", "event") == [
        "transition pending",
        "event payment.created",
        "event payment.pending",
        "transition processing",
        "plugin_call authorize",
        "transition unknown",
        "plugin_call query",
        "transition success",
        "event payment.success",
        "refund pending",
        "event refund.created",
        "plugin_call refund",
        "refund processed",
        "event refund.processed",
    ]


async def test_a_timeline_scans_no_table(app: TestApp):
    await app.webhook_url()
    payment_id = await ended(app, "success")
    # So many others that reading a whole table cannot be the cheapest way.
    await app.rows(
        "INSERT INTO plugin_calls (payment_id, operation_id, name, started_at, took_ms, given, "
        "answer) SELECT 'pay_' || n, operation_id, name, started_at, 1, given, answer "
        "FROM plugin_calls, generate_series(1, 20000) n"
    )
    await app.rows("ANALYZE")
    async with app.app.storage.transaction() as storage:
        await storage.executor.fetch("SET LOCAL enable_seqscan = off")
        rows = await storage.executor.fetch(f"EXPLAIN {TIMELINE}".replace("$1", f"'{payment_id}'"))
    plan = "\n".join(row[0] for row in rows)

    assert "Seq Scan" not in plan
    assert "Index Scan" in plan or "Bitmap Index Scan" in plan


async def test_an_attempt_during_a_clock_move_shows_its_real_duration(app: TestApp):
    await app.webhook_url()
    payment_id = await app.paid()
    async with app.working():
        await app.until_value(3, "SELECT count(*) FROM webhook_logs WHERE status = 'success'")
    ten_years = "UPDATE delivery_attempts SET finished_at = started_at + interval '10 years'"
    await app.rows(ten_years)
    await app.rows("UPDATE delivery_attempts SET took_ms = NULL WHERE id % 2 = 0")

    answer = await app.call("GET", f"/payments/{payment_id}/timeline")

    assert answer.status == 200
