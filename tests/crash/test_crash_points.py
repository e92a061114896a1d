"""A process dies before and after each commit and each outside call, and all records agree."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import asyncpg
import pytest

from paygate.core.crash_points import CRASH_POINTS, DELIVERY_STEPS, OPERATION_STEPS, REQUEST_STEPS
from tests.chaos.audit import audit, read_books, stuck
from tests.chaos.merchants import Journal
from tests.chaos.receivers import Receiver, open_receiver
from tests.chaos.site import environ_of, start_bank
from tests.harness.apps import KEYS
from tests.harness.prepared import Process
from tests.harness.processes import Client, Stack, free_port, stack

PATIENCE_S = 60.0
KILLED = -9
OPEN = "SELECT count(*) FROM webhook_logs WHERE status = 'pending'"
# The bank that has the payment at the end, and where workers die: the first one at the charge of
# the busy bank, the second one at the charge of the next bank.
FAILOVER_DEATHS = (
    ("bank_busy", ("after_call",)),
    ("bank_busy", ("before_commit",)),
    ("bank_asked", ("after_commit", "after_sent")),
    ("bank_asked", ("after_commit", "after_call")),
)
PUT_OFF = """
UPDATE operations SET run_at = now() + interval '1 hour'
WHERE payment_id = $1 AND lease_token IS NOT NULL RETURNING processor
"""
RESUME = """
UPDATE operations SET run_at = now(), lease_until = now() WHERE run_at > now() + interval '50 min'
"""
CHARGED_BY = """
SELECT array_agg(processor) FROM operations WHERE payment_id = $1 AND state = 'succeeded'
"""
FOLLOW_UPS = {"capture": "capture", "void": "cancel", "refund": "refunds"}


class Calm(Random):
    """A receiver with it accepts everything at once."""

    def random(self) -> float:
        return 1.0


@dataclass
class Gateway:
    """An API, and the bank that it uses. There is no worker unless a test starts one."""

    processes: Stack
    port: int
    book: Path
    receiver: Receiver
    api: Process | None = None
    number: int = 0

    async def serve(self, **more: str) -> Process:
        self.api = await self.processes.start("serve", PORT=str(self.port), **more)
        await Client(f"http://127.0.0.1:{self.port}").until_healthy(self.api)
        return self.api

    async def send(self, path: str, body: dict[str, Any], *, key: str | None = None) -> Any:
        """Send a request until it is answered."""
        headers = KEYS if key is None else {**KEYS, "Idempotency-Key": key}
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}"
        async with asyncio.timeout(PATIENCE_S), aiohttp.ClientSession(headers=headers) as session:
            while True:
                with suppress(aiohttp.ClientError):
                    async with session.post(url, json=body) as response:
                        answer = await response.json()
                        if response.status in {200, 201}:
                            return answer
                        assert response.status in {409, 503}, answer
                await asyncio.sleep(0.02)

    async def pay(self, *, charge: str = "approve", manual: bool = False) -> str:
        order = await self.send(
            "orders", {"amount": 500, **({"capture": "manual"} if manual else {})}
        )
        return str((await self.pay_order(order["id"], charge))["id"])

    async def pay_order(
        self, order_id: str, charge: str = "approve", flow: str | None = None
    ) -> Any:
        self.number += 1
        flow = flow or ("blind" if charge == "callback" else "asked")
        body = {"order_id": order_id, "method": "bank", "flow": flow, "charge": charge}
        return await self.send("payments", body, key=f"payment-{self.number}")

    async def until(self, payment_id: str, status: str) -> None:
        sql = "SELECT status FROM payments WHERE id = $1"
        async with asyncio.timeout(PATIENCE_S):
            while await self.value(sql, payment_id) != status:
                await asyncio.sleep(0.02)

    async def value(self, sql: str, *args: Any) -> Any:
        connection = await asyncpg.connect(self.processes.database_url)
        try:
            return await connection.fetchval(sql, *args)
        finally:
            await connection.close()

    async def audited(self) -> dict[str, int]:
        """Let everything end with a worker that does not die; return what is wrong then."""
        await self.processes.start("work")
        connection = await asyncpg.connect(self.processes.database_url)
        try:
            async with asyncio.timeout(PATIENCE_S):
                while (
                    stuck(await read_books(connection, self.book))
                    or await connection.fetchval(OPEN)
                    or await connection.fetchval(
                        "SELECT count(*) FROM operations WHERE lease_state = 'ready'"
                    )
                ):
                    await asyncio.sleep(0.1)
            books = await read_books(connection, self.book)
            counts, sentences = await audit(connection, books, Journal(), self.receiver.accepted)
        finally:
            await connection.close()
        assert not sentences
        return {name: count for name, count in counts.items() if count}


@pytest.fixture
async def gateway(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Gateway]:
    book, port, bank_port = tmp_path / "book.jsonl", free_port(), free_port()
    book.touch()
    environ = environ_of(tmp_path, bank_port)
    bank = start_bank(bank_port, book, [port])
    try:
        async with (
            open_receiver(Calm()) as receiver,
            stack(database_url, redis_url, tmp_path, environ) as processes,
        ):
            code, _, errors = await processes.run("seed")
            assert code == 0, errors
            running = Gateway(processes, port, book, receiver)
            await running.serve()
            client = Client(f"http://127.0.0.1:{port}")
            await client.call(
                "PATCH", "/api/v1/merchant/webhook", json={"webhook_url": receiver.url}
            )
            yield running
    finally:
        bank.kill()
        bank.wait()


async def until_dead(process: Process) -> None:
    assert await asyncio.wait_for(process.wait(), PATIENCE_S) == KILLED


@pytest.mark.parametrize("kind", ["charge", "capture", "void", "refund"])
async def test_a_worker_dies_at_each_step_of_an_operation(gateway: Gateway, kind: str):
    for step in OPERATION_STEPS:
        worker = await gateway.processes.start("work", PAYGATE_CRASH_AT=f"{kind}.{step}")
        payment_id = await gateway.pay(manual=kind in {"capture", "void"})
        if kind != "charge":
            await gateway.until(payment_id, "success" if kind == "refund" else "authorized")
            key = f"{kind}-{step}"
            body = {"amount": 500} if kind == "refund" else {}
            await gateway.send(f"payments/{payment_id}/{FOLLOW_UPS[kind]}", body, key=key)
        await until_dead(worker)

    assert await gateway.audited() == {}
    endings = await gateway.value(
        "SELECT count(*) FROM operations WHERE kind = $1 AND state = 'succeeded'", kind
    )
    assert endings == len(OPERATION_STEPS)


async def test_a_worker_dies_at_each_step_of_a_failover_and_one_bank_charges_once(gateway: Gateway):
    charged = {}
    for bank, steps in FAILOVER_DEATHS:
        order = await gateway.send("orders", {"amount": 500})
        payment_id = (await gateway.pay_order(order["id"], flow="busy"))["id"]
        for step in steps:
            worker = await gateway.processes.start("work", PAYGATE_CRASH_AT=f"charge.{step}")
            await until_dead(worker)
        # The next worker does not get this charge, so it dies at the one of the next payment.
        assert await gateway.value(PUT_OFF, payment_id) == bank
        charged[payment_id] = bank
    await gateway.value(RESUME)

    assert await gateway.audited() == {}
    for payment_id, bank in charged.items():
        assert await gateway.value(CHARGED_BY, payment_id) == [bank]


async def test_a_worker_dies_at_each_step_of_a_delivery(gateway: Gateway):
    for step in DELIVERY_STEPS:
        worker = await gateway.processes.start("work", PAYGATE_CRASH_AT=f"delivery.{step}")
        await gateway.pay()
        await until_dead(worker)

    assert await gateway.audited() == {}


@pytest.mark.parametrize("work", ["payment", "response", "callback"])
async def test_an_api_dies_before_and_after_each_commit(gateway: Gateway, work: str):
    answers = Counter[str]()
    for step in REQUEST_STEPS:
        assert gateway.api is not None
        gateway.api.terminate()
        await gateway.api.wait()
        dying = await gateway.serve(PAYGATE_CRASH_AT=f"{work}.{step}")
        if work == "callback":
            worker = await gateway.processes.start("work")
            # The bank repeats callbacks: it may die of one about an earlier payment.
            paying = asyncio.create_task(gateway.pay(charge="callback"))
            await until_dead(dying)
            await gateway.serve()
            # A worker that dies between "sent" and the call leaves a payment of which nothing
            # can be known: this bank cannot be asked.
            await gateway.until(await paying, "success")
            worker.kill()
        elif work == "payment":
            order = await gateway.send("orders", {"amount": 500})
            paying = asyncio.create_task(gateway.pay_order(order["id"]))
            await until_dead(dying)
            await gateway.serve()
            answers[(await paying)["id"]] += 1
        else:
            ordering = asyncio.create_task(gateway.send("orders", {"amount": 500}, key=step))
            await until_dead(dying)
            await gateway.serve()
            answers[(await ordering)["id"]] += 1

    assert await gateway.audited() == {}
    if work == "payment":
        assert await gateway.value("SELECT count(*) FROM payments") == len(answers) == 2
    if work == "response":
        assert await gateway.value("SELECT count(*) FROM orders") == len(answers) == 2


async def test_an_unknown_crash_point_is_refused(database_url: str, redis_url: str, tmp_path: Path):
    async with stack(database_url, redis_url, tmp_path, {}) as processes:
        code, _, errors = await processes.run("work", PAYGATE_CRASH_AT="charge.never")

    assert code == 2
    assert errors.startswith("paygate: PAYGATE_CRASH_AT: there is no point 'charge.never'")


def test_every_point_is_tested():
    tested = {f"{kind}.{step}" for kind in ("charge", *FOLLOW_UPS) for step in OPERATION_STEPS}
    tested |= {f"delivery.{step}" for step in DELIVERY_STEPS}
    tested |= {
        f"{work}.{step}" for work in ("payment", "response", "callback") for step in REQUEST_STEPS
    }

    assert tested == CRASH_POINTS
