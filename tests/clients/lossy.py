"""A proxy that delivers requests and loses responses."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@dataclass
class LossyProxy:
    """A proxy in front of a gateway.

    Args:
        upstream: The gateway's ``http://127.0.0.1:<port>``.
        lost: Requests whose responses are lost, such as ``POST /api/v1/payments``; each entry
            is for one request.
        seen: Requests with their idempotency keys, and the statuses that the gateway answered.
    """

    upstream: str
    url: str = ""
    lost: list[str] = field(default_factory=list)
    seen: list[tuple[str, str | None, int]] = field(default_factory=list)

    def of(self, request: str) -> list[tuple[str | None, int]]:
        """Keys and statuses of a request, in order."""
        return [(key, status) for name, key, status in self.seen if name == request]


@contextmanager
def lossy_proxy(upstream: str) -> Iterator[LossyProxy]:
    proxy = LossyProxy(upstream)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def forward(self) -> None:
            request = f"{self.command} {self.path.partition('?')[0]}"
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name: value for name, value in self.headers.items() if name != "Host"}
            behind = http.client.HTTPConnection(urlsplit(upstream).netloc)
            behind.request(self.command, self.path, self.rfile.read(length) or None, headers)
            response = behind.getresponse()
            body = response.read()
            behind.close()
            proxy.seen.append((request, self.headers.get("Idempotency-Key"), response.status))
            if request in proxy.lost:
                proxy.lost.remove(request)
                # Closed without a byte of the response, which the gateway has sent.
                self.close_connection = True
                return
            self.send_response_only(response.status)
            self.send_header("Content-Type", response.headers["Content-Type"])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = do_DELETE = forward  # noqa: N815 - as its base asks

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        # Connections that a client keeps open must not delay the end.
        server.daemon_threads = True
        server.block_on_close = False
        proxy.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            thread.join()
