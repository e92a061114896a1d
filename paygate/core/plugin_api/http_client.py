"""HTTP out: the only way a plugin may reach the network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from ..errors import PaygateError


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An answer.

    Args:
        status: The HTTP status; redirects are answers, they are not followed.
        headers: Names in lower case; of a repeated one, the last.
        body: At most as many bytes as the request allowed.
        is_truncated: Whether there was more, or the answer broke off.
        broken: Why the rest of the answer could not be read, after its status line had
            come: ``timeout``, ``connection`` or ``protocol``. The headers and the body
            are then what could be read. None for a whole answer.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_truncated: bool
    broken: str | None = None


class HttpError(PaygateError):
    """There was no answer: not even a status line.

    Args:
        kind: ``refused_address`` (the guard), ``invalid_url``, ``timeout``,
            ``connection`` (no connection, or it broke), ``tls`` or ``protocol``
            (what came is not HTTP). Only the first two say that nothing was sent.
        detail: For the log; no secrets.
    """

    code = "http_error"

    def __init__(self, kind: str, detail: str = "") -> None:
        self.kind = kind
        self.detail = detail
        super().__init__(f"{kind}: {detail}" if detail else kind)


class Http(Protocol):
    """A client that cannot be led inside the network."""

    def check(self, url: str) -> None:
        """Refuse an address that could never be sent to, before it is stored.

        Names are not looked up; what they resolve to is checked when connecting.

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
        """Send the bytes and read the answer.

        The status line decides: once it has come there is an answer, whatever happens
        to the rest of it.

        Args:
            url: ``http`` or ``https``; every address it resolves to is checked at
                the moment of connecting.
            body: Sent as they are.
            headers: Sent as they are; a name or value with a line break is refused.
            timeout: Over everything: name look-up, connecting, sending, reading.
            response_bytes_max: Read at most this much of the answer.

        Raises:
            HttpError: No status line came.
        """
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...
