"""The same seed and the same requests: the same event log, byte by byte."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from paygate.bootstrap import open_app
from paygate.core.errors import OperatorError
from paygate.settings import read_settings
from tests.harness.databases import Databases
from tests.harness.playing import PlayedApp, played_app

EVENT_LOG = """
SELECT string_agg(type || ' ' || payload::text, E'\n' ORDER BY created_at, payment_id, seq)
FROM events
"""
PLAYED = ["approve_slowly", "late_success", "reordered_callbacks", "flaky", "refund_slow"]


async def run(stage: PlayedApp) -> str:
    """Run some days of a shop: scenarios, and payments with random results."""
    late = ""
    for number in range(12):
        scenario = PLAYED[number % len(PLAYED)]
        payment_id = await stage.begin(scenario)
        late = payment_id if scenario == "late_success" else late
        drawn = await stage.pay(method="upi", vpa="asha@paytm")
        await stage.play_on(timedelta(minutes=3))
        await stage.call("POST", f"/payments/{drawn.json['id']}/refunds", json={"amount": 700})
    order_id = (await stage.payment(late))["order_id"]
    await stage.pay(order_id, method="upi", vpa="asha@paytm")
    await stage.play_on()
    log = await stage.value(EVENT_LOG)
    assert log.count("\n") > 60
    return str(log)


async def logged(databases: Databases, home: Path, *, seed: int = 7, workers: int = 1) -> str:
    url = await databases.clone()
    environ = {"PAYGATE_REPLAY": "true", "PAYGATE_SEED": str(seed), "UPI_SUCCESS_RATE": "0.5"}
    async with played_app(url, home, environ, workers=workers) as stage:
        log = await run(stage)
    await databases.drop(url)
    return log


async def test_the_log_depends_on_the_seed_and_not_on_the_number_of_workers(
    databases: Databases, tmp_path: Path
):
    one, *four = [
        await logged(databases, tmp_path / str(number), workers=workers)
        for number, workers in enumerate((1, 4, 4))
    ]

    assert four == [one, one]
    assert await logged(databases, tmp_path / "another", seed=8) != one


async def test_production_refuses_predictable_ids():
    settings = read_settings({"PAYGATE_ENV": "production", "PAYGATE_REPLAY": "true"})

    with pytest.raises(OperatorError, match="PAYGATE_REPLAY"):
        async with open_app(settings, {}):
            raise AssertionError
