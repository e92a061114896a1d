"""Statements for many rows search an index for each of them, whatever the size of the tables.

A prepared statement keeps its plan. These are made for empty tables, which is when a plan that
reads a whole table, or a whole index, looks cheapest. PostgreSQL assumes ten pages for a table that
was never analyzed, and none for one that was analyzed while it was empty.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from paygate.adapters.postgres import migrations
from paygate.adapters.postgres.tables import (
    deliveries,
    housekeeping,
    idempotency,
    leases,
    merchants,
    operations,
    orders,
    payments,
)
from tests.harness.apps import TestApp

LARGE = {
    "orders", "payments", "operations", "events", "webhook_logs", "idempotency_keys",
    "delivery_attempts", "plugin_calls", "payment_transitions",
}  # fmt: skip
# Indexes of the rows that are leased, or of endpoints with work, of which one row is read at a
# time: they are as large as the work in progress.
SMALL = {
    "operations_leased",
    "webhook_logs_leased",
    "webhook_logs_first",
    "webhook_logs_endpoint_due",
    "webhook_logs_manual",
    "merchants_webhook_disabled",
    "merchants_webhook_breaker",
    "webhook_endpoints_disabled",
    "webhook_endpoints_breaker",
}
STATEMENTS = {
    "create payments": payments.OPEN,
    "find payments": payments.BY_IDS,
    "lock orders": orders.LOCK_FREE,
    "find credentials": merchants.BY_KEYS,
    "find a key": idempotency.FIND,
    "claim operations": operations.CLAIM,
    "read claimed operations": operations.CLAIMED,
    "read operations": operations.BY_IDS,
    "mark operations sent": operations.MARK_SENT,
    "lock leased operations": operations.LOCK_LEASED,
    "check leases of operations": operations.STILL_LEASED,
    "lock payments": operations.LOCK_FREE_PAYMENTS,
    "store operations": operations.STORE,
    "release operations": operations.RELEASE,
    "renew operations": leases.OPERATIONS.renew,
    "release claims of operations": leases.OPERATIONS.release_claims,
    "claim deliveries": deliveries.CLAIM,
    "record deliveries": deliveries.RECORD,
    "record deliveries and health": deliveries.RECORD_WITH_HEALTH,
    "release deliveries": deliveries.RELEASE,
    "renew deliveries": leases.DELIVERIES.renew,
    "release claims of deliveries": leases.DELIVERIES.release_claims,
    **{f"delete old {rows}": statement for rows, statement in housekeeping.PURGE.items()},
}


# The parameters have no values, so asyncpg cannot send the statement itself.
EXPLAIN = """
CREATE FUNCTION explain(statement text) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (GENERIC_PLAN, FORMAT JSON) ' || statement INTO plan;
    RETURN plan;
END $$
"""
READ_PLAN = "SELECT explain($1)"


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


@pytest.fixture(params=["never analyzed", "analyzed while empty"])
async def connection(app: TestApp, request: pytest.FixtureRequest) -> Any:
    if request.param == "analyzed while empty":
        await app.rows("ANALYZE")
    await app.rows(EXPLAIN.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"))
    async with app.app.storage.executor.client.acquire_connection() as connection:
        yield connection


@pytest.mark.parametrize("name", STATEMENTS)
async def test_statements_use_indexes_and_never_scan_tables(connection: Any, name: str):
    plan = await connection.fetchval(READ_PLAN, STATEMENTS[name])

    reads_all = [
        f"{node['Node Type']} {node.get('Index Name') or node.get('Relation Name')}"
        for node in nodes(json.loads(plan)[0]["Plan"])
        if node.get("Relation Name") in LARGE | {None}
        and node["Node Type"] in {"Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Index Scan"}
        and "Index Cond" not in node
        and node.get("Index Name") not in SMALL
    ]
    assert reads_all == []


async def test_leases_are_read_from_their_index(connection: Any):
    leased = importlib.import_module(f"{migrations.__name__}.0002_rules").LEASED_DELIVERIES
    await connection.execute("SET enable_bitmapscan = off")
    plan = await connection.fetchval(READ_PLAN, leased)
    await connection.execute("RESET enable_bitmapscan")

    read = [node.get("Index Name") for node in nodes(json.loads(plan)[0]["Plan"])]
    assert read == ["webhook_logs_leased"]


async def test_the_order_check_reads_only_deliveries_of_the_payment(connection: Any):
    plan = await connection.fetchval(READ_PLAN, deliveries.CLAIM)

    scans = [
        (node["Index Name"], node.get("Index Cond", ""))
        for node in nodes(json.loads(plan)[0]["Plan"])
        if node.get("Alias") == "prior"
    ]
    assert [name for name, _ in scans] == ["webhook_logs_untried"]
    assert "payment_id)::text = " in scans[0][1]
