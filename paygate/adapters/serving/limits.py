"""What every server of HTTP is configured with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

BACKLOG = 1024
# How long requests may run after the server is stopped.
GRACE_S = 20
# A page that polls every five seconds could send a request at the moment when an idle
# connection is closed after five seconds. Browsers and proxies close idle connections after a
# minute or less, so they close them first. After a signal idle connections are closed at once.
KEEP_ALIVE_S = 75
# How much of a request's head is kept until the head is complete.
HEAD_BYTES_MAX = 16 * 1024
# A head must be complete so long after its first byte; the first one of a connection also so long
# after the connection was made, or silent connections would cost memory and file descriptors.
HEAD_S = 5.0
FIRST_HEAD_S = 10.0
# How long a client may take to read the end of the last response of a connection.
CLOSE_S = 60.0
# Another protocol on the same connection is a tunnel that bypasses the rules of a proxy that
# forwards these headers, such as rate limits.
UPGRADES = frozenset({b"upgrade", b"http2-settings"})


class HeadTimer:
    """Ends a connection whose next request head does not arrive, or become complete, in time.

    Args:
        expire: Called with whether a part of the head has arrived.
    """

    def __init__(self, expire: Callable[[bool], None]) -> None:
        self._expire = expire
        self._handle: asyncio.TimerHandle | None = None
        self._is_in_head = False

    def connected(self) -> None:
        """Expect the first head."""
        self._start(FIRST_HEAD_S)

    def begin(self) -> None:
        """Expect the rest of a head, of which a part has arrived."""
        if not self._is_in_head:
            self._is_in_head = True
            self._start(HEAD_S)

    def idle(self) -> None:
        """Expect the head of another request."""
        self._start(KEEP_ALIVE_S)

    def stop(self) -> None:
        """Expect nothing: the head is complete, or the connection has ended."""
        self._is_in_head = False
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _start(self, seconds: float) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._handle = asyncio.get_running_loop().call_later(seconds, self._end)

    def _end(self) -> None:
        self._handle = None
        self._expire(self._is_in_head)
