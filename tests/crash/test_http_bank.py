"""A worker dies around a request to the bank over HTTP: the money moves once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest

from paygate.bank.server import API_KEY, CALLBACK_SECRET
from tests.harness.processes import Client, Stack, free_port, stack

PATIENCE_S = 60.0
KILLED = -9
CARD = {"number": "4111111111111111", "expiry_month": "12", "expiry_year": "2035"}
# Before the request is sent, and between the charge at the bank and its record here.
STEPS = ("after_sent", "after_call")
BEFORE = {"capture": "authorized", "void": "authorized", "refund": "success"}
FOLLOW_UPS = {"capture": "capture", "void": "cancel", "refund": "refunds"}


@dataclass
class Pair:
    """A gateway without a worker, and the bank that it uses."""

    processes: Stack
    client: Client
    bank: str

    async def die(self, at: str, do: Any) -> Any:
        """Start a worker that dies at a point of the work that ``do`` asks for."""
        worker = await self.processes.start("work", PAYGATE_CRASH_AT=at)
        result = await do
        assert await asyncio.wait_for(worker.wait(), PATIENCE_S) == KILLED
        return result

    async def pay(self, **order: str) -> str:
        _, made = await self.client.call("POST", "/api/v1/orders", json={"amount": 500, **order})
        body = {"order_id": made["id"], "method": "card", "card": CARD}
        status, payment = await self.client.call("POST", "/api/v1/payments", json=body)
        assert status == 201, payment
        return str(payment["id"])

    async def until(self, payment_id: str, status: str) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                _, payment = await self.client.call("GET", f"/api/v1/payments/{payment_id}")
                if payment["status"] == status:
                    return
                await asyncio.sleep(0.05)

    async def until_recorded(self, kind: str) -> None:
        """Wait until the gateway has recorded the success of an operation of a kind."""
        sql = "SELECT count(*) FROM operations WHERE kind = $1 AND state = 'succeeded'"
        async with asyncio.timeout(PATIENCE_S):
            while await self.value(sql, kind) != 1:
                await asyncio.sleep(0.05)

    async def value(self, sql: str, *args: Any) -> Any:
        connection = await asyncpg.connect(self.processes.database_url)
        try:
            return await connection.fetchval(sql, *args)
        finally:
            await connection.close()

    async def book(self) -> Any:
        return await self.ask("GET", "/book")

    async def ask(self, method: str, path: str, **content: Any) -> Any:
        """Send a test's request to the bank."""
        async with (
            aiohttp.ClientSession() as http,
            http.request(method, self.bank + path, json=content or None) as answer,
        ):
            assert answer.status == 200, await answer.text()
            return await answer.json()


@pytest.fixture
async def pair(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Pair]:
    port, bank_port = free_port(), free_port()
    bank = f"http://127.0.0.1:{bank_port}"
    environ = {
        "PAYGATE_HTTP_BANK_URL": bank,
        "PAYGATE_HTTP_BANK_API_KEY": API_KEY,
        "PAYGATE_HTTP_BANK_CALLBACK_SECRET": CALLBACK_SECRET,
        "PAYGATE_PROCESSORS": "http_bank",
    }
    callback_url = f"http://127.0.0.1:{port}/api/v1/callbacks/http_bank"
    async with stack(database_url, redis_url, tmp_path, environ) as processes:
        options = ("--port", str(bank_port), "--callback-url", callback_url)
        await Client(bank).until_healthy(await processes.start("bank", *options))
        client = await processes.serve("--prepare", port=port)
        yield Pair(processes, client, bank)


async def test_a_worker_dies_before_and_after_a_charge_and_the_card_is_charged_once(pair: Pair):
    paid = [await pair.die(f"charge.{step}", pair.pay()) for step in STEPS]
    await pair.processes.start("work")
    for payment_id in paid:
        await pair.until(payment_id, "success")

    charges = (await pair.book())["charges"]
    assert sorted(each["payment"] for each in charges) == sorted(paid)
    assert {each["captured"] for each in charges} == {500}


async def test_a_worker_dies_after_other_money_has_moved_and_it_moves_once(pair: Pair):
    worker, paid = await pair.processes.start("work"), {}
    for kind, status in BEFORE.items():
        paid[kind] = await pair.pay(**({} if kind == "refund" else {"capture": "manual"}))
        await pair.until(paid[kind], status)
    worker.kill()
    await worker.wait()
    for kind, payment_id in paid.items():
        path = f"/api/v1/payments/{payment_id}/{FOLLOW_UPS[kind]}"
        body = {"amount": 500} if kind == "refund" else {}
        await pair.die(f"{kind}.after_call", pair.client.call("POST", path, json=body))
    await pair.processes.start("work")
    for kind in paid:
        await pair.until_recorded(kind)

    book = await pair.book()
    moved = {kind: [(each["amount"], each["status"]) for each in book[f"{kind}s"]] for kind in paid}
    assert moved == {kind: [(500, "approved")] for kind in paid}


async def test_a_killed_worker_a_lost_answer_and_doubled_callbacks_make_one_charge(pair: Pair):
    # The answer is an error after the charge; its callback comes twice, twenty seconds later.
    await pair.ask("PATCH", "/test/settings", scenario="unknown_pending_approved")
    payment_id = await pair.die("charge.after_call", pair.pay())
    await pair.processes.start("work")
    await pair.ask("POST", "/test/clock", advance_s=20)
    await pair.until(payment_id, "success")
    async with asyncio.timeout(PATIENCE_S):
        while (await pair.book())["charges"][0]["callbacks_accepted"] < 2:
            await asyncio.sleep(0.05)

    [charge] = (await pair.book())["charges"]
    assert (charge["payment"], charge["captured"]) == (payment_id, 500)
    assert await pair.value("SELECT count(*) FROM events WHERE type = 'payment.success'") == 1
