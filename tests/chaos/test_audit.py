"""The audit finds each kind of inconsistency."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.chaos.audit import Books, audit, deadlocks, failed_recordings, read_books, stuck
from tests.chaos.merchants import Journal
from tests.chaos.plan import Purchase

PURCHASE = Purchase(0, 500, "asked", "approve", "approve", "nothing", 1, "approves")


def payment(**changes: Any) -> dict[str, Any]:
    return {
        "id": "pay_1",
        "order_id": "order_1",
        "status": "success",
        "amount": 500,
        "amount_captured": 500,
        "amount_refunded": 0,
        "capture_mode": "automatic",
        "settled_s": 1.0,
        **changes,
    }


def operation(kind: str = "charge", state: str = "succeeded", **changes: Any) -> dict[str, Any]:
    return {"payment_id": "pay_1", "kind": kind, "state": state, "amount": 500, **changes}


def entry(kind: str = "charge", *, approved: bool = True, amount: int = 500) -> dict[str, Any]:
    return {"payment_id": "pay_1", "kind": kind, "approved": approved, "amount": amount}


def books(**changes: Any) -> Books:
    """Return the books of one good payment, and what else there is."""
    given: dict[str, Any] = {
        "executed": {"op_1": [entry()]},
        "acknowledged": frozenset({"op_1"}),
        "errors": 0,
        "payments": {"pay_1": payment()},
        "operations": {"op_1": operation()},
        **changes,
    }
    return Books(**given)


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[asyncpg.Connection[Any]]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def found(
    connection: asyncpg.Connection[Any],
    books: Books,
    journal: Journal | None = None,
    accepted: Mapping[str, int] | None = None,
) -> dict[str, int]:
    counts, _ = await audit(connection, books, journal or Journal(), Counter(accepted or {}))
    return {name: count for name, count in counts.items() if count}


async def test_consistent_records_pass_the_audit(connection: asyncpg.Connection[Any]):
    journal = Journal(payments={"pay_1": PURCHASE})

    assert await found(connection, books(), journal) == {}


FAILED = payment(status="failed", amount_captured=0)
REFUND = {"op_1": operation(), "op_2": operation("refund")}
WRONG: dict[str, tuple[dict[str, Any], dict[str, int]]] = {
    "a charge that was executed twice": (
        {"executed": {"op_1": [entry(), entry()]}},
        {"double_charged": 1},
    ),
    "a refund that was executed twice": (
        {
            "executed": {"op_1": [entry()], "op_2": [entry("refund", amount=100)] * 2},
            "operations": REFUND,
        },
        {"double_refunded": 1},
    ),
    "more refunded than captured": (
        {
            "executed": {"op_1": [entry()], "op_2": [entry("refund", amount=600)]},
            "operations": REFUND,
        },
        {"double_refunded": 1},
    ),
    "a failed payment that was charged": (
        {"payments": {"pay_1": FAILED}},
        {"charged_but_failed": 1},
    ),
    "a failed payment whose late money was kept": (
        {"payments": {"pay_1": payment(status="failed")}},
        {"charged_but_failed": 1},
    ),
    "a success that was never charged": (
        {"executed": {}, "operations": {}, "acknowledged": frozenset()},
        {"success_without_charge": 1},
    ),
    "a capture that was declined and succeeded": (
        {
            "executed": {"op_1": [entry()], "op_2": [entry("capture", approved=False)]},
            "operations": {"op_1": operation(), "op_2": operation("capture")},
        },
        {"success_without_charge": 1},
    ),
    "an approval in an acknowledged callback that is not in the books": (
        {"operations": {"op_1": operation(state="failed")}},
        {"approvals_lost": 1},
    ),
    "an approval in an answer that is not in the books": (
        {
            "operations": {"op_1": operation(state="failed")},
            "acknowledged": frozenset(),
            "answered": frozenset({"op_1"}),
        },
        {"approvals_lost": 1},
    ),
    "a payment without an end": (
        {"payments": {"pay_1": payment(status="processing")}},
        {"stuck": 1},
    ),
    "a capture without an end": (
        {
            "executed": {"op_1": [entry()], "op_2": [entry("capture")]},
            "operations": {"op_1": operation(), "op_2": operation("capture", "sent")},
        },
        {"stuck": 1},
    ),
    "a payment that only the bank has": ({"payments": {}}, {"lost": 1}),
    "an operation that only the bank has": ({"operations": {}}, {"lost": 1}),
    "a refunded payment that only the bank has": (
        {
            "payments": {},
            "executed": {"op_1": [entry()], "op_2": [entry("refund")]},
            "operations": REFUND,
            "answered": frozenset({"op_1", "op_2"}),
        },
        {"lost": 1},
    ),
    "a response of 500 to a callback": ({"errors": 1}, {"http_500": 1}),
}


@pytest.mark.parametrize("case", WRONG)
async def test_each_inconsistency_is_counted_once(connection: asyncpg.Connection[Any], case: str):
    changes, counts = WRONG[case]

    assert await found(connection, books(**changes)) == counts


async def test_a_lost_acknowledged_payment_is_found(connection: asyncpg.Connection[Any]):
    gone = Journal(
        orders={"order_9"},
        payments={"pay_9": PURCHASE},
        refunds={"rfnd_9": "pay_1"},
        captures=Counter({"pay_1": 1}),
        voids=Counter({"pay_1": 1}),
    )

    assert await found(connection, books(), gone) == {"lost": 5}


async def test_two_results_of_one_key_are_a_broken_promise(connection: asyncpg.Connection[Any]):
    journal = Journal(broken_promises=["one key, several payments"])

    assert await found(connection, books(), journal) == {"broken_promises": 1}


async def test_only_500_and_more_except_503_is_a_failed_response(
    connection: asyncpg.Connection[Any],
):
    journal = Journal(statuses=Counter({201: 5, 409: 2, 500: 1, 503: 7}))

    assert await found(connection, books(), journal) == {"http_500": 1}


async def test_a_payment_that_ended_twice_in_one_way_is_found(
    connection: asyncpg.Connection[Any],
):
    # Nothing but this index keeps the database from storing it.
    await connection.execute("DROP INDEX payment_transitions_one_ending")
    await connection.execute(
        "INSERT INTO payment_transitions (payment_id, version, to_status, at) "
        "VALUES ('pay_1', 2, 'success', now()), ('pay_1', 3, 'success', now())"
    )

    assert await found(connection, books()) == {"double_transitions": 1}


EVENT = """
INSERT INTO events (id, type, payload, created_at, merchant_id)
VALUES ('evt_1', 'payment.success', '{}', now(), gen_random_uuid())
"""
DELIVERY = """
INSERT INTO webhook_logs (id, event_id, event, payload, endpoint_id, merchant_id, status, sink,
    attempts, claims, created_at, next_retry_at)
VALUES (gen_random_uuid(), 'evt_1', 'payment.success', '{}', gen_random_uuid(), gen_random_uuid(),
    $1, 'webhook', 1, 0, now(), now())
"""


async def test_rows_that_contradict_each_other_are_found(connection: asyncpg.Connection[Any]):
    await connection.execute(EVENT)
    await connection.execute(DELIVERY.replace("'{}'", "'{\"amount\": 1}'"), "success")

    assert await found(connection, books(), accepted={"evt_1": 1}) == {"wrong_books": 1}


LEASED = """
SET session_replication_role = replica;
INSERT INTO operations (id, payment_id, merchant_id, kind, amount, currency, processor, state,
    lease_state, lease_token, lease_until, lease_owner, claims, run_at, created_at, updated_at)
VALUES ('op_1', 'pay_1', gen_random_uuid(), 'charge', 500, 'INR', 'bank', 'unknown', 'ready',
    gen_random_uuid(), now() + interval '15 s', 'worker_1', 1, now(), now(), now());
"""
BEAT = """
INSERT INTO workers (id, kind, started_at, heartbeat_at, breakers)
VALUES ('worker_1', 'worker', now(), now() - $1 * interval '1 s', '{}')
"""


@pytest.mark.parametrize(("beat_s", "counts"), [(None, 1), (60, 1), (1, 0)])
async def test_a_lease_needs_a_worker_that_is_alive(
    connection: asyncpg.Connection[Any], beat_s: int | None, counts: int
):
    await connection.execute(LEASED)
    if beat_s is not None:
        await connection.execute(BEAT, beat_s)

    assert (await found(connection, books())).get("wrong_books", 0) == counts


async def test_an_event_whose_delivery_was_never_stored_is_found(
    connection: asyncpg.Connection[Any],
):
    await connection.execute(EVENT)

    assert await found(connection, books()) == {"undelivered": 1}


@pytest.mark.parametrize(
    ("status", "accepted", "counts"),
    [
        ("success", {"evt_1": 1}, {}),
        ("success", {}, {"undelivered": 1}),
        ("failed", {"evt_1": 1}, {"undelivered": 1}),
    ],
)
async def test_an_event_is_delivered_if_the_receiver_and_the_database_say_so(
    connection: asyncpg.Connection[Any],
    status: str,
    accepted: dict[str, int],
    counts: dict[str, int],
):
    await connection.execute(EVENT)
    await connection.execute(DELIVERY, status)

    assert await found(connection, books(), accepted=accepted) == counts


def test_deadlocks_of_every_server_are_counted(tmp_path: Path):
    logs = [tmp_path / "first.log", tmp_path / "second.log"]
    logs[0].write_text("ERROR:  deadlock detected\nLOG:  checkpoint complete\n")
    logs[1].write_text("LOG:  checkpoint complete\n")

    assert deadlocks(logs) == 1
    assert deadlocks(reversed(logs)) == 1
    assert deadlocks(logs[1:]) == 0


@pytest.mark.parametrize("words", ["payments: recording failed", "AssertionError: no lease"])
def test_results_that_were_not_stored_are_counted(tmp_path: Path, words: str):
    good, bad = tmp_path / "process-1.log", tmp_path / "process-2.log"
    good.write_text("started\n")
    bad.write_text(f"started\n{words}\n")

    assert failed_recordings([good, bad]) == 1
    assert failed_recordings([good]) == 0


async def test_approvals_are_read_from_the_answers_and_callbacks_of_the_book(
    connection: asyncpg.Connection[Any], tmp_path: Path
):
    book = tmp_path / "book.jsonl"
    lines = [
        {"what": what, "operation_id": id, **entry(approved=approved)}
        for what, id, approved in (
            ("executed", "op_1", True),
            ("sent", "op_1", True),
            ("sent", "op_2", False),
            ("acknowledged", "op_3", True),
            ("answered 500", "op_4", True),
        )
    ]
    book.write_text("".join(f"{json.dumps(line)}\n" for line in lines))

    read = await read_books(connection, book)

    assert list(read.executed) == ["op_1"]
    assert (read.answered, read.acknowledged, read.errors) == ({"op_1"}, {"op_3"}, 1)


def test_only_operations_that_no_bank_received_may_stay_open():
    sent = {"op_1": operation(state="unknown")}
    unknown = {"pay_1": payment(status="unknown")}

    assert stuck(books(payments=unknown, operations=sent, executed={})) == []
    assert stuck(books(payments=unknown, operations=sent)) == ["pay_1"]
