"""A plugin cannot open a socket during any check."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from urllib.request import urlopen

import pytest

from paygate.testing.kit.judge import judge
from paygate.testing.kit.rules import rules_of
from paygate.testing.kit.world import RefusedError, closed_network
from tests.kit import good


class Listener:
    """A server on this machine that counts who comes."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.setblocking(False)
        self.port = self.socket.getsockname()[1]

    def came(self) -> int:
        count = 0
        while True:
            try:
                self.socket.accept()[0].close()
            except BlockingIOError:
                return count
            count += 1


@pytest.fixture
def listener() -> Iterator[Listener]:
    listening = Listener()
    yield listening
    listening.socket.close()


def connected(port):
    socket.create_connection(("127.0.0.1", port), timeout=1).close()


async def at_once(port):
    connected(port)


async def by_urllib(port):
    urlopen(f"http://127.0.0.1:{port}/", timeout=1)  # noqa: ASYNC210 - what it does wrong is what it is for


async def in_a_pool(port):
    await asyncio.to_thread(urlopen, f"http://127.0.0.1:{port}/", timeout=1)


async def in_the_loop(port):
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()


async def in_a_thread(port):
    thread = threading.Thread(target=connected, args=(port,))
    thread.start()
    await asyncio.to_thread(thread.join)


async def by_name(port):
    await asyncio.get_running_loop().getaddrinfo("localhost", port)


async def by_datagram(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        sending.sendto(b"x", ("127.0.0.1", port))


WAYS = [at_once, by_urllib, in_a_pool, in_the_loop, in_a_thread, by_name, by_datagram]


def reaching(way, port):
    """Return a processor that uses the network in that way in every call."""

    class Reaches(good.Good):
        async def ask(self, request, context, **more):
            with suppress(BaseException):
                await way(port)
            return await super().ask(request, context, **more)

    return Reaches


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("way", WAYS)
def test_every_connection_is_refused_and_breaks_the_rule(way, listener):
    kind = reaching(way, listener.port)

    findings = [judge(good.processor_case(kind), rule) for rule in rules_of("processor")]

    assert listener.came() == 0
    by_rule = {each.rule.id: each for each in findings}
    assert by_rule["processor.opens_no_socket"].verdict == "broken"
    assert "socket." in by_rule["processor.opens_no_socket"].message
    approves = by_rule["processor.approves"]
    assert approves.verdict == "not_judged"
    assert approves.message.startswith("see processor.opens_no_socket; the kit refused socket.")


def test_a_thread_that_outlives_its_check_stays_without_network(listener):
    go, results = threading.Event(), []

    def later():
        go.wait()
        try:
            connected(listener.port)
        except RefusedError as error:
            results.append(error)

    thread = threading.Thread(target=later)
    with closed_network():
        thread.start()
    with closed_network():
        go.set()
        thread.join()

    assert (len(results), listener.came()) == (1, 0)


def test_earlier_threads_keep_their_network(listener):
    go = threading.Event()

    def later():
        go.wait()
        connected(listener.port)

    thread = threading.Thread(target=later)
    thread.start()
    with closed_network() as network:
        go.set()
        thread.join()

    assert (listener.came(), network.reaches) == (1, [])


def test_a_correct_processor_is_refused_nothing():
    with closed_network() as network:
        for rule in rules_of("processor"):
            judge(good.processor_case(), rule)

    assert network.reaches == []
