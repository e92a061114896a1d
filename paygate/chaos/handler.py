"""Send events to the handler, and do to them what a network or an attacker does."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from ..core.clock import Clock
from ..core.plugin_api.http_client import (
    NOTHING,
    RESPONSE_BYTES_MAX,
    ClientCertificate,
    Http,
    HttpError,
    HttpMethod,
    HttpResponse,
)
from ..core.plugin_api.sink import DeliverableEvent
from ..plugins.forwarding import Forwarder
from .sequence import Fault

STALE_BY = timedelta(hours=1)
"""Standard Webhooks accepts five minutes."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What paygate learns from one delivery.

    Args:
        is_accepted: Whether the handler confirmed the event.
        text: The status, or why there is none.
        is_answered: Whether there was a response, whatever it was.
    """

    is_accepted: bool
    text: str
    is_answered: bool = True


class Handler(Protocol):
    """The merchant's webhook handler."""

    async def send(self, event: DeliverableEvent, fault: Fault | None) -> Answer:
        """Deliver an event once."""
        ...


class HttpHandler:
    """Implements ``Handler`` with an event sink, which signs as for a delivery.

    Args:
        forwarder: Sends to the handler's URL.
        http: The HTTP client of the forwarder.
        clock: The time of the attempts.
        secret: The secret of the handler's endpoint.
    """

    def __init__(self, forwarder: Forwarder, *, http: Http, clock: Clock, secret: str) -> None:
        self._forwarder = forwarder
        self._http = http
        self._clock = clock
        self._secret = secret

    async def send(self, event: DeliverableEvent, fault: Fault | None) -> Answer:
        """See ``Handler.send``."""
        secret: str | None = self._secret
        http, clock = self._http, self._clock
        match fault:
            case Fault.LOST:
                return Answer(is_accepted=False, text="not sent", is_answered=False)
            case Fault.ANSWER_LOST:
                http = _LosesAnswers(http)
            case Fault.TAMPERED:
                http = _Tampers(http)
            case Fault.WRONG_KEY:
                secret = _other_secret(self._secret)
            case Fault.UNSIGNED:
                secret = None
            case Fault.STALE:
                clock = _Behind(clock)
        result = await self._forwarder.forward(event, secret, http=http, clock=clock)
        status = result.status_code
        return Answer(result.delivered, str(status or result.error), status is not None)


class _Wrapped:
    """An HTTP client that may change the body of a request, and its response."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def check(self, url: str) -> None:
        self._http.check(url)

    async def post(
        self,
        url: str,
        *,
        body: bytes,
        headers: Mapping[str, str],
        timeout: timedelta,  # noqa: ASYNC109 - passed on
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
        timeout: timedelta,  # noqa: ASYNC109 - passed on
        response_bytes_max: int = RESPONSE_BYTES_MAX,
        certificate: ClientCertificate | None = None,
        moves_money: bool = False,
    ) -> HttpResponse:
        response = await self._http.request(
            method,
            url,
            params=params,
            body=self._sent(body),
            headers=headers,
            timeout=timeout,
            response_bytes_max=response_bytes_max,
            certificate=certificate,
            moves_money=moves_money,
        )
        return self._received(response)

    def _sent(self, body: bytes) -> bytes:
        return body

    def _received(self, response: HttpResponse) -> HttpResponse:
        return response

    async def close(self) -> None:
        await self._http.close()


class _LosesAnswers(_Wrapped):
    """Loses the response after the handler has processed the request."""

    def _received(self, response: HttpResponse) -> HttpResponse:
        raise HttpError("timeout", f"the answer {response.status} is lost on purpose")


class _Tampers(_Wrapped):
    """Changes the amount after the body was signed."""

    def _sent(self, body: bytes) -> bytes:
        return tampered(body)


class _Behind:
    """A clock that shows an earlier time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        return self._clock.now() - STALE_BY


def tampered(body: bytes) -> bytes:
    """Return the body of an event with a larger amount everywhere."""
    payload = json.loads(body)
    for part in (payload["data"], *payload["data"].values()):
        if isinstance(part, dict) and isinstance(part.get("amount"), int):
            part["amount"] += 100
    return json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()


def _other_secret(secret: str) -> str:
    digest = hashlib.sha256(f"not {secret}".encode()).digest()
    return f"whsec_{base64.b64encode(digest).decode()}"
