"""Compare the journal, the database, the bank's book and the receiver's list."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from tests.harness.audit import WRONG

from .merchants import Journal

SETTLED = frozenset({"success", "failed", "cancelled"})
PAYMENTS = """
SELECT p.id, p.order_id, p.status, p.amount, p.amount_captured, p.amount_refunded, p.capture_mode,
    extract(epoch FROM (
        SELECT min(t.at) FROM payment_transitions t WHERE t.payment_id = p.id
            AND t.to_status IN ('success', 'failed', 'cancelled', 'authorized')
    ) - p.created_at)::float AS settled_s
FROM payments p
"""
OPERATIONS = "SELECT id, payment_id, kind, state, amount, lease_state FROM operations"
REFUNDS = "SELECT id, payment_id, status, amount FROM refunds"
DELIVERIES = "SELECT event_id, status FROM webhook_logs"
TRANSITIONS = """
SELECT payment_id, to_status, count(*) AS times FROM payment_transitions
WHERE to_status IN ('success', 'failed', 'cancelled') GROUP BY 1, 2 HAVING count(*) > 1
"""
ORDERS = "SELECT id FROM orders"


@dataclass
class Books:
    """The records of all parties.

    Attributes:
        executed: Operation id → the bank's entries about it, one for each execution.
        acknowledged: Ids of operations whose approval the gateway acknowledged in a callback.
        errors: Responses of 500 and more to the bank's callbacks.
    """

    executed: Mapping[str, Sequence[Mapping[str, Any]]]
    acknowledged: frozenset[str]
    errors: int
    payments: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    operations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    refunds: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

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
    acknowledged, errors = set[str](), 0
    for line in (await asyncio.to_thread(book.read_text)).splitlines():
        entry = json.loads(line)
        if entry["what"] == "executed":
            executed[entry["operation_id"]].append(entry)
        elif entry["what"] == "acknowledged" and entry["approved"]:
            acknowledged.add(entry["operation_id"])
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
    )


def stuck(books: Books) -> Sequence[str]:
    """Return the payments and refunds that are not settled, and could be."""
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
    return left


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
        "stuck": list(stuck(books)),
        "broken_promises": journal.broken_promises,
    }
    sentences = [f"{name}: {each}" for name, cases in found.items() for each in cases[:20]]
    return {name: len(cases) for name, cases in found.items()}, sentences


async def _lost(connection: asyncpg.Connection[Any], books: Books, journal: Journal) -> list[str]:
    orders = {row["id"] for row in await connection.fetch(ORDERS)}
    captures = Counter(
        row["payment_id"] for row in books.operations.values() if row["kind"] == "capture"
    )
    lost = [f"order {id}" for id in journal.orders - orders]
    lost += [f"payment {id}" for id in journal.payments.keys() - books.payments.keys()]
    lost += [f"refund {id}" for id in journal.refunds.keys() - books.refunds.keys()]
    lost += [f"a capture of {id}" for id, times in journal.captures.items() if captures[id] < times]
    return lost


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
        if refunded > books.payments[payment_id]["amount_captured"]:
            found.append(f"{payment_id}: {refunded} was refunded")
    return found


def _charged_but_failed(books: Books) -> list[str]:
    return [
        f"{id} is {row['status']}, and the bank has charged it"
        for id in _approved(books, "charge")
        if (row := books.payments[id])["status"] == "failed"
        and row["amount_captured"] - row["amount_refunded"] != 0
    ] + [
        f"{id} is failed, the bank has charged it, and nothing was recorded"
        for id in _approved(books, "charge")
        if (row := books.payments[id])["status"] == "failed" and row["amount_captured"] == 0
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
        and row["kind"] != "wake"
        and not any(entry["approved"] for entry in books.executed.get(id, ()))
    ]


def _approvals_lost(books: Books) -> list[str]:
    """Return the approvals that the gateway acknowledged and does not have."""
    return [
        f"{row['kind']} {id} is {row['state']}"
        for id in books.acknowledged
        if (row := books.operations[id])["state"] != "succeeded"
    ]


async def _undelivered(connection: asyncpg.Connection[Any], accepted: Counter[str]) -> list[str]:
    return [
        f"event {row['event_id']}: {row['status']}, accepted {accepted[row['event_id']]} times"
        for row in await connection.fetch(DELIVERIES)
        if row["status"] != "success" or not accepted[row["event_id"]]
    ]
