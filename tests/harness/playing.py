"""An app whose clock is stopped until a test moves it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from paygate.adapters.notifier.local import LocalNotifier
from paygate.bootstrap import App, open_app
from paygate.core.api.app import create_app
from paygate.core.queue.worker import Worker
from paygate.seeding import seed
from paygate.settings import read_settings

from .apps import TestApp
from .contract import Contract

BEGAN = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
IDLE_WITHIN_S = 60.0
BOOK = "book.jsonl"
EFFECTS = """
SELECT effect FROM processor_callbacks ORDER BY received_at, effect = 'duplicate', id
"""
NEXT_DUE = """
SELECT min(due) FROM (
    SELECT run_at AS due FROM operations WHERE lease_state = 'ready'
    UNION ALL SELECT next_retry_at FROM webhook_logs WHERE status = 'pending') AS work
"""


@dataclass
class HeldClock:
    """Stands where it is put."""

    at: datetime = BEGAN

    def now(self) -> datetime:
        return self.at


@dataclass
class PlayedApp(TestApp):
    """A test app with a clock to move and a worker that runs."""

    clock: HeldClock
    home: Path
    workers: list[Worker] = field(default_factory=list)

    @property
    def worker(self) -> Worker:
        return self.workers[0]

    def begin_again(self) -> None:
        self.clock.at = BEGAN
        (self.home / BOOK).unlink(missing_ok=True)

    @asynccontextmanager
    async def played(self, workers: int = 1) -> AsyncIterator[PlayedApp]:
        """From the beginning, with workers that run."""
        self.clock.at = BEGAN
        (self.home / BOOK).unlink(missing_ok=True)
        self.workers[:] = [
            Worker(self.app.deps, worker_id=f"test-{uuid4()}") for _ in range(workers)
        ]
        running = [asyncio.create_task(worker.run()) for worker in self.workers]
        try:
            yield self
        finally:
            for worker in self.workers:
                worker.stop()
            await asyncio.gather(*running)

    async def idle(self) -> datetime | None:
        """Wait until nothing is due; when the next thing will be."""
        async with asyncio.timeout(IDLE_WITHIN_S):
            while True:
                due: datetime | None = await self.value(NEXT_DUE)
                if due is None or due > self.clock.at:
                    return due
                for queue in ("payments", "refunds", "webhooks"):
                    self.worker.wake(queue)  # type: ignore[arg-type]  # the names of queues, one by one
                await asyncio.sleep(0.002)

    async def play_on(self, until: timedelta = timedelta(days=40)) -> None:
        """Move the clock from one due time to the next, until no work is left."""
        end = self.clock.at + until
        while (due := await self.idle()) is not None and due <= end:
            self.clock.at = due
        self.clock.at = end

    async def play(self, scenario: str, method: str = "upi", **order: Any) -> Any:
        """Create a payment that plays the scenario, and run it to its end."""
        payment_id = await self.begin(scenario, method, **order)
        await self.play_on()
        return await self.payment(payment_id)

    async def begin(self, scenario: str, method: str = "upi", **order: Any) -> str:
        """Create a payment that plays the scenario."""
        details: Mapping[str, Any] = {"vpa": "asha@paytm"} if method == "upi" else {"card": CARD}
        body = {"order_id": await self.order(**order), "method": method, **details}
        headers = {"Paygate-Scenario": scenario}
        answer = await self.call("POST", "/payments", json=body, headers=headers)
        assert answer.status == 201, answer
        await self.idle()
        return str(answer.json["id"])

    async def events(self, payment_id: str) -> list[str]:
        sql = "SELECT type FROM events WHERE payment_id = $1 ORDER BY seq"
        return [row["type"] for row in await self.rows(sql, payment_id)]

    async def effects(self) -> list[str]:
        """Return the effects of callbacks in order, after all of them are processed.

        Of copies that come at the same moment any may be the one that counts.
        """
        async with asyncio.timeout(IDLE_WITHIN_S):
            while True:
                rows = await self.rows(EFFECTS)
                effects = [row["effect"] for row in rows]
                if "received" not in effects:
                    return effects
                await asyncio.sleep(0.01)


CARD = {
    "number": "4111111111111111",
    "expiry_month": "12",
    "expiry_year": "2035",
    "cvv": "123",
    "holder_name": "Asha Rao",
}

CALLBACK_SECRET = "a secret of these tests"


@asynccontextmanager
async def stage_app(
    database_url: str, home: Path, environ: Mapping[str, str] | None = None
) -> AsyncIterator[PlayedApp]:
    """Provide an app with the installed plugins, a held clock and a record file."""
    given = {
        "DATABASE_URL": database_url,
        "PAYGATE_HOME": str(home),
        "PAYGATE_DATABASE_POOL": "5",
        "PAYGATE_SIMULATOR_BOOK": str(home / BOOK),
        "PAYGATE_SIMULATOR_SECRET": CALLBACK_SECRET,
        # A payment without a scenario succeeds; who tests chance sets these.
        "UPI_SUCCESS_RATE": "1",
        "CARD_SUCCESS_RATE": "1",
        # Long enough for an honest answer on a busy machine; hanging ones cost this much.
        "PAYGATE_PLUGIN_TIMEOUT": "1",
        **(environ or {}),
    }
    settings = read_settings(given)
    clock = HeldClock()
    async with open_app(settings, given, notifier=LocalNotifier()) as opened:
        deps = replace(opened.deps, clock=clock)
        app = App(opened.settings, deps, opened.loaded, opened.storage, opened.web)
        await seed(deps)
        web = create_app(deps, app.web)
        contract = Contract(web, deps.registry)
        yield PlayedApp(app, web.test_client(), contract, clock, home)


@asynccontextmanager
async def played_app(
    database_url: str, home: Path, environ: Mapping[str, str] | None = None, *, workers: int = 1
) -> AsyncIterator[PlayedApp]:
    """Provide the same app with running workers."""
    async with stage_app(database_url, home, environ) as app, app.played(workers):
        yield app
