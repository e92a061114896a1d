"""The audit finds each kind of inconsistency."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from tests.chaos.audit import Books, audit, stuck
from tests.chaos.merchants import Journal
from tests.chaos.plan import Purchase

PURCHASE = Purchase(0, 500, "asked", "approve", "approve", "nothing", 1)


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
    connection: asyncpg.Connection[Any], books: Books, journal: Journal | None = None
) -> dict[str, int]:
    counts, _ = await audit(connection, books, journal or Journal(), Counter())
    return {name: count for name, count in counts.items() if count}


async def test_consistent_records_pass_the_audit(connection: asyncpg.Connection[Any]):
    journal = Journal(payments={"pay_1": PURCHASE})

    assert await found(connection, books(), journal) == {}


TWICE = {"op_1": [entry()], "op_2": [entry("refund"), entry("refund")]}
WRONG: dict[str, tuple[dict[str, Any], set[str]]] = {
    "a charge that was executed twice": (
        {"executed": {"op_1": [entry(), entry()]}},
        {"double_charged"},
    ),
    "a refund that was executed twice": (
        {"executed": TWICE, "operations": {"op_1": operation(), "op_2": operation("refund")}},
        {"double_refunded"},
    ),
    "more refunded than captured": (
        {
            "executed": {"op_1": [entry()], "op_2": [entry("refund", amount=600)]},
            "operations": {"op_1": operation(), "op_2": operation("refund")},
        },
        {"double_refunded"},
    ),
    "a failed payment that was charged": (
        {
            "payments": {"pay_1": payment(status="failed", amount_captured=0)},
            "acknowledged": frozenset(),
        },
        {"charged_but_failed"},
    ),
    "a failed payment whose late money was kept": (
        {"payments": {"pay_1": payment(status="failed")}},
        {"charged_but_failed"},
    ),
    "a success that was never charged": ({"executed": {}}, {"success_without_charge"}),
    "a success that was declined": (
        {"executed": {"op_1": [entry(approved=False)]}},
        {"success_without_charge"},
    ),
    "an acknowledged approval that is not in the books": (
        {"operations": {"op_1": operation(state="failed")}},
        {"approvals_lost"},
    ),
    "a payment without an end": (
        {"payments": {"pay_1": payment(status="processing")}},
        {"stuck"},
    ),
}


@pytest.mark.parametrize("case", WRONG)
async def test_each_inconsistency_is_found(connection: asyncpg.Connection[Any], case: str):
    changes, names = WRONG[case]

    assert set(await found(connection, books(**changes))) >= names


async def test_a_lost_acknowledged_payment_is_found(connection: asyncpg.Connection[Any]):
    gone = Journal(
        orders={"order_9"},
        payments={"pay_9": PURCHASE},
        refunds={"rfnd_9": "pay_1"},
        captures=Counter({"pay_1": 1}),
    )

    assert await found(connection, books(), gone) == {"lost": 4}


def test_only_operations_that_no_bank_received_may_stay_open():
    sent = {"op_1": operation(state="unknown")}
    unknown = {"pay_1": payment(status="unknown")}

    assert stuck(books(payments=unknown, operations=sent, executed={})) == []
    assert stuck(books(payments=unknown, operations=sent)) == ["pay_1"]
