"""Shoppers, refunds, retries and an unreliable processor at the same time, on three workers.

Afterwards all records must be consistent. A failure prints its seed: the moods repeat,
the interleaving does not.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from paygate import Approved, AuthorizeRequest, CallContext, DeclineCode, Declined, Pending, Unknown
from tests.harness.apps import TestApp, running_app
from tests.harness.audit import WRONG
from tests.harness.fakes import Fakes, not_sent

ORDERS = 15
TRIES = 8

UNDONE = """
SELECT (SELECT count(*) FROM operations WHERE lease_state = 'ready')
    + (SELECT count(*) FROM webhook_logs WHERE status = 'pending')
"""


class Moody(Fakes):
    """Plugins that decline, hesitate, break and forget."""

    def __init__(self, seed: int) -> None:
        super().__init__(query_waits_s=(0.0,) * 60)
        self.rng = Random(seed)
        self.processor._next = self.answer  # type: ignore[method-assign]
        self.sink.before_answer = lambda _event, _endpoint: asyncio.sleep(self.rng.random() / 200)

    async def answer(self, _script, request: AuthorizeRequest, context: CallContext):
        await asyncio.sleep(self.rng.random() / 200)
        mood = self.rng.random()
        if mood < 0.10:
            raise not_sent()
        if mood < 0.25:
            raise RuntimeError("the line broke")
        if mood < 0.35:
            return Unknown("no idea")
        if mood < 0.55:
            return Pending(timedelta(milliseconds=self.rng.randint(0, 30)))
        if mood < 0.75:
            return Declined(DeclineCode.DECLINED)
        return Approved(f"ref-{context.operation_id}", request.amount)


async def refund_thrice(app: TestApp, payment_id: str, rng: Random) -> None:
    async def refund(copy: int) -> int:
        headers = {"Idempotency-Key": f"{payment_id}-{copy % 2}"}
        body = {"amount": rng.choice([100, 300, 900])}
        path = f"/payments/{payment_id}/refunds"
        return (await app.call("POST", path, json=body, headers=headers)).status

    assert set(await asyncio.gather(*map(refund, range(3)))) <= {201, 400, 409, 422}


async def shop(app: TestApp, order_id: str, rng: Random) -> None:
    for _ in range(TRIES):
        assert (await app.pay(order_id)).status in {201, 400}
        await asyncio.sleep(rng.random() / 20)
        paid = "SELECT id FROM payments WHERE order_id = $1 AND status = 'success'"
        for row in await app.rows(paid, order_id):
            await refund_thrice(app, row["id"], rng)
        for row in await app.rows("SELECT id FROM webhook_logs ORDER BY random() LIMIT 1"):
            await app.call("POST", f"/webhooks/{row['id']}/retry")
        await app.webhook_url(None if rng.random() < 0.2 else "http://localhost:9/hook")


@pytest.mark.parametrize("seed", [1, 2])
async def test_records_stay_consistent_under_concurrent_faults(
    database_url: str, tmp_path: Path, seed: int
):
    fakes = Moody(seed)
    async with running_app(database_url, tmp_path, plugins=fakes.found()) as app:
        async with app.working(), app.working(), app.working():
            orders = [await app.order(1_000) for _ in range(ORDERS)]
            await asyncio.gather(*(shop(app, order, fakes.rng) for order in orders * 2))
            await app.until_value(0, UNDONE)
        wrong = {name: await app.rows(sql) for name, sql in WRONG.items()}

    charged = defaultdict(set)
    for verb, operation_id, payment_id in fakes.processor.calls:
        if verb == "authorize":
            charged[payment_id].add(operation_id)
    assert {name: rows for name, rows in wrong.items() if rows} == {}, f"seed {seed}"
    assert {len(operations) for operations in charged.values()} == {1}
