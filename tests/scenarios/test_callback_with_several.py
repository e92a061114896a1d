"""A callback that is about several operations is applied as a whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from paygate.core.deps import Deps
from paygate.core.errors import InfrastructureError
from paygate.core.payments.callbacks import ReceiveCallback, receive_callback
from paygate.core.plugin_api.processor import RawCallback, Update, Verified
from paygate.simulator.calling_back import write
from tests.harness.playing import CALLBACK_SECRET, PlayedApp

CUT = """
CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_terminate_backend(pg_backend_pid());
    RETURN NEW;
END $$;
CREATE TRIGGER cut BEFORE UPDATE ON payments FOR EACH ROW WHEN (OLD.id = '{id}')
    EXECUTE FUNCTION cut()
"""


@dataclass
class AboutAll:
    """A processor whose callback says the same of several operations."""

    real: Any
    operation_ids: list[str]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def translate(self, verified: Verified) -> Sequence[Update]:
        (update,) = self.real.translate(verified)
        return [replace(update, operation_id=id) for id in self.operation_ids]


async def about_all(
    stage: PlayedApp, payments: Sequence[str], word: str
) -> tuple[RawCallback, Deps]:
    """Return a callback that reports the status of every charge, and its app."""
    operations = [
        str(await stage.value("SELECT id FROM operations WHERE payment_id = $1", payment))
        for payment in payments
    ]
    fields = {"id": f"cb-{word}", "operation_id": operations[0], "status": word}
    raw = write({**fields, "amount": 50_000, "currency": "INR"}, secret=CALLBACK_SECRET)
    deps = stage.app.deps
    processor: Any = AboutAll(deps.registry.processors["upi_sim"], operations)
    processors = {**deps.registry.processors, "upi_sim": processor}
    return raw, replace(deps, registry=replace(deps.registry, processors=processors))


async def test_an_interrupted_callback_applies_none_of_its_updates(
    stage: PlayedApp,
):
    payments = [await stage.begin("approve_slowly") for _ in range(3)]
    raw, with_several = await about_all(stage, payments, "approved")

    for statement in CUT.format(id=payments[1]).split(";\nCREATE TRIGGER"):
        is_trigger = statement.startswith(" cut BEFORE")
        await stage.rows(f"CREATE TRIGGER{statement}" if is_trigger else statement)
    stored = "SELECT id, status, version FROM payments ORDER BY id"
    as_it_was = await stage.rows(stored)
    with pytest.raises(InfrastructureError):
        await receive_callback(ReceiveCallback("upi_sim", raw), with_several)
    before = await stage.rows(stored)
    await stage.rows("DROP TRIGGER cut ON payments")
    status, _ = await receive_callback(ReceiveCallback("upi_sim", raw), with_several)

    assert before == as_it_was
    assert status == 200
    assert [(await stage.payment(payment))["status"] for payment in payments] == ["success"] * 3
    kept = await stage.rows("SELECT effect FROM processor_callbacks ORDER BY id")
    assert [row["effect"] for row in kept] == ["received", "applied"]


async def test_every_conflict_of_a_callback_is_listed(stage: PlayedApp):
    payments = [await stage.begin("approve") for _ in range(3)]
    await stage.play_on()
    raw, with_several = await about_all(stage, payments, "declined")
    for _ in range(2):
        await receive_callback(ReceiveCallback("upi_sim", raw), with_several)
    listed = (await stage.call("GET", "/attention")).json["data"]

    assert sorted((each["kind"], each["payment_id"]) for each in listed) == [
        ("conflict", payment) for payment in sorted(payments)
    ]


async def test_a_conflict_and_a_quarantined_update_are_both_listed(stage: PlayedApp):
    payment = await stage.begin("approve")
    await stage.play_on()
    raw, with_several = await about_all(stage, [payment], "declined")
    processor: Any = with_several.registry.processors["upi_sim"]
    processor.operation_ids.append("op_0000000000000000")
    await receive_callback(ReceiveCallback("upi_sim", raw), with_several)
    listed = (await stage.call("GET", "/attention")).json["data"]

    assert sorted((each["kind"], each["payment_id"]) for each in listed) == [
        ("conflict", payment),
        ("quarantined", None),
    ]
