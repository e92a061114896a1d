"""The database refuses a second live payment, charge, pending capture and final status."""

from __future__ import annotations

import asyncpg
import pytest

from tests.harness.apps import TestApp

COPY = """
INSERT INTO {table} SELECT (jsonb_populate_record(o, $1::jsonb)).* FROM {table} o WHERE {which}
"""


async def refused_by(url: str, table: str, which: str, change: str) -> str | None:
    """Insert a changed copy of the rows; the name of the index that refuses it."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(COPY.format(table=table, which=which), change)
    except asyncpg.UniqueViolationError as error:
        return str(error.constraint_name)
    finally:
        await connection.close()
    return None


async def test_an_order_has_one_live_payment(app: TestApp, database_url: str):
    payment = await app.paid()

    refusal = await refused_by(database_url, "payments", f"id = '{payment}'", '{"id": "pay_2"}')

    assert refusal == "payments_one_live_per_order"


async def test_a_final_status_has_one_transition(app: TestApp, database_url: str):
    async with app.working():
        payment = await app.paid()
        await app.until(payment, "success")

    refusal = await refused_by(
        database_url, "payment_transitions", "to_status = 'success'", '{"version": 99}'
    )

    assert refusal == "payment_transitions_one_ending"


async def test_a_payment_has_one_charge(app: TestApp, database_url: str):
    await app.paid()

    change = '{"id": "op_2", "processor": "other"}'
    refusal = await refused_by(database_url, "operations", "kind = 'charge'", change)

    assert refusal == "operations_one_charge"


async def test_a_processor_has_one_charge_of_a_payment(app: TestApp, database_url: str):
    await app.paid()

    change = '{"id": "op_2", "state": "failed", "lease_state": "done", "sealed": null}'
    refusal = await refused_by(database_url, "operations", "kind = 'charge'", change)

    assert refusal == "operations_one_charge_per_processor"


@pytest.mark.parametrize("kind", ["capture", "void"])
async def test_one_capture_or_void_is_in_progress(app: TestApp, database_url: str, kind: str):
    order = await app.order(capture="manual")
    async with app.working():
        payment = (await app.pay(order)).json["id"]
        await app.until(payment, "authorized")
    await app.call("POST", f"/payments/{payment}/capture")
    change = f'{{"id": "op_2", "kind": "{kind}"}}'

    refusal = await refused_by(database_url, "operations", "kind = 'capture'", change)

    assert refusal == "operations_one_capture_or_void"


async def test_a_final_status_has_one_event(app: TestApp, database_url: str):
    async with app.working():
        payment = await app.paid()
        await app.until(payment, "success")
    change = '{"id": "evt_2", "seq": 99, "position": 999999}'

    refusal = await refused_by(database_url, "events", "type = 'payment.success'", change)

    assert refusal == "events_one_ending"
