"""The HTTP client of plugins: their only access to the network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from ..errors import PaygateError


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


class HttpError(PaygateError):
    """There was no response, not even a status line.

    Args:
        kind: ``refused_address`` (the guard), ``invalid_url``, ``timeout``,
            ``connection`` (no connection, or it broke), ``tls`` or ``protocol``
            (the response is not HTTP). Only the first two mean that nothing was sent.
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

    async def close(self) -> None:
        """Close all connections."""
        ...
