"""What the handlers read of requests, and how they call the gateway."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, quote

from paygate import WireContext, WireRefusal, WireRequest

COUNT_MAX = 100
WAIT_S = 10
"""How long a request waits for a processor, as the original API does."""
YES, NO = (1, "1", True, "true"), (0, "0", False, "false")
NOTES_MAX = 15
FORM = "application/x-www-form-urlencoded"


def body_of(asked: WireRequest) -> dict[str, Any]:
    """Return the fields of a JSON body, or of a form.

    Raises:
        WireRefusal: It is neither.
    """
    if asked.headers.get("content-type", "").startswith(FORM):
        return dict(parse_qsl(asked.body.decode(errors="replace")))
    body = asked.json()
    if not isinstance(body, dict):
        raise WireRefusal(400, "BAD_REQUEST_ERROR", "The body must be an object")
    return body


def notes_of(body: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the notes; none for an empty list, which some clients send.

    Raises:
        WireRefusal: They are no object, or are more than 15.
    """
    notes = body.get("notes") or {}
    if not isinstance(notes, dict) or len(notes) > NOTES_MAX:
        raise WireRefusal(
            400,
            "BAD_REQUEST_ERROR",
            "The notes must be an object with at most 15 fields.",
            field="notes",
        )
    return notes or None


def key_of(asked: WireRequest) -> str | None:
    """Return the idempotency key; None without one."""
    headers = asked.headers
    given = headers.get("x-refund-idempotency") or headers.get("idempotency-key")
    return f"{asked.method} {asked.path} {given}" if given else None


def page_of(asked: WireRequest) -> dict[str, str]:
    """Return the gateway's query for ``count``, ``skip``, ``from`` and ``to``.

    Raises:
        WireRefusal: One of them is not a number.
    """
    query = dict(asked.query)
    count = min(number(query, "count", 10), COUNT_MAX)
    page = {"limit": str(count), "offset": str(number(query, "skip", 0))}
    for name in ("from", "to"):
        if query.get(name):
            # The last second is included here, and not there.
            at_s = number(query, name, 0) + (name == "to")
            page[name] = datetime.fromtimestamp(at_s, UTC).isoformat()
    return page


def number(given: Mapping[str, Any], name: str, default: int) -> int:
    """Return a whole number of a query or a form.

    Raises:
        WireRefusal: It is none.
    """
    value = given.get(name)
    if value is None or value == "":
        return default
    text = str(value)
    if not text.isascii() or not text.isdigit() or len(text) > 10:
        raise WireRefusal(400, "BAD_REQUEST_ERROR", f"The {name} must be an integer.", field=name)
    return int(text)


async def payment_of(payment_id: str, context: WireContext, *, wait_s: int = 0) -> dict[str, Any]:
    """Return the gateway's payment, if wanted after a wait for its outcome."""
    query = {"wait": str(wait_s)} if wait_s else None
    found: dict[str, Any] = await context.gateway.call(
        "GET", f"/payments/{quote(payment_id, safe='')}", query=query
    )
    return found
