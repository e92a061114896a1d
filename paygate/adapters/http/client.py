"""The ``Http`` port with aiohttp, with safe settings."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import cast, get_args

import aiohttp
from aiohttp.abc import AbstractResolver
from aiohttp.client_proto import ResponseHandler
from yarl import URL

from ...core.plugin_api.http_client import (
    NOTHING,
    RESPONSE_BYTES_MAX,
    ClientCertificate,
    HttpError,
    HttpMethod,
    HttpResponse,
    url_with,
)
from .address import Reach, check_url
from .certificates import Certificates
from .raw_answer import RAW_ANSWER, KeepingResponseHandler, RawAnswer
from .resolver import SharedResolver

AddressInfo = tuple[
    int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[object, ...]
]

_HEADER = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_CHUNK_BYTES = 16 * 1024


class RefusedAddressError(OSError):
    """The address of a socket is not allowed."""


class AiohttpClient:
    """Implements ``Http``.

    Args:
        allow_private: Allow loopback and private networks.
        ports: The only ports; None for all.
        connections_max: Maximum number of open connections.
        resolver: Resolves names; None for ``SharedResolver``.
        only_loopback: Allow this machine only.
        only_https: Refuse plain http.
    """

    def __init__(
        self,
        *,
        allow_private: bool,
        ports: frozenset[int] | None = None,
        connections_max: int = 1024,
        resolver: AbstractResolver | None = None,
        only_loopback: bool = False,
        only_https: bool = False,
    ) -> None:
        self._reach = Reach(allow_private, ports, only_loopback, only_https)
        self._connections_max = connections_max
        self._resolver = resolver
        self._session: aiohttp.ClientSession | None = None
        self._certificates = Certificates()

    def check(self, url: str) -> None:
        check_url(url, self._reach)

    async def post(
        self,
        url: str,
        *,
        body: bytes,
        headers: Mapping[str, str],
        timeout: timedelta,  # noqa: ASYNC109 - a limit for the whole exchange, enforced here
        response_bytes_max: int,
    ) -> HttpResponse:
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
        timeout: timedelta,  # noqa: ASYNC109 - as for ``post``
        response_bytes_max: int = RESPONSE_BYTES_MAX,
        certificate: ClientCertificate | None = None,
        moves_money: bool = False,  # noqa: ARG002 - for the contract kit
    ) -> HttpResponse:
        url = url_with(url, params)
        self.check(url)
        _check_method(method)
        _check_headers(headers)
        context = self._certificates.context(url, certificate)
        raw, read = RawAnswer(), bytearray()
        RAW_ANSWER.set(raw)
        try:
            # aiohttp's total timeout does not cover everything here.
            async with asyncio.timeout(timeout.total_seconds()):
                return await self._send(
                    method,
                    url,
                    body,
                    headers,
                    timeout=timeout,
                    response_bytes_max=response_bytes_max,
                    read=read,
                    context=context,
                )
        except (TimeoutError, aiohttp.ServerTimeoutError):
            failure = HttpError("timeout")
        except (aiohttp.ClientError, OSError, ValueError, RuntimeError) as error:
            failure = HttpError(_kind(error), _detail(error))
            failure.__cause__ = error
        if raw.status is None:
            raise failure
        body = max(bytes(read), raw.body, key=len)[:response_bytes_max]
        return HttpResponse(raw.status, raw.headers, body, True, broken=failure.kind)

    async def _send(
        self,
        method: HttpMethod,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        timeout: timedelta,  # noqa: ASYNC109 - passed to aiohttp
        response_bytes_max: int,
        read: bytearray,
        context: ssl.SSLContext | None,
    ) -> HttpResponse:
        async with self._open().request(
            method,
            # Exactly the merchant's URL: quoting it again would change it.
            URL(url, encoded=url.isascii()),
            # A POST says that it has no bytes; a GET has no body.
            data=body if body or method == "POST" else None,
            headers={"Accept-Encoding": "identity", **headers},
            allow_redirects=False,
            ssl=True if context is None else context,
            timeout=aiohttp.ClientTimeout(total=timeout.total_seconds()),
        ) as response:
            is_truncated = await _read(response, response_bytes_max, read)
            if is_truncated:
                # The rest would have to be read before the connection is reused.
                response.close()
            named = {name.lower(): value for name, value in response.headers.items()}
            return HttpResponse(response.status, named, bytes(read), is_truncated)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                socket_factory=self._socket,
                use_dns_cache=False,
                limit=self._connections_max,
                resolver=self._resolver or SharedResolver(),
            )
            # aiohttp has no parameter for this; the tests of broken responses need it.
            connector._factory = cast(  # noqa: SLF001 - see above
                "partial[ResponseHandler]",
                partial(KeepingResponseHandler, loop=asyncio.get_running_loop()),
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
            )
            # aiohttp sends GET, PUT and DELETE again after a lost connection. A PUT may be
            # a charge, and the plugin must know how often it was sent.
            self._session._retry_connection = False  # noqa: SLF001 - there is no parameter
        return self._session

    def _socket(self, info: AddressInfo) -> socket.socket:
        """Create a socket if its address is allowed: the last check before connecting."""
        family, kind, proto, _, (host, port, *_) = info
        if not self._reach.allows(str(host), int(str(port))):
            raise RefusedAddressError(f"{host}:{port} is not allowed")
        return socket.socket(family, kind, proto)


async def _read(response: aiohttp.ClientResponse, bytes_max: int, read: bytearray) -> bool:
    """Append the body to ``read``, up to the limit; return whether there is more."""
    async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
        read += chunk
        if len(read) > bytes_max:
            del read[bytes_max:]
            return True
    return False


def _check_method(method: str) -> None:
    if method not in get_args(HttpMethod):
        raise HttpError("invalid_url", f"the method {method[:20]!r} cannot be sent")


def _check_headers(headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        if not name or not _HEADER.fullmatch(name) or not _HEADER.fullmatch(value):
            raise HttpError("invalid_url", f"the header {name[:40]!r} cannot be sent")


def _kind(error: BaseException) -> str:
    chain: BaseException | None = error
    while chain is not None:
        if isinstance(chain, RefusedAddressError) or "is not allowed" in str(chain):
            return "refused_address"
        chain = chain.__cause__ or chain.__context__
    if isinstance(error, aiohttp.ClientSSLError | aiohttp.ClientConnectorCertificateError):
        return "tls"
    if isinstance(error, aiohttp.InvalidURL | ValueError):
        return "invalid_url"
    if isinstance(error, aiohttp.ClientConnectionError | OSError | RuntimeError):
        return "connection"
    if isinstance(error, aiohttp.ClientPayloadError):
        return "connection"
    return "protocol"


def _detail(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:200]
