"""Following events over HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from paygate.core.api.resources import stream as stream_module
from paygate.core.limits import STREAM_PING
from paygate.core.webhooks import stream as live_module
from tests.harness.apps import KEYS, TestApp

PATH = "/api/v1/stream"


@dataclass
class Listener:
    """A client that reads frames."""

    connection: Any
    pending: str = ""
    frames: list[dict[str, str]] = field(default_factory=list)

    async def frame(self) -> dict[str, str]:
        async with asyncio.timeout(60):
            while "\n\n" not in self.pending:
                self.pending += (await self.connection.receive()).decode()
        text, _, self.pending = self.pending.partition("\n\n")
        found: dict[str, str] = {}
        for line in text.split("\n"):
            name, _, value = line.partition(": " if line[0] != ":" else " ")
            found[name] = found[name] + "\n" + value if name in found else value
        return found

    async def event(self) -> dict[str, str]:
        while "event" not in (frame := await self.frame()):
            pass
        return frame


@asynccontextmanager
async def listening(app: TestApp, path: str = PATH, **headers: str) -> AsyncIterator[Listener]:
    async with app.client.request(path, headers={**KEYS, **headers}) as connection:
        await connection.send_complete()
        yield Listener(connection)
        await connection.disconnect()


async def send_event(app: TestApp) -> None:
    await app.webhook_url()
    assert (await app.call("POST", "/webhooks/test")).status in {200, 201, 202}


async def test_streamed_events_have_the_bytes_of_webhooks(app: TestApp, fakes: Any):
    await app.webhook_url()
    async with app.working(), listening(app) as listener:
        first = await listener.frame()
        id = await app.paid()
        events = [await listener.event() for _ in range(3)]
        await app.until_value("success", "SELECT status FROM webhook_logs WHERE seq = 3")

    assert first.keys() == {"retry", "id"}
    types = [event["event"] for event in events]
    assert types == ["payment.created", "payment.pending", "payment.success"]
    assert {json.loads(event["data"])["data"]["payment"]["id"] for event in events} == {id}
    sent = {event.type: event.body.decode() for event in fakes.sink.delivered}
    assert all(sent[event["event"]] == event["data"] for event in events)


async def test_the_stream_continues_after_the_last_received_event(app: TestApp):
    async with listening(app) as listener:
        cursor = (await listener.frame())["id"]
    await app.paid()
    await app.paid()

    async with listening(app, f"{PATH}?cursor={cursor}") as listener:
        first, second = await listener.event(), await listener.event()
    # A browser opens its first address again and names what it has seen since.
    async with listening(app, f"{PATH}?cursor={cursor}", **{"Last-Event-ID": first["id"]}) as again:
        assert await again.event() == second
    assert int(cursor) < int(first["id"]) < int(second["id"])


async def test_without_a_cursor_earlier_events_are_not_sent(app: TestApp):
    before = await app.paid()
    async with listening(app) as listener:
        await listener.frame()
        after = await app.paid()
        event = await listener.event()

    assert before not in event["data"]
    assert after in event["data"]


async def test_events_of_other_merchants_are_not_sent(app: TestApp):
    await app.rows(
        """INSERT INTO merchants (id, name, email, api_key, api_secret)
        VALUES (gen_random_uuid(), 'B', 'b@example.com', 'key_b', 'secret_b') RETURNING id"""
    )
    keys = {"X-Api-Key": "key_b", "X-Api-Secret": "secret_b"}
    async with listening(app, f"{PATH}?cursor=0", **keys) as stranger, listening(app) as listener:
        await stranger.frame()
        await listener.frame()
        await app.paid()
        await listener.event()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(stranger.frame(), 1)


@pytest.mark.parametrize(
    "cursor", ["-1", "x", "1.5", "99999999999999999999", "9" * 18, "٣", "0x1", "1 ", "5'--"]
)
async def test_an_invalid_cursor_is_refused(app: TestApp, cursor: str):
    answer = await app.call("GET", "/stream", query_string={"cursor": cursor})

    assert (answer.status, answer.json["error"]["field"]) == (400, "cursor")
    by_header = await app.call("GET", "/stream", headers={"Last-Event-ID": cursor.strip()})
    assert by_header.status == 400 or cursor == "1 "


async def test_without_keys_no_event_is_sent(app: TestApp):
    assert (await app.call("GET", "/stream", keys=None)).status == 401


async def test_a_head_request_ends(app: TestApp):
    async with asyncio.timeout(60):
        response = await app.client.head(PATH, headers=KEYS)

    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/event-stream")


async def test_streams_over_the_limit_of_a_merchant_are_refused(
    app: TestApp, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(live_module, "FOLLOWERS_OF_MERCHANT_MAX", 2)
    async with listening(app) as first, listening(app) as second:
        await first.frame()
        await second.frame()
        answer = await app.call("GET", "/stream")

        assert answer.status == 429
        assert answer.json["error"]["code"] == "RATE_LIMIT_ERROR"
        assert int(answer.headers["Retry-After"]) >= 1
    async with listening(app) as again:
        assert "id" in await again.frame()


async def test_streams_over_the_limit_of_a_process_get_503(
    app: TestApp, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(live_module, "FOLLOWERS_OF_PROCESS_MAX", 1)
    async with listening(app) as first:
        await first.frame()
        answer = await app.call("GET", "/stream")

    assert (answer.status, int(answer.headers["Retry-After"]) >= 1) == (503, True)


async def test_a_stream_ends_when_its_key_is_revoked(app: TestApp, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(stream_module, "PING_S", 0.2)
    async with listening(app) as listener:
        await listener.frame()
        assert await listener.frame() == {":": "ping"}
        await app.rows("UPDATE merchants SET is_active = false")
        async with asyncio.timeout(60):
            while (frame := await listener.frame())[":"] == "ping":
                pass

    assert frame[":"].startswith("over: ")
    assert timedelta(seconds=30) >= 2 * STREAM_PING


async def test_a_busy_stream_is_authenticated_again(app: TestApp, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(stream_module, "PING_S", 0.5)
    order = await app.order()
    async with listening(app) as listener:
        await listener.frame()
        await app.rows("UPDATE merchants SET is_active = false")
        async with asyncio.timeout(60):
            while True:
                await app.rows(
                    """INSERT INTO events (id, merchant_id, type, payload, created_at)
                    SELECT 'evt_' || gen_random_uuid(), merchant_id, 'x', '1', now()
                    FROM orders WHERE id = $1 RETURNING id""",
                    order,
                )
                if (await listener.frame()).get(":", "").startswith("over"):
                    break


async def test_streams_end_at_shutdown_and_no_new_one_opens(app: TestApp):
    async with listening(app) as listener:
        await listener.frame()
        app.app.deps.live.close()
        async with asyncio.timeout(60):
            await listener.connection._task
        assert (await app.call("GET", "/stream")).status == 503


async def test_a_held_clock_delays_no_event(app: TestApp):
    async with listening(app) as listener:
        await listener.frame()
        await app.call("POST", "/test/clock/set", json={"at": "2040-01-01T00:00:00Z"})
        await app.paid()
        await listener.event()
        await app.call("POST", "/test/clock/release")
        # Time went back fourteen years; positions do not.
        await app.paid()
        await listener.event()
