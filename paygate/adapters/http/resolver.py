"""Resolve host names in threads of their own, with a deadline and shares.

A lookup is a call of the C library, which cannot be interrupted and takes up to half a minute for
a name whose servers do not respond. In asyncio's thread pool six of them would stop all others.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

from ...core.limits import (
    NAME_LOOKUP,
    NAME_LOOKUPS_MAX,
    NAME_LOOKUPS_OF_SLOW_MAX,
    NAME_LOOKUPS_OF_UNKNOWN_MAX,
    NAMES_REMEMBERED_MAX,
)

AddressInfos = Sequence[tuple[Any, ...]]
Lookup = Callable[..., AddressInfos]
Name = tuple[str, int]


def system_lookup(host: str, family: int) -> AddressInfos:
    """Look up a name as the system does: files, name servers, and what else it is set up for."""
    return socket.getaddrinfo(
        host, 0, type=socket.SOCK_STREAM, family=family, flags=socket.AI_ADDRCONFIG
    )


class SharedResolver(AbstractResolver):
    """Implements aiohttp's resolver. Nothing is cached: an address may change at any time.

    A name is looked up once at a time; other requests for it wait for the same result. Names
    that were resolved before may use all threads, new names three quarters, and names whose last
    lookup was late a quarter. A lookup is late by itself: waiting for a thread does not count.

    Args:
        lookup: Resolves a name of a family; it may block.
        deadline_s: How long a request waits for it.
    """

    def __init__(
        self, lookup: Lookup = system_lookup, *, deadline_s: float = NAME_LOOKUP.total_seconds()
    ) -> None:
        self._lookup = lookup
        self._deadline_s = deadline_s
        # A failure is a result: one that no request waits for any more is not an error of paygate.
        self._running: dict[Name, asyncio.Future[AddressInfos | OSError]] = {}
        self._began_s: dict[Name, float] = {}
        # Name → whether its last lookup was in time; the stalest is dropped.
        self._known: OrderedDict[Name, bool] = OrderedDict()
        self._waiting: set[asyncio.Future[None]] = set()

    @property
    def lookups(self) -> int:
        """The number of lookups that have not ended."""
        return len(self._running)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Resolve a name.

        Raises:
            OSError: The name does not exist, or was not resolved in time.
        """
        name = host, int(family)
        try:
            async with asyncio.timeout(self._deadline_s):
                infos = await asyncio.shield(await self._begun(name))
        except TimeoutError:
            # A request that waited for a thread says nothing about its name.
            if self._age_s(name) >= self._deadline_s / 2:
                self._remember(name, in_time=False)
            raise OSError(f"{host} was not resolved within {self._deadline_s:g} s") from None
        self._remember(name, in_time=True)
        if isinstance(infos, OSError):
            raise infos
        return [_result(host, port, info) for info in infos]

    async def _begun(self, name: Name) -> asyncio.Future[AddressInfos | OSError]:
        """Return the lookup of a name; begin it when there is a thread for it."""
        while name not in self._running and not self._has_room(name):
            ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.add(ended)
            try:
                await ended
            finally:
                self._waiting.discard(ended)
        if name not in self._running:
            self._begin(name)
        return self._running[name]

    def _has_room(self, name: Name) -> bool:
        if len(self._running) >= NAME_LOOKUPS_MAX:
            return False
        was_in_time = self._known.get(name)
        if was_in_time:
            return True
        if was_in_time is None:
            unproven = sum(not self._known.get(each) for each in self._running)
            return unproven < NAME_LOOKUPS_OF_UNKNOWN_MAX
        slow = sum(self._known.get(each) is False for each in self._running)
        return slow < NAME_LOOKUPS_OF_SLOW_MAX

    def _begin(self, name: Name) -> None:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[AddressInfos | OSError] = loop.create_future()

        def finish(found: AddressInfos | OSError) -> None:
            del self._running[name], self._began_s[name]
            future.set_result(found)
            for each in self._waiting:
                if not each.done():
                    each.set_result(None)

        def run() -> None:
            found: AddressInfos | OSError
            try:
                found = self._lookup(*name)
            except OSError as failed:
                found = failed
            except ValueError as failed:
                # A name with characters that cannot be encoded.
                found = OSError(f"{name[0][:100]!r} cannot be resolved: {failed}")
            try:
                loop.call_soon_threadsafe(finish, found)
            except RuntimeError:
                return  # The loop is closed: the process ends.

        # A daemon: a lookup that hangs does not delay the end of the process.
        thread = threading.Thread(target=run, name=f"paygate-name-{name[0][:40]}", daemon=True)
        try:
            thread.start()
        except RuntimeError as failed:
            # The process may have no more threads. Nothing would end this lookup.
            raise OSError(f"{name[0][:100]!r} cannot be resolved: {failed}") from failed
        self._running[name], self._began_s[name] = future, time.monotonic()

    def _age_s(self, name: Name) -> float:
        """Return how long the lookup of a name runs; 0 if there is none."""
        return time.monotonic() - self._began_s.get(name, time.monotonic())

    def _remember(self, name: Name, *, in_time: bool) -> None:
        self._known[name] = in_time
        self._known.move_to_end(name)
        while len(self._known) > NAMES_REMEMBERED_MAX:
            self._known.popitem(last=False)

    async def close(self) -> None:
        """See ``AbstractResolver.close``. Lookups in progress end by themselves."""


def _result(host: str, port: int, info: tuple[Any, ...]) -> ResolveResult:
    family, _, proto, _, address = info
    plain = str(address[0])
    if family == socket.AF_INET6 and len(address) > 3 and address[3] and "%" not in plain:
        plain = f"{plain}%{address[3]}"
    return ResolveResult(
        hostname=host,
        host=plain,
        port=port,
        family=family,
        proto=proto,
        flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
    )
