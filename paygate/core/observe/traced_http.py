"""Requests of plugins in a trace: a span for each, which the receiver can continue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from ..plugin_api.http_client import (
    NOTHING,
    RESPONSE_BYTES_MAX,
    ClientCertificate,
    Http,
    HttpError,
    HttpMethod,
    HttpResponse,
)
from .traces import Attributes, Traces

HEADER = "traceparent"


@dataclass(frozen=True, slots=True)
class TracedHttp:
    """Implements ``Http``: sends the header ``traceparent``, as W3C Trace Context describes it.

    A span shows the host and the status, never the path: a URL may hold a secret.

    Args:
        http: Sends the requests.
        traces: Where the spans are sent.
    """

    http: Http
    traces: Traces

    def check(self, url: str) -> None:
        """See ``Http``."""
        self.http.check(url)

    async def post(
        self,
        url: str,
        *,
        body: bytes,
        headers: Mapping[str, str],
        timeout: timedelta,  # noqa: ASYNC109 - passed on
        response_bytes_max: int,
    ) -> HttpResponse:
        """See ``Http``."""
        return await self.request(
            "POST",
            url,
            body=body,
            headers=headers,
            timeout=timeout,
            response_bytes_max=response_bytes_max,
        )

    async def request(
        self,
        method: HttpMethod,
        url: str,
        *,
        params: Mapping[str, str] = NOTHING,
        body: bytes = b"",
        headers: Mapping[str, str] = NOTHING,
        timeout: timedelta,  # noqa: ASYNC109 - passed on
        response_bytes_max: int = RESPONSE_BYTES_MAX,
        certificate: ClientCertificate | None = None,
        moves_money: bool = False,
    ) -> HttpResponse:
        """See ``Http``."""

        async def send(headers: Mapping[str, str]) -> HttpResponse:
            return await self.http.request(
                method,
                url,
                params=params,
                body=body,
                headers=headers,
                timeout=timeout,
                response_bytes_max=response_bytes_max,
                certificate=certificate,
                moves_money=moves_money,
            )

        if self.traces.current() is None:
            return await send(headers)
        attributes = {"http.request.method": method, **_receiver(url)}
        with self.traces.inside(method, kind="client", attributes=attributes) as span:
            # A plugin's own header wins.
            own = {HEADER: self.traces.current() or ""}
            given = headers if HEADER in map(str.lower, headers) else {**headers, **own}
            try:
                response = await send(given)
            except HttpError as error:
                span.set_attribute("paygate.http_error", error.kind)
                raise
            span.set_attribute("http.response.status_code", response.status)
            return response

    async def close(self) -> None:
        """See ``Http``."""
        await self.http.close()


def _receiver(url: str) -> Attributes:
    try:
        parts = urlsplit(url)
        found: dict[str, str | int] = {"server.address": parts.hostname or ""}
        if parts.port:
            found["server.port"] = parts.port
    except ValueError:
        return {}
    return found
