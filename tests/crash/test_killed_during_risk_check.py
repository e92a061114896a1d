"""A worker dies before a risk verdict is stored: the next worker runs the check again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest

from tests.harness.installed import install
from tests.harness.processes import stack

# ``says`` has answered when ``dies`` ends the process: a verdict that was not stored.
PLUGIN = """
import asyncio
import os
import signal
from pathlib import Path

from paygate import Allow, Block, hookimpl

FOLDER = Path(__file__).parent


class Says:
    name = "says"

    async def assess(self, request, context):
        with (FOLDER / "asked").open("a") as asked:
            asked.write(f"{os.getpid()} {request.payment_id}\\n")
        return VERDICT


class Dies:
    name = "dies"

    async def assess(self, request, context):
        if (FOLDER / "died").exists():
            return None
        await asyncio.sleep(0.2)
        (FOLDER / "died").touch()
        os.kill(os.getpid(), signal.SIGKILL)


@hookimpl
def paygate_risk_checks():
    return [Says(), Dies()]
"""


@pytest.mark.parametrize(
    ("verdict", "ending", "charges"),
    [('Block("seen before")', "failed", 0), ("Allow()", "success", 1)],
    ids=["block", "allow"],
)
async def test_a_worker_killed_after_a_risk_verdict_leaves_an_unsent_payment(
    database_url: str, redis_url: str, tmp_path: Path, verdict: str, ending: str, charges: int
):
    folder = install(tmp_path / "plugins", "mortal", PLUGIN.replace("VERDICT", verdict))
    environ = {
        "TEST_MODE": "true",
        "TEST_PROCESSING_DELAY": "0",
        "PYTHONPATH": str(folder),
    }
    async with stack(database_url, redis_url, tmp_path, environ) as processes:
        client = await processes.serve("--prepare")
        first = await processes.start("work")
        payment_id = await client.pay()
        assert await asyncio.wait_for(first.wait(), 60) == -9
        connection = await asyncpg.connect(database_url)
        left = await connection.fetchrow(
            "SELECT o.state, p.status, (SELECT count(*) FROM payment_decisions) AS kept "
            "FROM operations o JOIN payments p ON p.id = o.payment_id"
        )
        await processes.start("work")
        async with asyncio.timeout(60):
            while await connection.fetchval("SELECT status FROM payments") != ending:
                await asyncio.sleep(0.05)
        events = await connection.fetchval("SELECT count(*) FROM events")
        decisions = await connection.fetch("SELECT chosen FROM payment_decisions")
        called = await connection.fetchval("SELECT count(*) FROM plugin_calls")
        await connection.close()

    assert tuple(left) == ("reserved", "pending", 0)
    asked = (folder / "asked").read_text().splitlines()
    assert [line.split()[1] for line in asked] == [payment_id, payment_id]
    assert len({line.split()[0] for line in asked}) == 2
    assert events == 3
    assert [row["chosen"] for row in decisions] == ["block" if ending == "failed" else "allow"]
    # However often it was checked, it was sent as often as it was let through.
    assert called >= charges
    written = processes.book.read_text().splitlines() if processes.book.exists() else []
    assert len(written) == charges
    assert (called == 0) == (charges == 0)
