"""The processes under test, what they were asked, what they answered and what they logged."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg

from paygate.adapters.postgres.database_url import with_database
from tests.harness.apps import KEYS
from tests.harness.processes import Stack, stack

from . import plugin

ENTRY_POINTS = "[paygate]\nrace = bench.racing.plugin\n"
METADATA = "Metadata-Version: 2.1\nName: paygate-race\nVersion: 0\n"
SETTLED_WITHIN_S = 60.0
RESENDS_MAX = 3
LATE_ANSWER_S = 60.0


@dataclass
class Track:
    """Two APIs, two workers, and the processors' journal."""

    apis: list[str]
    session: aiohttp.ClientSession
    pool: asyncpg.Pool
    home: Path
    server_log: Path | None
    answers: Counter[int] = field(default_factory=Counter)
    _turn: int = 0
    _calls: list[dict[str, Any]] = field(default_factory=list)
    _read: int = 0

    async def post(self, path: str, body: object = None, **kwargs: Any) -> tuple[int, Any]:
        """Ask the APIs in turn. An answer that never comes counts as 599."""
        self._turn += 1
        base = self.apis[self._turn % len(self.apis)]
        if body is not None:
            kwargs["json"] = body
        try:
            async with self.session.post(f"{base}/api/v1{path}", **kwargs) as response:
                status, content = response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError):
            status, content = 599, b"{}"
        self.answers[status] += 1
        return status, json.loads(content or b"{}")

    async def order(self, amount: int) -> str:
        """Return a new order's id."""
        status, order = await self.post("/orders", {"amount": amount})
        assert status == 201, order
        return str(order["id"])

    async def pay(self, order_id: str, **details: str) -> tuple[int, Any]:
        """Pay it by the method of the races."""
        return await self.post("/payments", {"order_id": order_id, "method": "race", **details})

    async def new_payment(self, amount: int, **details: str) -> str:
        """Return a new payment's id, of a new order."""
        status, payment = await self.pay(await self.order(amount), **details)
        assert status == 201, payment
        return str(payment["id"])

    async def call_back(self, call: Mapping[str, Any], *, approved: bool = True) -> bool:
        """Say how an operation ended, as often as it takes; whether it was acknowledged."""
        key = f"{call['operation_id']}-{approved}"
        headers, body = plugin.callback(call, key=key, approved=approved)
        for _ in range(RESENDS_MAX):
            status, _ = await self.post(
                f"/callbacks/{plugin.CallsBack.info.id}", data=body, headers=headers
            )
            if 200 <= status < 300:
                return True
        return False

    def calls(self) -> list[dict[str, Any]]:
        """Return what the processors were asked so far, in order."""
        journal = self.home / "journal.jsonl"
        if journal.exists():
            with journal.open("rb") as file:
                file.seek(self._read)
                for line in file:
                    if not line.endswith(b"\n"):
                        break
                    self._read += len(line)
                    self._calls.append(json.loads(line))
        return self._calls

    async def calls_about(
        self, payments: Iterable[str], what: str, count: int = 1
    ) -> dict[str, list[dict[str, Any]]]:
        """Per payment its ``count`` calls of that kind, once they were made."""
        wanted = set(payments)
        found: dict[str, list[dict[str, Any]]] = {}

        async def are_made() -> bool:
            found.clear()
            for call in self.calls():
                if call["payment_id"] in wanted and call["what"] == what:
                    found.setdefault(call["payment_id"], []).append(call)
            return all(len(found.get(payment, ())) >= count for payment in wanted)

        await until(are_made, f"{count} {what} of each of {len(wanted)} payments")
        return found

    async def fetch(self, sql: str, *arguments: object) -> list[Any]:
        return list(await self.pool.fetch(sql, *arguments))

    async def settle(self, payments: Iterable[str]) -> bool:
        """Wait until nothing of them is under way; False where something stays so."""
        wanted = list(payments)

        async def is_settled() -> bool:
            return not await self.unsettled(wanted)

        try:
            await until(is_settled, "an end")
        except TimeoutError:
            return False
        return True

    async def unsettled(self, payments: list[str]) -> int:
        """Return how many of these payments, and of their refunds, have no end yet."""
        (row,) = await self.fetch(
            "SELECT (SELECT count(*) FROM payments WHERE id = ANY($1) "
            "AND status NOT IN ('success', 'failed')) + "
            "(SELECT count(*) FROM refunds WHERE payment_id = ANY($1) "
            "AND status = 'pending') AS open",
            payments,
        )
        return int(row["open"])

    async def wait_for_status(self, payments: Iterable[str], status: str) -> None:
        wanted = list(payments)

        async def have_it() -> bool:
            (row,) = await self.fetch(
                "SELECT count(*) AS n FROM payments WHERE id = ANY($1) AND status = $2",
                wanted,
                status,
            )
            return bool(row["n"] == len(wanted))

        await until(have_it, f"{len(wanted)} payments to be {status}")

    async def wait_for_action(self, payments: Iterable[str]) -> None:
        """Until each waits for its shopper."""
        wanted = list(payments)

        async def wait() -> bool:
            (row,) = await self.fetch(
                "SELECT count(*) AS n FROM payments WHERE id = ANY($1) AND next_action IS NOT NULL",
                wanted,
            )
            return bool(row["n"] == len(wanted))

        await until(wait, f"{len(wanted)} payments to wait for their shoppers")

    def server_errors(self) -> int:
        return sum(count for status, count in self.answers.items() if status >= 500)

    def deadlocks(self) -> int:
        """Count lines in PostgreSQL's log; 0 if the log cannot be read."""
        return _count(self.server_log, "deadlock detected")

    def assertion_errors(self) -> int:
        return sum(_count(log, "AssertionError") for log in self.home.glob("process-*.log"))

    async def deadlocks_counted(self) -> int:
        """Return what the server itself has counted, complete once the processes have ended."""
        (row,) = await self.fetch(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        )
        return int(row["deadlocks"])


def _count(log: Path | None, words: str) -> int:
    return log.read_text(errors="replace").count(words) if log and log.exists() else 0


async def until(holds: Callable[[], Any], what: str) -> None:
    """Wait until it holds.

    Raises:
        TimeoutError: It does not for a minute and a half.
    """
    end = time.monotonic() + SETTLED_WITHIN_S
    while not await holds():
        if time.monotonic() > end:
            raise TimeoutError(f"waited in vain for {what}")
        await asyncio.sleep(0.05)


@asynccontextmanager
async def track(
    server_url: str, redis_url: str, home: Path, server_log: Path | None
) -> AsyncIterator[tuple[Track, Stack]]:
    """Processes on a new database of that server, dropped afterwards."""
    name = f"paygate_races_{home.name.rsplit('-', 1)[-1].lower()}"
    admin = await asyncpg.connect(with_database(server_url, "postgres"))
    try:
        await admin.execute(f'CREATE DATABASE "{name}"')
        url = with_database(server_url, name)
        try:
            async with (
                stack(url, redis_url, home, _environment(home), logs=home) as processes,
                _started(processes, server_log) as running,
            ):
                yield running, processes
        finally:
            await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await admin.close()


@asynccontextmanager
async def _started(processes: Stack, server_log: Path | None) -> AsyncIterator[Track]:
    first = await processes.serve("--prepare")
    second = await processes.serve()
    await processes.start("work")
    await processes.start("work")
    timeout = aiohttp.ClientTimeout(total=LATE_ANSWER_S)
    async with (
        aiohttp.ClientSession(headers=KEYS, timeout=timeout) as session,
        asyncpg.create_pool(processes.database_url, min_size=1, max_size=2) as pool,
    ):
        apis = [first.base, second.base]
        running = Track(apis, session, pool, processes.home, server_log)
        yield running


def _environment(home: Path) -> dict[str, str]:
    """Make the plugin known to the processes as an installed one is."""
    site = home / "site"
    metadata = site / "paygate_race-0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(METADATA)
    (metadata / "entry_points.txt").write_text(ENTRY_POINTS)
    root = Path(__file__).parents[2]
    return {
        "PYTHONPATH": f"{site}:{root}",
        "PAYGATE_RACE_JOURNAL": str(home / "journal.jsonl"),
    }
