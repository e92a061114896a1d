"""The event stream continues after interruptions."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import Any

import httpx
import pytest
import respx

from paygate_client import (
    AsyncPaygateClient,
    AuthenticationError,
    ConnectionFailedError,
    Event,
    PaygateClient,
    RetryPolicy,
    events,
)
from paygate_client.events import StreamParser

from .bodies import error
from .conftest import KEYS, QUICK, URL


def frame(cursor: int, note: str = "") -> bytes:
    data = {"event": "payment.created", "timestamp": 1_768_473_000, "data": {"note": note}}
    body = json.dumps(data, ensure_ascii=False)
    named = f"event: payment.created\nwebhook-id: evt_{cursor}"
    return f"id: {cursor}\n{named}\ndata: {body}\n\n".encode()


class Broken(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A response whose connection breaks after these pieces."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        yield from self._pieces
        raise httpx.ReadError("broken")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece
        raise httpx.ReadError("broken")


def blocking(count: int, cursor: str | None = None, retry: RetryPolicy = QUICK) -> list[Event]:
    with PaygateClient(*KEYS, base_url=URL, retry=retry) as client:
        return list(islice(client.events.follow(cursor), count))


def awaited(count: int, cursor: str | None = None, retry: RetryPolicy = QUICK) -> list[Event]:
    async def run() -> list[Event]:
        found = []
        async with AsyncPaygateClient(*KEYS, base_url=URL, retry=retry) as client:
            async for event in client.events.follow(cursor):
                found.append(event)
                if len(found) == count:
                    break
        return found

    return asyncio.run(run())


@pytest.fixture(params=[blocking, awaited], ids=["blocking", "awaited"])
def follow(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(events, "RECONNECT_S", 0)
    return request.param


def test_a_broken_stream_continues_after_the_last_event(api: respx.MockRouter, follow: Any):
    opening = b"retry: 2000\nid: 6\n\n"
    route = api.get("/stream").mock(
        side_effect=[
            httpx.Response(200, stream=Broken(opening)),
            # The second event is cut: it comes again.
            httpx.Response(200, stream=Broken(frame(7), frame(8)[:40])),
            httpx.ConnectError("refused"),
            httpx.Response(503, json=error("SERVER_ERROR")),
            httpx.Response(200, content=b": ping\n\n" + frame(8)),
            httpx.Response(200, content=frame(9)),
        ]
    )

    found = follow(3)

    asked = [call.request.url.params.get("cursor") for call in route.calls]
    assert [each.cursor for each in found] == ["7", "8", "9"]
    assert asked == [None, "6", "7", "7", "7", "8"]


def test_the_stream_begins_after_the_given_cursor(api: respx.MockRouter, follow: Any):
    route = api.get("/stream").mock(return_value=httpx.Response(200, content=frame(1)))

    [event] = follow(1, "0")

    assert route.calls.last.request.url.params["cursor"] == "0"
    assert (event.type, event.cursor, event.id) == ("payment.created", "1", "evt_1")


def test_a_refusal_ends_the_stream(api: respx.MockRouter, follow: Any):
    api.get("/stream").mock(return_value=httpx.Response(401, json=error("AUTHENTICATION_ERROR")))

    with pytest.raises(AuthenticationError):
        follow(1)


def test_a_server_that_stays_away_ends_the_stream(api: respx.MockRouter, follow: Any):
    route = api.get("/stream").mock(side_effect=httpx.ConnectError("refused"))

    with pytest.raises(ConnectionFailedError):
        follow(1, None, RetryPolicy(retries_max=2, first_pause_s=0))
    assert route.call_count == 3


def test_pieces_may_be_cut_anywhere_and_texts_have_any_characters():
    """U+2028 and U+0085 end a line for str.splitlines, and not in a stream."""
    whole = b"retry: 2000\r\nid: 0\r\n\r\n" + frame(1, "tea\u2028cup\x85₹") + frame(2)

    for size in (1, 2, 3, 7, len(whole)):
        parser = StreamParser(None)
        pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
        found = [event for piece in pieces for event in parser.feed(piece)]

        assert [(event.cursor, event.id) for event in found] == [("1", "evt_1"), ("2", "evt_2")]
        assert found[0].data["note"] == "tea\u2028cup\x85₹"
