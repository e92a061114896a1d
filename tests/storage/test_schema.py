"""What the database itself refuses and writes, for sets of rows, and no more than is needed."""

from __future__ import annotations

import asyncpg
import pytest

from tests.harness.apps import TestApp

FOREIGN_KEYS = """
SELECT conrelid::regclass || ' -> ' || confrelid::regclass AS pair
FROM pg_constraint WHERE contype = 'f'
"""
# An index whose columns another complete index begins with, in the same order.
COVERED = """
SELECT a.indexrelid::regclass AS covered, b.indexrelid::regclass AS by
FROM pg_index a JOIN pg_index b USING (indrelid)
WHERE a.indexrelid <> b.indexrelid AND NOT a.indisunique
    AND a.indpred IS NULL AND b.indpred IS NULL AND a.indexprs IS NULL
    AND (SELECT amname FROM pg_class c JOIN pg_am ON pg_am.oid = c.relam
        WHERE c.oid = a.indexrelid) = 'btree'
    AND b.indkey::text || ' ' LIKE a.indkey::text || ' %'
    AND a.indrelid::regclass::text = ANY(ARRAY[
        'orders', 'payments', 'operations', 'events', 'webhook_logs', 'idempotency_keys'])
"""


async def test_rows_of_payments_refer_to_their_parents_only(app: TestApp):
    pairs = {row["pair"] for row in await app.rows(FOREIGN_KEYS)}

    busy = {"orders", "payments", "operations", "events", "webhook_logs", "idempotency_keys"}
    assert {pair for pair in pairs if pair.split(" -> ")[0] in busy} == {
        "orders -> merchants",
        "payments -> orders",
        "operations -> payments",
    }


async def test_no_index_is_covered_by_another(app: TestApp):
    assert await app.rows(COVERED) == []


async def paid(app: TestApp, count: int) -> list[str]:
    return [await app.paid() for _ in range(count)]


async def test_a_batch_of_status_changes_stores_each_transition(app: TestApp):
    payments = await paid(app, 3)

    await app.rows("UPDATE payments SET status = 'processing', version = version + 1")
    await app.rows("UPDATE payments SET vpa = 'asha@paytm'")

    moves = await app.rows("SELECT * FROM payment_transitions ORDER BY payment_id, version")
    assert [(each["version"], each["from_status"], each["to_status"]) for each in moves] == [
        (1, None, "pending"),
        (2, "pending", "processing"),
    ] * len(payments)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            "status = 'success', version = version + 1",
            "from pending at version 1 to success at version 2",
        ),
        (
            "status = 'processing', version = version + 2",
            "from pending at version 1 to processing at version 3",
        ),
        ("status = 'processing'", r"at version (\d) to processing at version \1$"),
    ],
)
async def test_one_forbidden_transition_refuses_the_whole_statement(
    app: TestApp, change: str, message: str
):
    first, *others = await paid(app, 3)
    moves = "UPDATE payments SET status = 'processing', version = version + 1 WHERE id = ANY($1)"
    await app.rows(moves, others)
    await app.rows("UPDATE payments SET status = 'unknown', version = 3 WHERE id = ANY($1)", others)

    with pytest.raises(asyncpg.CheckViolationError, match=message):
        await app.rows(f"UPDATE payments SET {change} WHERE id = $1 OR status = 'unknown'", first)

    assert await app.value("SELECT status FROM payments WHERE id = $1", first) == "pending"
    assert await app.value("SELECT count(*) FROM payment_transitions") == 3 + 2 * 2


UPDATE = "UPDATE payments SET vpa = 'a@b'"
EXPLAIN_ALL = """
SET auto_explain.log_nested_statements = on; SET auto_explain.log_level = 'notice';
SET auto_explain.log_min_duration = 0
"""


async def test_a_large_statement_after_a_small_one_is_as_fast_as_after_a_large_one(app: TestApp):
    await paid(app, 2)
    (order, *_) = await app.rows("SELECT id FROM orders")
    copy = "INSERT INTO orders SELECT (jsonb_populate_record(o, jsonb_build_object('id', {id}))).* "
    rows = "FROM orders o, generate_series(1, 3000) AS number WHERE o.id = $1"
    await app.rows(copy.format(id="'order_' || number") + rows, order["id"])
    await app.rows(
        "INSERT INTO payments (id, order_id, merchant_id, amount, method) "
        "SELECT 'pay_' || id, id, merchant_id, amount, 'coin' FROM orders WHERE status = 'created'"
    )
    plans: list[str] = []
    connection = await asyncpg.connect(app.database_url)
    try:
        # Often enough for a plan that the session keeps.
        for _ in range(8):
            await connection.execute(f"{UPDATE} WHERE order_id = $1", order["id"])
        await connection.execute("LOAD 'auto_explain'")
        connection.add_log_listener(lambda _, message: plans.append(message.message))
        await connection.execute(EXPLAIN_ALL)
        await connection.execute(UPDATE)
    finally:
        await connection.close()

    joins = [plan for plan in plans if "old_rows" in plan]
    assert joins
    assert not [plan for plan in joins if "Nested Loop" in plan]


async def test_a_payment_keeps_its_id(app: TestApp):
    (payment,) = await paid(app, 1)

    with pytest.raises(asyncpg.CheckViolationError, match=f"payment {payment} cannot become"):
        await app.rows(
            "UPDATE payments SET id = 'pay_2', status = 'success' WHERE id = $1", payment
        )


@pytest.mark.parametrize(("status", "version"), [("failed", 1), ("pending", 2)])
async def test_a_payment_begins_pending_at_version_1(app: TestApp, status: str, version: int):
    await app.order()

    with pytest.raises(asyncpg.CheckViolationError, match="a payment begins pending"):
        await app.rows(
            "INSERT INTO payments (id, order_id, merchant_id, amount, method, status, version) "
            "SELECT 'pay_1', id, merchant_id, amount, 'coin', $1::text, $2::int FROM orders",
            status,
            version,
        )


async def test_a_delivery_inserted_by_sql_gets_its_defaults(app: TestApp):
    await app.rows(
        "INSERT INTO webhook_logs (merchant_id, event, payload) "
        "SELECT id, 'payment.success', '{}' FROM merchants"
    )

    (row,) = await app.rows("SELECT * FROM webhook_logs")
    assert (row["status"], row["endpoint_id"]) == ("pending", row["merchant_id"])
    assert row["next_retry_at"] is not None

    await app.rows("UPDATE webhook_logs SET status = 'failed'")
    assert await app.value("SELECT next_retry_at FROM webhook_logs") is None
    await app.rows("UPDATE webhook_logs SET status = 'pending'")
    assert await app.value("SELECT next_retry_at FROM webhook_logs") is not None
