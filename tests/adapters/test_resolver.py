"""Host names are looked up in threads with a deadline, so that dead names delay no others."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from paygate.adapters.http.client import AiohttpClient
from paygate.adapters.http.resolver import SharedResolver
from paygate.core.limits import NAME_LOOKUPS_MAX, NAME_LOOKUPS_OF_SLOW_MAX
from paygate.core.plugin_api.http_client import HttpError
from tests.harness.patience import PATIENCE_S

DEADLINE_S = 0.2
INFO = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))


@dataclass
class Names:
    """Name servers: names that begin with "dead" have no response until the test ends."""

    ended: threading.Event = field(default_factory=threading.Event)
    asked: Counter[str] = field(default_factory=Counter)
    waiting: int = 0

    def __call__(self, host: str, family: int) -> list[tuple[Any, ...]]:
        self.asked[host] += 1
        if host.startswith("dead"):
            self.waiting += 1
            self.ended.wait(60)
            raise socket.gaierror(socket.EAI_AGAIN, "no response")
        if host.startswith("missing"):
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return [INFO]


@pytest.fixture
def names() -> Iterator[Names]:
    names = Names()
    yield names
    names.ended.set()


@pytest.fixture
async def resolver(names: Names) -> SharedResolver:
    return SharedResolver(names, deadline_s=DEADLINE_S)


async def test_a_name_is_resolved_with_the_port_that_was_asked_for(resolver: SharedResolver):
    (found,) = await resolver.resolve("shop.example", 443, socket.AF_UNSPEC)

    assert (found["hostname"], found["host"], found["port"]) == ("shop.example", "127.0.0.1", 443)


async def test_a_name_that_is_not_resolved_in_time_is_an_error(resolver: SharedResolver):
    with pytest.raises(OSError, match=r"dead\.example was not resolved within 0\.2 s"):
        async with asyncio.timeout(PATIENCE_S):
            await resolver.resolve("dead.example")


async def test_a_missing_name_is_an_error(resolver: SharedResolver):
    with pytest.raises(socket.gaierror):
        await resolver.resolve("missing.example")


async def test_a_name_is_looked_up_once_at_a_time(resolver: SharedResolver, names: Names):
    asked = [resolver.resolve("dead.example") for _ in range(20)]
    answers = await asyncio.gather(*asked, return_exceptions=True)

    assert all(isinstance(answer, OSError) for answer in answers)
    assert names.asked == {"dead.example": 1}


async def test_dead_names_do_not_delay_others(resolver: SharedResolver, names: Names):
    await resolver.resolve("known.example")
    dead = [
        asyncio.ensure_future(resolver.resolve(f"dead{number}.example"))
        for number in range(2 * NAME_LOOKUPS_MAX)
    ]
    await asyncio.sleep(0)
    began_s = time.perf_counter()
    await resolver.resolve("known.example")
    took_s = time.perf_counter() - began_s
    await asyncio.gather(*dead, return_exceptions=True)

    assert took_s < DEADLINE_S
    assert names.waiting < NAME_LOOKUPS_MAX


async def test_names_that_were_late_have_a_small_share(resolver: SharedResolver, names: Names):
    late = [f"dead{number}.example" for number in range(2 * NAME_LOOKUPS_OF_SLOW_MAX)]
    await asyncio.gather(*(resolver.resolve(name) for name in late), return_exceptions=True)
    names.ended.set()
    async with asyncio.timeout(10):
        while resolver.lookups:
            await asyncio.sleep(0.01)
    names.ended.clear()
    names.waiting = 0
    await asyncio.gather(*(resolver.resolve(name) for name in late), return_exceptions=True)

    assert names.waiting == NAME_LOOKUPS_OF_SLOW_MAX


async def test_a_name_that_waited_for_a_thread_is_not_taken_for_a_slow_one(
    resolver: SharedResolver, names: Names
):
    names.ended.set()
    known = ["shop.example", *(f"dead{number}.example" for number in range(NAME_LOOKUPS_MAX))]
    await asyncio.gather(*(resolver.resolve(name) for name in known), return_exceptions=True)
    names.ended.clear()
    hanging = [asyncio.ensure_future(resolver.resolve(name)) for name in known[1:]]
    await asyncio.sleep(0)
    with pytest.raises(OSError, match=r"shop\.example was not resolved"):
        await resolver.resolve("shop.example")
    await asyncio.gather(*hanging, return_exceptions=True)
    names.ended.set()
    async with asyncio.timeout(PATIENCE_S):
        while resolver.lookups:
            await asyncio.sleep(0.01)
    names.ended.clear()

    # The others are late again, and use up what late names may use.
    hanging = [asyncio.ensure_future(resolver.resolve(name)) for name in known[1:]]
    await asyncio.sleep(0)
    assert resolver.lookups == NAME_LOOKUPS_OF_SLOW_MAX
    assert len(await resolver.resolve("shop.example")) == 1
    await asyncio.gather(*hanging, return_exceptions=True)


async def test_a_name_that_cannot_be_encoded_is_an_error():
    with pytest.raises(OSError, match="cannot be resolved"):
        await SharedResolver().resolve("a" * 80 + ".example")


async def test_a_lookup_that_gets_no_thread_does_not_stop_later_ones(
    resolver: SharedResolver, monkeypatch: pytest.MonkeyPatch
):
    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", start)
        with pytest.raises(OSError, match="can't start new thread"):
            await resolver.resolve("shop.example")

    assert resolver.lookups == 0
    assert len(await resolver.resolve("shop.example")) == 1


async def test_the_client_reports_a_name_without_response_as_a_connection_error(
    resolver: SharedResolver,
):
    client = AiohttpClient(allow_private=True, resolver=resolver)
    with pytest.raises(HttpError) as raised:
        await client.post(
            "http://dead.example/hook",
            body=b"{}",
            headers={},
            timeout=timedelta(seconds=5),
            response_bytes_max=100,
        )
    await client.close()

    assert raised.value.kind == "connection"
