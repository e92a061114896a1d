"""The load generator, against scripted servers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from bench.load import HOST, Generator, LoadError, Window, repeat, requests_of

GET = next(requests_of("GET", "/", [(b"", {"X-Api-Key": "k"})]))
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

Answer = Callable[[int, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(answer: Answer) -> AsyncIterator[int]:
    """Provide a server that reads requests without bodies; ``answer`` gets the number of each."""
    count = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        while True:
            try:
                await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                break
            count += 1
            await answer(count, writer)
        writer.close()

    listening = await asyncio.start_server(serve, HOST, 0)
    async with listening:
        yield listening.sockets[0].getsockname()[1]


async def at_once(_: int, writer: asyncio.StreamWriter) -> None:
    writer.write(OK)


def test_a_request_has_its_headers_and_its_length():
    (request,) = requests_of("POST", "/a", [(b"{}", {"X-Api-Key": "k"})])

    assert request == (
        b"POST /a HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: k\r\nContent-Length: 2\r\n\r\n{}"
    )


async def test_all_requests_are_sent_once():
    async with server(at_once) as port:
        generator = Generator(port, connections=4, expect=200, keep_bodies=True)
        measured = await generator.closed_loop(repeat([GET], 30))

    assert (measured.sent, len(measured.latencies_s)) == (30, 30)
    assert measured.bodies == [b"ok"] * 30


async def test_only_the_window_is_measured():
    calls: list[str] = []
    async with server(at_once) as port:
        measured = await Generator(port, connections=2, expect=200).closed_loop(
            repeat([GET], 1_000_000),
            warm_up_s=0.1,
            window_s=0.1,
            window=Window(lambda: calls.append("opened"), lambda: calls.append("closed")),
        )

    assert calls == ["opened", "closed"]
    assert 0 < len(measured.latencies_s) < measured.sent
    assert measured.rps == len(measured.latencies_s) / measured.seconds


async def test_a_response_may_come_in_pieces():
    async def in_pieces(_: int, writer: asyncio.StreamWriter) -> None:
        for at in range(0, len(OK), 5):
            writer.write(OK[at : at + 5])
            await writer.drain()
            await asyncio.sleep(0)

    async with server(in_pieces) as port:
        measured = await Generator(port, connections=1, expect=200).closed_loop(repeat([GET], 3))

    assert len(measured.latencies_s) == 3


async def test_another_status_fails_the_load():
    async def refuse(number: int, writer: asyncio.StreamWriter) -> None:
        writer.write(OK if number < 3 else b"HTTP/1.1 503 No\r\nContent-Length: 4\r\n\r\nbusy")

    async with server(refuse) as port:
        with pytest.raises(LoadError, match="answered 503: busy"):
            await Generator(port, connections=1, expect=200).closed_loop(repeat([GET], 9))


async def test_a_lost_connection_fails_the_load():
    async def hang_up(_: int, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with server(hang_up) as port:
        with pytest.raises(LoadError, match="the connection was lost"):
            await Generator(port, connections=1, expect=200).closed_loop(repeat([GET], 9))


async def test_the_open_loop_charges_a_stall_to_every_request_that_was_due():
    async def stall_once(number: int, writer: asyncio.StreamWriter) -> None:
        if number == 1:
            # The whole server stands still, as one does that collects garbage.
            time.sleep(0.3)  # noqa: ASYNC251
        writer.write(OK)

    async with server(stall_once) as port:
        measured = await Generator(port, connections=4, expect=200).open_loop([GET] * 20, rate=100)

    # Due at 0, 10, 20 … 190 ms, and none is answered before 300 ms.
    assert len(measured.latencies_s) == 20
    assert sum(each > 0.1 for each in measured.latencies_s) == 20
