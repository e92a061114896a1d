"""Send the requests of a connector to its bank while they are recorded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ...adapters.http.client import AiohttpClient
from ...adapters.http.loopback import NamesInThisThread
from ...core.plugin_api.http_client import HttpMethod, HttpResponse
from ..background_loop import BackgroundLoop
from ..kit.stage import Sent

READ_BYTES_MAX = 1024 * 1024
"""How much of a response is recorded; the connector gets as much of it as it asks for."""


class Recorder:
    """Sends requests in a thread of its own, because the contract kit refuses sockets in its own.

    Unlike a gateway for tests, it reaches every machine.
    """

    def __init__(self) -> None:
        self._loop = BackgroundLoop()
        self._client = AiohttpClient(allow_private=True, resolver=NamesInThisThread())

    async def send(self, sent: Sent) -> HttpResponse:
        """Send a request and return the response.

        Raises:
            HttpError: There was none.
        """
        return await self._loop.run_async(self._send(sent))

    async def _send(self, sent: Sent) -> HttpResponse:
        method: HttpMethod = sent.method  # type: ignore[assignment]  # the connector's, which is checked on sending
        return await self._client.request(
            method,
            sent.url,
            body=sent.body,
            headers=sent.headers,
            timeout=sent.timeout,
            response_bytes_max=READ_BYTES_MAX,
            certificate=sent.certificate,
        )

    def close(self) -> None:
        """Close the connections, and end the thread."""
        self._loop.run(self._client.close())
        self._loop.close()


@contextmanager
def recording() -> Iterator[Recorder]:
    """Run a recorder."""
    recorder = Recorder()
    try:
        yield recorder
    finally:
        recorder.close()
