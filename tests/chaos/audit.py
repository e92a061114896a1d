"""Compare the journal, the database, the bank's book and the receiver's list."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from tests.harness.audit import WRONG

from .journal import UNAVAILABLE, Journal

SETTLED = frozenset({"success", "failed", "cancelled"})
# Of an operation; in review, a person has to decide.
ENDED = frozenset({"succeeded", "failed", "needs_review"})
PAYMENTS = """
SELECT p.id, p.order_id, p.status, p.amount, p.amount_captured, p.amount_refunded, p.capture_mode,
    extract(epoch FROM (
        SELECT min(t.at) FROM payment_transitions t WHERE t.payment_id = p.id
            AND t.to_status IN ('success', 'failed', 'cancelled', 'authorized')
    ) - p.created_at)::float AS settled_s
FROM payments p
"""
OPERATIONS = """
SELECT id, payment_id, kind, state, amount, lease_state, processor, queries, sends, claims, note,
    run_at::text, lease_until::text, updated_at::text
FROM operations
"""
REFUNDS = "SELECT id, payment_id, status, amount FROM refunds"
# From the events: one whose delivery was never stored has to be found as well.
DELIVERIES = """
SELECT e.id AS event_id, coalesce(w.status, 'no delivery') AS status
FROM events e LEFT JOIN webhook_logs w ON w.event_id = e.id
"""
TRANSITIONS = """
SELECT payment_id, to_status, count(*) AS times FROM payment_transitions
WHERE to_status IN ('success', 'failed', 'cancelled') GROUP BY 1, 2 HAVING count(*) > 1
"""
ORDERS = "SELECT id FROM orders"
DEADLOCK = "deadlock detected"
# What a process writes when it could not store a result, and when it found a bug of its own.
RECORDING_FAILED = ("recording failed", "AssertionError")


@dataclass
class Books:
    """The records of all parties.

    Attributes:
        executed: Operation id → the bank's entries about it, one for each execution.
        acknowledged: Ids of operations whose approval the gateway acknowledged in a callback.
        errors: Responses of 500 and more to the bank's callbacks.
        answered: Ids of operations whose approval the bank sent in an answer, also to a query.
    """

    executed: Mapping[str, Sequence[Mapping[str, Any]]]
    acknowledged: frozenset[str]
    errors: int
    payments: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    operations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    refunds: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    answered: frozenset[str] = frozenset()

    @property
    def unknowable(self) -> frozenset[str]:
        """Payments with an operation of a blind bank that never arrived there.

        A worker died after the operation was stored as sent and before it was sent. There
        is no way to find out, so a person has to decide.
        """
        return frozenset(
            row["payment_id"]
            for id, row in self.operations.items()
            if row["state"] in {"sent", "unknown", "needs_review"} and id not in self.executed
        )


async def read_books(connection: asyncpg.Connection[Any], book: Path) -> Books:
    """Read the database and the bank's book."""
    executed: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    acknowledged, answered, errors = set[str](), set[str](), 0
    for line in (await asyncio.to_thread(book.read_text)).splitlines():
        entry = json.loads(line)
        if entry["what"] == "executed":
            executed[entry["operation_id"]].append(entry)
        elif entry["what"] == "acknowledged" and entry["approved"]:
            acknowledged.add(entry["operation_id"])
        elif entry["what"] == "sent" and entry["approved"]:
            answered.add(entry["operation_id"])
        elif entry["what"].startswith("answered"):
            errors += 1

    async def by_id(sql: str) -> Mapping[str, Mapping[str, Any]]:
        return {row["id"]: dict(row) for row in await connection.fetch(sql)}

    return Books(
        executed,
        frozenset(acknowledged),
        errors,
        await by_id(PAYMENTS),
        await by_id(OPERATIONS),
        await by_id(REFUNDS),
        frozenset(answered),
    )


def stuck(books: Books) -> Sequence[str]:
    """Return the payments, refunds, captures and voids that are not settled, and could be."""
    left = [
        id
        for id, row in books.payments.items()
        if row["status"] not in SETTLED | {"authorized"} and id not in books.unknowable
    ]
    left += [
        id
        for id, row in books.refunds.items()
        if row["status"] == "pending" and row["payment_id"] not in books.unknowable
    ]
    left += [
        id
        for id, row in books.operations.items()
        if row["kind"] in {"capture", "void"}
        and row["state"] not in ENDED
        and row["payment_id"] not in books.unknowable
    ]
    return left


def _in_words(id: str, books: Books) -> str:
    """Return what the books have of a payment, a refund or an operation that is not settled."""
    owner = next((rows[id] for rows in (books.refunds, books.operations) if id in rows), {})
    payment_id = owner.get("payment_id", id)
    operations = [
        {**row, "executed": len(books.executed.get(operation_id, ()))}
        for operation_id, row in books.operations.items()
        if row["payment_id"] == payment_id
    ]
    return f"{id}: {dict(books.payments.get(payment_id, {}))} {operations}"


async def audit(
    connection: asyncpg.Connection[Any], books: Books, journal: Journal, accepted: Counter[str]
) -> tuple[dict[str, int], Sequence[str]]:
    """Count what must not be; also describe each case in a sentence."""
    found: dict[str, list[str]] = {
        "lost": await _lost(connection, books, journal),
        "double_charged": _double_charged(books),
        "double_refunded": _double_refunded(books),
        "charged_but_failed": _charged_but_failed(books),
        "success_without_charge": _success_without_charge(books),
        "approvals_lost": _approvals_lost(books),
        "double_transitions": [
            f"{row['payment_id']} became {row['to_status']} {row['times']} times"
            for row in await connection.fetch(TRANSITIONS)
        ],
        "wrong_books": [
            f"{name}: {dict(row)}"
            for name, sql in WRONG.items()
            for row in await connection.fetch(sql)
        ],
        "undelivered": await _undelivered(connection, accepted),
        "stuck": [_in_words(id, books) for id in stuck(books)],
        "broken_promises": journal.broken_promises,
        "http_500": _failed_responses(books, journal),
    }
    sentences = [f"{name}: {each}" for name, cases in found.items() for each in cases[:20]]
    return {name: len(cases) for name, cases in found.items()}, sentences


def deadlocks(logs: Iterable[Path]) -> int:
    """Count the deadlocks in the logs of all PostgreSQL servers."""
    return _count(logs, [DEADLOCK])


def failed_recordings(logs: Iterable[Path]) -> int:
    """Count, in the logs of processes, the results that were not stored and the bugs found."""
    return _count(logs, RECORDING_FAILED)


def _count(logs: Iterable[Path], words: Sequence[str]) -> int:
    texts = [log.read_text(errors="replace") for log in logs]
    return sum(text.count(word) for text in texts for word in words)


async def _lost(connection: asyncpg.Connection[Any], books: Books, journal: Journal) -> list[str]:
    """Return the rows that a merchant or the bank knows of, and the database does not."""
    orders = {row["id"] for row in await connection.fetch(ORDERS)}
    stored = Counter((row["kind"], row["payment_id"]) for row in books.operations.values())
    paid = {entry["payment_id"] for entries in books.executed.values() for entry in entries}
    operations = books.executed.keys() | books.acknowledged | books.answered
    lost = [f"order {id}" for id in journal.orders - orders]
    lost += [f"payment {id}" for id in (journal.payments.keys() | paid) - books.payments.keys()]
    lost += [f"refund {id}" for id in journal.refunds.keys() - books.refunds.keys()]
    lost += [f"operation {id}" for id in operations - books.operations.keys()]
    for kind, acknowledged in (("capture", journal.captures), ("void", journal.voids)):
        lost += [
            f"a {kind} of {id}: {stored[kind, id]} stored, {times} acknowledged"
            for id, times in acknowledged.items()
            if stored[kind, id] < times
        ]
    return lost


def _failed_responses(books: Books, journal: Journal) -> list[str]:
    """Return a line for each response of 500 and more; 503 is a promise to be asked again."""
    return ["a response to a callback of the bank"] * books.errors + [
        f"a response {status} to a merchant"
        for status, times in journal.statuses.items()
        if status >= 500 and status != UNAVAILABLE
        for _ in range(times)
    ]


def _approved(books: Books, kind: str) -> Mapping[str, list[str]]:
    """Return payment id → the bank's approved executions of that kind, by operation id."""
    found: dict[str, list[str]] = defaultdict(list)
    for id, entries in books.executed.items():
        for entry in entries:
            if entry["kind"] == kind and entry["approved"]:
                found[entry["payment_id"]].append(id)
    return found


def _double_charged(books: Books) -> list[str]:
    charged = _approved(books, "charge")
    twice = [f"{id}: {operations}" for id, operations in charged.items() if len(operations) > 1]
    paid: dict[str, list[str]] = defaultdict(list)
    for id in charged:
        row = books.payments.get(id)
        if row is not None and row["amount_captured"] > row["amount_refunded"]:
            paid[row["order_id"]].append(id)
    return twice + [f"order {id}: {payments}" for id, payments in paid.items() if len(payments) > 1]


def _double_refunded(books: Books) -> list[str]:
    found = []
    for payment_id, operations in _approved(books, "refund").items():
        if len(set(operations)) < len(operations):
            found.append(f"{payment_id}: an operation was executed twice: {operations}")
        refunded = sum(books.executed[id][0]["amount"] for id in set(operations))
        row = books.payments.get(payment_id)
        # A payment that is gone is counted as lost.
        if row is not None and refunded > row["amount_captured"]:
            found.append(f"{payment_id}: {refunded} was refunded")
    return found


def _charged_but_failed(books: Books) -> list[str]:
    failed = {
        id: row
        for id in _approved(books, "charge")
        if (row := books.payments.get(id)) is not None and row["status"] == "failed"
    }
    return [
        f"{id} is failed, the bank has charged it, and its money was kept"
        for id, row in failed.items()
        if row["amount_captured"] != row["amount_refunded"]
    ] + [
        f"{id} is failed, the bank has charged it, and nothing was recorded"
        for id, row in failed.items()
        if row["amount_captured"] == 0
    ]


def _success_without_charge(books: Books) -> list[str]:
    charged = _approved(books, "charge")
    return [
        f"{id} is {row['status']}, and the bank has no charge"
        for id, row in books.payments.items()
        if row["status"] in {"success", "authorized"} and id not in charged
    ] + [
        f"{row['kind']} {id} succeeded, and the bank has not approved it"
        for id, row in books.operations.items()
        if row["state"] == "succeeded"
        # Work of the host, or a query about the charge: the bank executes neither.
        and row["kind"] not in {"wake", "confirm"}
        and not any(entry["approved"] for entry in books.executed.get(id, ()))
    ]


def _approvals_lost(books: Books) -> list[str]:
    """Return the approvals that the gateway was sent and does not have.

    An answer may have been lost on its way. But a bank repeats what it said, in a query or in a
    callback, so at the end of a run the gateway has it. An operation that is gone is lost.
    """
    return [
        f"{row['kind']} {id} is {row['state']}"
        for id in books.acknowledged | books.answered
        if (row := books.operations.get(id)) is not None and row["state"] != "succeeded"
    ]


async def _undelivered(connection: asyncpg.Connection[Any], accepted: Counter[str]) -> list[str]:
    return [
        f"event {row['event_id']}: {row['status']}, accepted {accepted[row['event_id']]} times"
        for row in await connection.fetch(DELIVERIES)
        if row["status"] != "success" or not accepted[row["event_id"]]
    ]
