"""A database with years of rows, and what each of an app's statements reads of them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from .apps import TestApp

MERCHANT = "550e8400-e29b-41d4-a716-446655440000"

# What belongs to the payment of every number n. Values that are rare are those of few n.
STATUS = """CASE WHEN n % 1000 = 0 THEN 'pending' WHEN n % 1000 = 1 THEN 'authorized'
    WHEN n % 1000 = 2 THEN 'cancelled' WHEN n % 100 = 3 THEN 'failed' ELSE 'success' END"""
AT = "(SELECT now()) - n * interval '40 seconds'"
FILL = f"""
SET LOCAL session_replication_role = replica;
INSERT INTO orders (id, merchant_id, amount, receipt, status, link_id, link_expires_at,
    link_cancelled_at, created_at, updated_at)
SELECT 'order_' || lpad(n::text, 16, '0'), '{MERCHANT}', 50000, 'receipt-' || n,
    CASE WHEN n % 1000 = 0 THEN 'created' WHEN n % 100 = 3 THEN 'attempted' ELSE 'paid' END,
    'plink_' || lpad(n::text, 16, '0'), CASE WHEN n % 4 = 3 THEN {AT} END,
    CASE WHEN n % 8 = 0 THEN {AT} END, {AT}, {AT}
FROM generate_series(1, $rows) AS n;
INSERT INTO payments (id, order_id, merchant_id, amount, currency, method, flow, processor, status,
    vpa, card_last4, amount_authorized, amount_captured, created_at, updated_at, last_seq)
SELECT 'pay_' || lpad(n::text, 16, '0'), 'order_' || lpad(n::text, 16, '0'), '{MERCHANT}', 50000,
    'INR', CASE WHEN n % 5000 = 4 THEN 'coin' WHEN n % 2 = 0 THEN 'card' ELSE 'upi' END, '',
    'bank', {STATUS}, CASE WHEN n % 2 = 1 THEN 'payer' || n || '@bank' END,
    CASE WHEN n % 2 = 0 THEN lpad((n % 10000)::text, 4, '0') END,
    50000, CASE WHEN {STATUS} = 'success' THEN 50000 ELSE 0 END, {AT}, {AT}, 3
FROM generate_series(1, $rows) AS n;
INSERT INTO payment_transitions (payment_id, version, from_status, to_status, at)
SELECT id, 1, NULL, 'pending', created_at FROM payments
UNION ALL SELECT id, 2, 'pending', 'processing', created_at FROM payments
UNION ALL SELECT id, 3, 'processing', status, created_at + interval '2 seconds' FROM payments
WHERE status <> 'pending';
INSERT INTO operations (id, payment_id, merchant_id, kind, amount, currency, processor, state,
    lease_state, run_at, created_at, updated_at)
SELECT 'op_' || lpad(n::text, 16, '0'), 'pay_' || lpad(n::text, 16, '0'), '{MERCHANT}', 'charge',
    50000, 'INR', 'bank', CASE WHEN n % 1000 = 0 THEN 'needs_review' ELSE 'succeeded' END,
    CASE WHEN n % 1000 = 0 THEN 'dead' ELSE 'done' END, {AT}, {AT}, {AT}
FROM generate_series(1, $rows) AS n;
INSERT INTO plugin_calls (payment_id, operation_id, name, started_at, took_ms, given, answer)
SELECT payment_id, id, 'authorize', created_at, 5, '{{}}', '{{"class": "Approved"}}'
FROM operations;
INSERT INTO payment_decisions (payment_id, kind, chosen, decided_at, took_ms, data)
SELECT payment_id, 'route', 'bank', created_at, 1, '{{}}' FROM operations;
INSERT INTO refunds (id, payment_id, merchant_id, amount, currency, status, created_at)
SELECT 'rfnd_' || lpad(n::text, 16, '0'), 'pay_' || lpad(n::text, 16, '0'), '{MERCHANT}', 100,
    'INR', CASE WHEN n % 1000 = 5 THEN 'failed' WHEN n % 1000 = 6 THEN 'pending'
        ELSE 'processed' END, {AT}
FROM generate_series(1, $rows) AS n;
INSERT INTO events (id, merchant_id, payment_id, type, seq, payload, created_at)
SELECT 'evt_' || lpad(n::text, 16, '0'), '{MERCHANT}', 'pay_' || lpad(n::text, 16, '0'),
    CASE WHEN n % 5000 = 4 THEN 'webhook.test' ELSE 'payment.success' END, 3, '{{}}', {AT}
FROM generate_series(1, $rows) AS n;
INSERT INTO webhook_logs (id, merchant_id, event, payload, status, attempts, last_attempt_at,
    next_retry_at, created_at, event_id, sink, endpoint_id, payment_id, seq, last_error)
SELECT lpad(to_hex(n), 32, '0')::uuid, '{MERCHANT}',
    CASE WHEN n % 5000 = 4 THEN 'webhook.test' ELSE 'payment.success' END, '{{}}',
    CASE WHEN n % 1000 = 0 THEN 'pending' WHEN n % 1000 = 7 THEN 'failed' ELSE 'success' END, 1,
    {AT}, CASE WHEN n % 1000 = 0 THEN {AT} END, {AT}, 'evt_' || lpad(n::text, 16, '0'),
    'webhook_http', CASE WHEN n % 5000 = 8 THEN md5('endpoint')::uuid ELSE '{MERCHANT}' END,
    'pay_' || lpad(n::text, 16, '0'), 3, CASE WHEN n % 1000 = 7 THEN 'refused' END
FROM generate_series(1, $rows) AS n;
INSERT INTO delivery_attempts (delivery_id, ordinal, started_at, finished_at, status_code)
SELECT id, 1, created_at, created_at, 200 FROM webhook_logs;
INSERT INTO processor_callbacks (processor, received_at, headers, body, dedupe_key, operation_id,
    payment_id, effect)
SELECT 'bank', {AT}, '{{}}', '', n, 'op_' || lpad(n::text, 16, '0'),
    'pay_' || lpad(n::text, 16, '0'),
    CASE WHEN n % 1000 = 9 THEN 'conflict' ELSE 'applied' END
FROM generate_series(1, $rows) AS n;
INSERT INTO audit_log (merchant_id, at, actor_kind, actor_id, actor_label, action, subject, detail)
SELECT '{MERCHANT}', {AT}, 'key', CASE WHEN n % 5000 = 4 THEN 'key_rare' ELSE 'key_often' END,
    'label', CASE WHEN n % 5000 = 4 THEN 'key.create' ELSE 'refund.create' END, 'subject-' || n,
    '{{}}'
FROM generate_series(1, $rows) AS n;
INSERT INTO idempotency_keys (key, merchant_id, response) SELECT n, '{MERCHANT}', '{{}}'
FROM generate_series(1, $rows) AS n;
"""
FILLED_WITHIN_S = 3600.0


async def fill(app: TestApp, rows: int) -> None:
    """Give the test merchant so many rows in every table of payments."""
    async with app.app.storage.executor.client.acquire_connection() as connection:
        async with connection.transaction():
            await connection.execute(FILL.replace("$rows", str(rows)), timeout=FILLED_WITHIN_S)
            await connection.execute("SELECT paygate_count_all()", timeout=FILLED_WITHIN_S)
        await connection.execute("VACUUM ANALYZE", timeout=FILLED_WITHIN_S)


@dataclass(frozen=True)
class Statement:
    """A statement that an app has run, its parameters, and whether it is always planned anew."""

    sql: str
    args: tuple[Any, ...]
    is_planned_anew: bool = False


@asynccontextmanager
async def listening(app: TestApp) -> AsyncIterator[list[Statement]]:
    """Provide the statements that the app's pool runs meanwhile."""
    statements: list[Statement] = []

    def record_statement(record: Any) -> None:
        # The setting ends with its transaction.
        last = statements[-1] if statements else Statement("", ())
        is_set = "plan_cache_mode" in last.sql or last.is_planned_anew
        is_ours = is_set and not last.sql.startswith(("COMMIT", "ROLLBACK"))
        statements.append(Statement(record.query, tuple(record.args), is_ours))

    client = app.app.storage.executor.client
    async with AsyncExitStack() as stack:
        # All connections of the pool, so that none is opened later.
        opened = [
            await stack.enter_async_context(client.acquire_connection())
            for _ in range(client.pool_maxsize)
        ]
        for each in opened:
            each.add_query_logger(record_statement)
        bare = [each._con for each in opened]
    yield statements
    for each in bare:
        each.remove_query_logger(record_statement)


async def plan_of(app: TestApp, statement: Statement) -> Mapping[str, Any]:
    """Return how the statement runs, with the number of rows that each step reads."""
    explain = f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement.sql}"
    plan = await app.value(explain, *statement.args)
    found: Mapping[str, Any] = json.loads(plan)[0]["Plan"]
    return found


async def rows_read_by_any_plan(app: TestApp, statement: Statement) -> int:
    """Return how many rows the statement reads with its generic plan."""
    async with app.app.storage.executor.transaction() as bound:
        await bound.fetch("SET LOCAL plan_cache_mode = force_generic_plan")
        # It also counts what the connection has read before.
        before = await bound.fetchval(READ)
        await bound.fetch(statement.sql, *statement.args)
        return int(await bound.fetchval(READ) - before)


READ = """
SELECT coalesce(sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)), 0)
FROM pg_stat_xact_user_tables
"""


def steps(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Return every step of a plan."""
    yield plan
    for inner in plan.get("Plans", ()):
        yield from steps(inner)
