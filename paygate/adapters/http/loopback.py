"""The HTTP client of tests: this machine, and receivers without a socket."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult

from ...core.plugin_api.http_client import (
    NOTHING,
    RESPONSE_BYTES_MAX,
    ClientCertificate,
    HttpMethod,
    HttpResponse,
    url_with,
)
from .client import AiohttpClient
from .resolver import system_lookup

Receiver = Callable[[str, Mapping[str, str], bytes], Awaitable[HttpResponse]]
"""Responds to a request: URL, headers with names in lower case, body."""


class LoopbackClient:
    """Implements ``Http``: connects to this machine or calls registered receivers only.

    Names are not resolved, so nothing is sent to other machines.
    """

    def __init__(self) -> None:
        self._client = AiohttpClient(allow_private=True, only_loopback=True, resolver=LocalNames())
        self._receivers: dict[str, Receiver] = {}

    def receive(self, host: str, receiver: Receiver) -> None:
        """Register the receiver of all requests to a host."""
        self._receivers[host] = receiver

    def check(self, url: str) -> None:
        self._client.check(url)

    async def post(
        self,
        url: str,
        *,
        body: bytes,
        headers: Mapping[str, str],
        timeout: timedelta,  # noqa: ASYNC109 - passed on
        response_bytes_max: int,
    ) -> HttpResponse:
        """See ``Http.post``.

        Raises:
            HttpError: No response; ``refused_address`` for another machine.
        """
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
        """See ``Http.request``; a registered receiver only responds to ``POST``.

        Raises:
            HttpError: No response; ``refused_address`` for another machine.
        """
        receiver = self._receivers.get(urlsplit(url).hostname or "")
        if receiver is not None:
            if method != "POST":
                return HttpResponse(405, {"allow": "POST"}, b"", is_truncated=False)
            named = {name.lower(): value for name, value in headers.items()}
            return await receiver(url_with(url, params), named, body)
        return await self._client.request(
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

    async def close(self) -> None:
        await self._client.close()


class LocalNames(AbstractResolver):
    """Resolves ``localhost`` and names below it."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """See ``AbstractResolver.resolve``.

        Raises:
            OSError: Any other name.
        """
        if not f".{host.lower().rstrip('.')}".endswith(".localhost"):
            raise OSError(f"{host} is not allowed: names are not resolved in tests")
        addresses = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=kind,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for kind, address in addresses.items()
            if family in {kind, socket.AF_UNSPEC}
        ]

    async def close(self) -> None:
        """See ``AbstractResolver.close``."""


class NamesInThisThread(AbstractResolver):
    """Resolves names in the thread that asks: the contract kit refuses look-ups in new ones.

    Only a recording of a bank's responses needs it, which is why other machines are reached.
    """

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """See ``AbstractResolver.resolve``.

        Raises:
            OSError: The name is unknown.
        """
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=kind,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for kind, _, _, _, address in system_lookup(host, family)
        ]

    async def close(self) -> None:
        """See ``AbstractResolver.close``."""
