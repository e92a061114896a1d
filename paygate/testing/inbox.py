"""A webhook receiver without a socket, which checks signatures."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any

from ..core.clock import Clock
from ..core.event import EventType
from ..core.plugin_api.http_client import HttpResponse

HOST = "inbox.localhost"
URL = f"http://{HOST}/webhooks"

Secret = Callable[[], Awaitable[str]]
Expected = Callable[[str, str | None], None]
NextStep = Callable[[timedelta], Awaitable[bool]]
"""Does the work that is due, then advances the clock to the next due time within the interval.
Returns False if nothing is due within it."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """One request that arrived.

    Args:
        id: ``webhook-id``; the same for all attempts of an event.
        type: Event type, such as ``payment.success``.
        data: The event's ``data``.
        payload: The whole parsed body.
        body: The exact bytes.
        headers: Names in lower case.
        at: The app's time, in UTC.
        status: The status that the inbox returned.
        problem: Why the signature is invalid; None if it is valid.
    """

    id: str
    type: str
    data: Mapping[str, Any]
    payload: Mapping[str, Any] = field(repr=False)
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    at: datetime
    status: int
    problem: str | None = None

    def field(self, name: str) -> Any:
        """Return a field of ``data``, or of the payment or refund in it; None if it is missing."""
        return field_of(self.data, name)

    def __str__(self) -> str:
        about = self.field("payment_id") or self.field("id") or "-"
        wrong = f", INVALID SIGNATURE: {self.problem}" if self.problem else ""
        return f"{self.at:%H:%M:%S} {self.type} of {about}, answered {self.status}{wrong}"


def field_of(data: Mapping[str, Any], name: str) -> Any:
    """Return a field of an event's data, or of the payment or refund in it; None if missing."""
    for part in (data, data.get("payment"), data.get("refund")):
        if isinstance(part, Mapping) and name in part:
            return part[name]
    return None


class InboxCore:
    """The inbox, running in the app's loop.

    Args:
        clock: The app's clock.
        secret: Returns the current secret of the merchant's webhooks.
        next_step: See ``NextStep``.
        expected: Called with the type and the payment of each webhook that was expected.
    """

    def __init__(
        self, clock: Clock, secret: Secret, next_step: NextStep, expected: Expected
    ) -> None:
        self._clock = clock
        self._secret = secret
        self._next_step = next_step
        self._report_expected = expected
        self._known_secret = ""
        self._answers: list[int] = []
        self._expected: set[int] = set()
        self.arrived: list[Webhook] = []

    async def receive(self, _url: str, headers: Mapping[str, str], body: bytes) -> HttpResponse:
        """Store a request and respond. An invalid signature is answered with 401."""
        problem = await self._problem(headers, body)
        status = 401 if problem else self._answers.pop(0) if self._answers else 200
        payload = _object(body)
        data = payload.get("data")
        self.arrived.append(
            Webhook(
                id=headers.get("webhook-id", ""),
                type=str(payload.get("event", "")),
                data=data if isinstance(data, dict) else {},
                payload=payload,
                body=body,
                headers=headers,
                at=self._clock.now(),
                status=status,
                problem=problem,
            )
        )
        return HttpResponse(status, {}, b"", is_truncated=False)

    async def answer(self, *statuses: int) -> None:
        """Set the response statuses of the next requests; later ones get 200."""
        self._answers += statuses

    async def expect(
        self, /, type: str, *, within: timedelta = timedelta(), **fields: object
    ) -> Webhook:
        """Return the oldest webhook of a type that no earlier ``expect`` has returned.

        It waits, in real time, for the work that is due. It advances the clock only if
        ``within`` is given.

        Args:
            type: Such as ``payment.success``.
            within: How far the app's clock may be advanced.
            fields: Required fields of ``data``, or of the payment or refund in it.

        Raises:
            AssertionError: It did not arrive; the message lists the webhooks that did.
        """
        left = within
        while True:
            for place, webhook in enumerate(self.arrived):
                if webhook.problem:
                    raise AssertionError(
                        f"a webhook with an invalid signature arrived:\n  {webhook}"
                    )
                if place not in self._expected and _is(webhook, type, fields):
                    self._expected.add(place)
                    self._report_expected(webhook.type, webhook.field("payment_id"))
                    return webhook
            began = self._clock.now()
            if not await self._next_step(left) and not self._is_here(type, fields):
                raise AssertionError(self._sentence(type, fields, within))
            left -= self._clock.now() - began

    async def expect_in_order(self, *types: str, within: timedelta = timedelta()) -> list[Webhook]:
        """Return one webhook of each type, which must have arrived in this order.

        Others may arrive between them.

        Raises:
            AssertionError: A webhook did not arrive, or in another order.
        """
        found = [await self.expect(type, within=within) for type in types]
        places = [self.arrived.index(webhook) for webhook in found]
        if places != sorted(places):
            raise AssertionError(f"not in the order {', '.join(types)}:\n{self._list()}")
        return found

    async def expect_none(self, /, type: str | None = None, **fields: object) -> None:
        """Check that no unexpected webhook, or none of that type, arrives from due work.

        Raises:
            AssertionError: A webhook arrived that was not expected before.
        """
        await self._next_step(timedelta())
        more = [
            webhook
            for place, webhook in enumerate(self.arrived)
            if place not in self._expected and _is(webhook, type or webhook.type, fields)
        ]
        if more:
            what = described(type or "anything", fields)
            raise AssertionError(f"unexpected {what}:\n{self._list()}")

    def _is_here(self, type: str, fields: Mapping[str, object]) -> bool:
        return any(
            place not in self._expected and (webhook.problem or _is(webhook, type, fields))
            for place, webhook in enumerate(self.arrived)
        )

    def _sentence(self, type: str, fields: Mapping[str, object], within: timedelta) -> str:
        moved = f" in {within} of the app's time" if within else ""
        return no_such_event(type) + (
            f"{described(type, fields)} did not arrive{moved}. Webhooks that arrived ([x]: "
            f"expected before):\n{self._list()}"
        )

    def _list(self) -> str:
        lines = [
            f"  {'[x]' if place in self._expected else '[ ]'} {webhook}"
            for place, webhook in enumerate(self.arrived)
        ]
        return "\n".join(lines) or "  nothing"

    async def _problem(self, headers: Mapping[str, str], body: bytes) -> str | None:
        """Why the signature is invalid; the secret may have changed. Without a secret all are."""
        if self._known_secret and is_genuine(headers, body, self._known_secret):
            return None
        self._known_secret = await self._secret()
        if not self._known_secret or is_genuine(headers, body, self._known_secret):
            return None
        return "its webhook-signature does not match the merchant's secret"


def is_genuine(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    """Check for a valid Standard Webhooks signature among the request's signatures."""
    signed = f"{headers.get('webhook-id')}.{headers.get('webhook-timestamp')}.".encode() + body
    right = base64.b64encode(hmac.new(_key(secret), signed, hashlib.sha256).digest()).decode()
    given = headers.get("webhook-signature", "").split()
    return any(hmac.compare_digest(each, f"v1,{right}") for each in given)


def _key(secret: str) -> bytes:
    """Decode a ``whsec_`` secret, or encode a secret that a merchant chose."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return secret.encode()
    return key if secret.startswith("whsec_") and len(key) >= 16 else secret.encode()


def no_such_event(type: str) -> str:
    """Return a sentence if paygate has no such event; only a test event can have that type."""
    if type in set(EventType):
        return ""
    near = get_close_matches(type, list(EventType), n=1)
    hint = f"did you mean {str(near[0])!r}?" if near else f"they are {', '.join(EventType)}"
    return f"paygate has no event {type!r}; {hint}\n"


def _object(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _is(webhook: Webhook, type: str, fields: Mapping[str, object]) -> bool:
    return webhook.type == type and all(
        webhook.field(name) == value for name, value in fields.items()
    )


def described(type: str, fields: Mapping[str, object]) -> str:
    """Return the words for an event with these fields."""
    values = " and ".join(f"{name}={value!r}" for name, value in fields.items())
    return f"{type} with {values}" if values else type
