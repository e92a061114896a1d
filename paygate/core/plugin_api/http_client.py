"""The HTTP client of plugins: their only access to the network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Literal, Protocol
from urllib.parse import urlencode

from ..errors import PaygateError

HttpMethod = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
RESPONSE_BYTES_MAX = 64 * 1024
"""How much of a response is read if a request does not say it."""
SECONDS_DIGITS_MAX = 9
NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A response.

    Args:
        status: The HTTP status; redirects are returned, and not followed.
        headers: Names in lower case; the last value of a repeated header.
        body: At most as many bytes as the request allowed.
        is_truncated: Whether the body is incomplete.
        broken: Why the rest of the response could not be read after its status line:
            ``timeout``, ``connection`` or ``protocol``. The headers and the body are then
            incomplete. None for a complete response.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_truncated: bool
    broken: str | None = None

    def retry_after(self, now: datetime) -> timedelta | None:
        """Return how long the receiver asked to wait; None if it did not say it clearly.

        Args:
            now: The time, in UTC; ``Retry-After`` may name a date.
        """
        text = self.headers.get("retry-after", "").strip()
        if text.isascii() and text.isdecimal() and len(text) <= SECONDS_DIGITS_MAX:
            return timedelta(seconds=int(text))
        try:
            at = parsedate_to_datetime(text)
        except (TypeError, ValueError, IndexError):
            return None
        # A date without a zone is read as UTC, the only zone that HTTP has.
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return max(at - now, timedelta(0))


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """What a client proves its identity with, for receivers that ask for it.

    The files are read again after they change.

    Args:
        certificate_file: Path of the certificate and its chain, PEM.
        key_file: Path of the private key, PEM.
        password: Of the private key; None if it is not encrypted.
        authorities_file: Path of the only authorities that may have signed the receiver's
            certificate, PEM; None for those of the system.
    """

    certificate_file: str
    key_file: str
    password: str | None = field(default=None, repr=False)
    authorities_file: str | None = None


class HttpError(PaygateError):
    """There was no response, not even a status line.

    Args:
        kind: ``refused_address`` (the guard), ``invalid_url``, ``timeout``,
            ``connection`` (no connection, or it broke), ``tls`` or ``protocol``
            (the response is not HTTP), ``invalid_certificate`` (the client's own cannot be
            read). Only ``refused_address``, ``invalid_url`` and ``invalid_certificate``
            mean that nothing was sent.
        detail: For the log; without secrets.
    """

    code = "http_error"

    def __init__(self, kind: str, detail: str = "") -> None:
        self.kind = kind
        self.detail = detail
        super().__init__(f"{kind}: {detail}" if detail else kind)


class Http(Protocol):
    """An HTTP client that refuses addresses of internal networks."""

    def check(self, url: str) -> None:
        """Refuse an invalid or internal address before it is stored.

        Host names are not resolved; their addresses are checked on connecting.

        Raises:
            HttpError: ``invalid_url`` or ``refused_address``; its detail completes a
                sentence that begins with the name of the field.
        """
        ...

    async def post(
        self,
        url: str,
        *,
        body: bytes,
        headers: Mapping[str, str],
        timeout: timedelta,  # noqa: ASYNC109 - a bound over the whole exchange, enforced inside
        response_bytes_max: int,
    ) -> HttpResponse:
        """Send the bytes and read the response.

        After the status line there is a response, even if reading the rest of it fails.

        Args:
            url: ``http`` or ``https``; every address it resolves to is checked on
                connecting.
            body: The exact bytes.
            headers: Sent unchanged; a name or value with a line break is refused.
            timeout: For the whole request: name resolution, connecting, sending, reading.
            response_bytes_max: Read at most this much of the response.

        Raises:
            HttpError: No status line was received.
        """
        ...

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
        moves_money: bool = False,
    ) -> HttpResponse:
        """Send a request once and read the response; as ``post``, with any method.

        Since plugin API 5. No method is repeated by the client, not even ``GET``.

        Args:
            method: In capital letters.
            url: As for ``post``.
            params: Added to the query of the URL, in this order, quoted.
            body: The exact bytes.
            headers: As for ``post``.
            timeout: As for ``post``.
            response_bytes_max: As for ``post``.
            certificate: Presented to a receiver that asks for one; requires ``https``.
            moves_money: Whether the request charges, captures, releases or refunds. The
                contract kit requires the operation id in such requests. ``post`` counts as one.

        Raises:
            HttpError: No status line was received.
        """
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...


def url_with(url: str, params: Mapping[str, str]) -> str:
    """Return the URL with parameters added to its query."""
    if not params:
        return url
    address, _, _ = url.partition("#")
    joint = "" if address.endswith(("?", "&")) else "&" if "?" in address else "?"
    return f"{address}{joint}{urlencode(params)}"
