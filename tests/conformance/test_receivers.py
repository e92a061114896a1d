"""Receivers accept our webhooks: those in Node, which reserialize them, and the sample."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.conformance.receivers.programs import ON_3002, ON_4000, Program, node, sample
from tests.conformance.receivers.sequences import (
    EVENTS,
    ODD,
    PAID_AND_REFUNDED,
    ROWS,
    STORIES,
    UPI,
    Story,
)
from tests.harness.processes import Client, Stack, stack

DELIVERED_WITHIN_S = 60.0
ANOTHER_SECRET = "whsec_another1"


@pytest.fixture
async def gateway(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Stack]:
    environ = {
        "TEST_MODE": "true",
        "TEST_PROCESSING_DELAY": "0",
        "REFUND_DELAY_MIN": "0",
        "REFUND_DELAY_MAX": "0",
    }
    async with stack(database_url, redis_url, tmp_path, environ) as running:
        yield running


@dataclass
class Shop:
    """A merchant: paygate's API, a worker behind it, and a receiver."""

    gateway: Stack
    client: Client
    receiver: Program

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        status, answer = await self.client.call(method, f"/api/v1{path}", json=body)
        assert status < 300, answer
        return answer

    async def rows(self, sql: str) -> list[Any]:
        connection = await asyncpg.connect(self.gateway.database_url)
        try:
            return list(await connection.fetch(sql))
        finally:
            await connection.close()

    async def until_rows(self, count: int, condition: str) -> None:
        async with asyncio.timeout(DELIVERED_WITHIN_S):
            while True:
                rows = await self.rows(f"SELECT 1 FROM webhook_logs WHERE {condition}")
                if len(rows) == count:
                    return
                await asyncio.sleep(0.05)

    async def tell(self, story: Story) -> str:
        """Run one sequence of requests until its events are delivered; return the payment's id."""
        order = await self.ask(
            "POST",
            "/orders",
            {
                "amount": 50_000,
                "receipt": ODD,
                "notes": {"2": ODD, "1": 1.0},
                "capture": story.capture,
            },
        )
        payment = await self.ask("POST", "/payments", {"order_id": order["id"], **story.instrument})
        named = f"payment_id = '{payment['id']}' AND status = 'success'"
        expected = len(story.begins)
        await self.until_rows(expected, named)
        for (path, body), events in story.goes_on:
            await self.ask("POST", f"/payments/{payment['id']}/{path}", body)
            expected += len(events)
            await self.until_rows(expected, named)
        return str(payment["id"])

    async def tell_all(self) -> dict[str, list[str]]:
        """Run every sequence and a test event; payment id → its expected events."""
        ids = await asyncio.gather(*(self.tell(story) for story in STORIES))
        await self.ask("POST", "/webhooks/test")
        await self.until_rows(ROWS, "status = 'success'")
        return {id: story.events for id, story in zip(ids, STORIES, strict=True)}


@pytest.fixture
def receiver_kind() -> str:
    return ON_4000


@pytest.fixture
async def shop(gateway: Stack, receiver_kind: str) -> AsyncIterator[Shop]:
    opened: AbstractAsyncContextManager[Program] = (
        sample() if receiver_kind == "sample" else node(receiver_kind)
    )
    client = await gateway.serve()
    await gateway.start("work")
    async with opened as receiver:
        shop = Shop(gateway, client, receiver)
        await shop.ask("PATCH", "/merchant/webhook", {"webhook_url": receiver.url})
        yield shop


def stories(bodies: list[Any]) -> dict[str, list[str]]:
    """Return payment id → its events, in the order they arrived."""
    expected: dict[str, list[str]] = {}
    for body in bodies:
        if body["event"] != "webhook.test":
            expected.setdefault(body["data"]["payment_id"], []).append(body["event"])
    return expected


ALL_KINDS = pytest.mark.parametrize("receiver_kind", [ON_4000, ON_3002, "sample"])
ALL_TAKEN = "SELECT DISTINCT status, attempts, response_code FROM webhook_logs"


@pytest.mark.parametrize("receiver_kind", [ON_4000, ON_3002])
async def test_a_receiver_that_reserializes_verifies_every_event_in_order(shop: Shop):
    wanted = await shop.tell_all()
    reports = shop.receiver.reports
    rows = await shop.rows(ALL_TAKEN)

    assert [tuple(row) for row in rows] == [("success", 1, 200)]
    assert len(reports) == ROWS
    assert {report.event for report in reports} == EVENTS
    assert all(report.genuine for report in reports)
    assert [report.rewritten for report in reports] == [report.raw for report in reports]
    bodies = [json.loads(report.raw) for report in reports]
    assert stories(bodies) == wanted
    reasons = {body["data"]["reason"] for body in bodies if body["event"].startswith("refund.")}
    assert reasons == {ODD}


async def test_the_bytes_in_the_database_are_the_bytes_that_are_sent(shop: Shop):
    await shop.tell(PAID_AND_REFUNDED)
    rows = await shop.rows("SELECT payload::text AS text FROM webhook_logs")

    assert {row["text"].encode() for row in rows} == {
        report.raw for report in shop.receiver.reports
    }


@pytest.mark.parametrize("receiver_kind", [ON_3002])
async def test_a_receiver_on_3002_lists_the_events_with_every_field_it_reads(shop: Shop):
    wanted = await shop.tell_all()
    logs = await shop.receiver.read("/logs")
    one = await shop.receiver.read(f"/logs/{logs[0]['id']}")
    health = await shop.receiver.read("/health")

    assert len(logs) == ROWS
    assert {log["event"] for log in logs} == EVENTS
    assert [(log["event"], log["missing"]) for log in logs if log["missing"]] == []
    expected = [log for log in logs if log["event"] != "webhook.test"]
    assert {log["seen"]["payment_id"] for log in expected} == set(wanted)
    for log in expected:
        assert log["seen"]["payment_id"] == log["seen"]["paymentId"]
        arrived_at = datetime.fromisoformat(log["receivedAt"]).timestamp()
        assert -1 <= arrived_at - log["timestamp"] <= DELIVERED_WITHIN_S
    assert one == logs[0]
    assert health == {"status": "ok"}


@pytest.mark.parametrize("receiver_kind", ["sample"])
async def test_the_sample_receiver_accepts_every_event_once_and_in_order(shop: Shop):
    wanted = await shop.tell_all()
    logs = await shop.receiver.read("/logs")
    rows = await shop.rows(
        "SELECT DISTINCT status, attempts, response_code, response_body FROM webhook_logs"
    )

    assert [tuple(row) for row in rows] == [("success", 1, 200, "OK")]
    assert len(logs) == ROWS
    assert {(log["valid"], log["duplicate"], log["answered"]) for log in logs} == {
        (True, False, 200)
    }
    assert len({log["webhookId"] for log in logs}) == ROWS
    assert stories([log["body"] for log in reversed(logs)]) == wanted
    refunds = [log["body"]["data"] for log in logs if log["event"].startswith("refund.")]
    assert {(data["reason"], data["refund"]["reason"]) for data in refunds} == {(ODD, ODD)}


async def test_without_an_address_payments_settle_and_nothing_is_logged(shop: Shop):
    await shop.ask("PATCH", "/merchant/webhook", {"webhook_url": None})
    order = await shop.ask("POST", "/orders", {"amount": 50_000})
    payment = await shop.ask("POST", "/payments", {"order_id": order["id"], **UPI})
    async with asyncio.timeout(DELIVERED_WITHIN_S):
        path = f"/payments/{payment['id']}"
        while (await shop.ask("GET", path))["status"] != "success":
            await asyncio.sleep(0.05)

    assert await shop.rows("SELECT 1 FROM webhook_logs") == []
    assert shop.receiver.reports == []


@ALL_KINDS
async def test_a_receiver_with_another_secret_refuses_webhooks(shop: Shop):
    await shop.ask("PUT", "/webhooks", {"webhook_secret": ANOTHER_SECRET})
    sent = await shop.ask("POST", "/webhooks/test")
    await shop.until_rows(1, "attempts = 1")
    (refused,) = (await shop.ask("GET", "/webhooks"))["data"]
    await shop.ask("PUT", "/webhooks", {"webhook_secret": "whsec_test_abc123"})
    await shop.ask("POST", f"/webhooks/{sent['id']}/retry")
    await shop.until_rows(1, "status = 'success'")

    assert (refused["status"], refused["attempts"], refused["response_code"]) == ("pending", 1, 401)
    assert "Invalid signature" in refused["response_body"]


async def test_a_changed_byte_is_refused(shop: Shop):
    """Also by the sample, to which the same bytes are given."""
    await shop.tell(PAID_AND_REFUNDED)
    report = next(each for each in shop.receiver.reports if each.event == "refund.processed")
    headers = {
        name: value
        for name, value in report.headers.items()
        if name.startswith(("webhook-", "x-", "content-type"))
    }
    raised = report.raw.replace(b'"amount":12345', b'"amount":12346')
    async with sample() as ours:
        for receiver in (shop.receiver, ours):
            untouched = await receiver.post(report.raw, headers)
            changed = await receiver.post(raised, headers)
            flipped = [await receiver.post(each, headers) for each in flips(report.raw)]

            assert (untouched, changed) == (200, 401)
            # A body that is no JSON any more is a bad request before it is a forgery.
            assert set(flipped) <= {400, 401}
            assert len(flipped) == len(report.raw)


def flips(body: bytes) -> list[bytes]:
    """Return the body with one bit changed, for each of its bytes."""
    changed = []
    for place in range(len(body)):
        copy = bytearray(body)
        copy[place] ^= 1 << (place % 8)
        changed.append(bytes(copy))
    return changed
