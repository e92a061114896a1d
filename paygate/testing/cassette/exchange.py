"""One request of a connector with its response, as a cassette stores them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from ...core.plugin_api.http_client import HttpError, HttpResponse
from ..kit.stage import Sent
from .errors import CassetteError
from .ids import without_ids
from .masking import Masks

RESPONSE_HEADERS = ("content-type", "location", "retry-after")
"""What is stored of a response's headers; many of the others change in every response."""
Part = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its response, as plain JSON.

    Args:
        request: ``method``, ``url`` (path and query), ``headers`` with ids of paygate, and
            ``json``, ``form`` or ``text``.
        response: ``status``, ``headers``, and ``json``, ``form`` or ``text``; or ``error``, the
            kind of an ``HttpError``.
    """

    request: Part
    response: Part


def request_part(sent: Sent, masks: Masks) -> Part:
    """Return what is stored and compared of a request.

    The host is not: a bank for tests has another port in each run. Of the headers only those
    with an id of paygate are, such as ``Idempotency-Key``.

    Raises:
        CassetteError: Its body is not text, so that it cannot be masked.
    """
    address = urlsplit(sent.url)
    query = [
        f"{name}={masks.field(name, value)}"
        for name, value in parse_qsl(address.query, keep_blank_values=True)
    ]
    path = masks.text(unquote(address.path))
    part: dict[str, Any] = {
        "method": sent.method,
        "url": "?".join([path, "&".join(query)] if query else [path]),
    }
    headers = {name.lower(): masks.field(name, text) for name, text in sent.headers.items()}
    with_ids = {name: headers[name] for name in sorted(headers) if has_id(headers[name])}
    if with_ids:
        part["headers"] = with_ids
    return {**part, **_body(sent.body, sent.headers, masks)}


def response_part(answer: HttpResponse | HttpError | None, masks: Masks) -> Part:
    """Return what is stored of a response.

    Args:
        answer: The response, or the error; None if the connector did not wait for it.
        masks: Masks it.

    Raises:
        CassetteError: Its body is not text, so that it cannot be masked.
    """
    if answer is None:
        return {"error": "timeout"}
    if isinstance(answer, HttpError):
        return {"error": answer.kind}
    part: dict[str, Any] = {"status": answer.status}
    kept = {*RESPONSE_HEADERS, *(name.lower() for name in masks.settings.response_headers)}
    named = {name.lower(): text for name, text in answer.headers.items()}
    headers = {name: masks.text(named[name]) for name in sorted(named) if name in kept}
    if headers:
        part["headers"] = headers
    part |= _body(answer.body, answer.headers, masks)
    if answer.is_truncated:
        part["is_truncated"] = True
    return part | ({"broken": answer.broken} if answer.broken else {})


def response_of(part: Part) -> HttpResponse:
    """Return the response that is stored.

    Raises:
        HttpError: An error is stored.
    """
    if "error" in part:
        raise HttpError(str(part["error"]), "as it was recorded")
    return HttpResponse(
        int(part["status"]),
        dict(part.get("headers", {})),
        _bytes(part),
        is_truncated=bool(part.get("is_truncated", False)),
        broken=part.get("broken"),
    )


def has_id(text: str) -> bool:
    """Check whether a text contains an id of paygate."""
    return without_ids(text) != text


def _body(body: bytes, headers: Mapping[str, str], masks: Masks) -> Part:
    if not body:
        return {}
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise CassetteError(
            "A body cannot be recorded: it is not text, so nothing in it can be masked",
            {},
            "answer this request in `network`, or test it against the bank",
        ) from None
    kind = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    if "x-www-form-urlencoded" in kind:
        pairs = parse_qsl(text, keep_blank_values=True)
        return {"form": [[name, masks.field(name, value)] for name, value in pairs]}
    if "json" in kind or text.lstrip()[:1] in {"{", "["}:
        try:
            return {"json": masks.json(json.loads(text))}
        except (ValueError, RecursionError):
            pass
    return {"text": masks.markup(text)}


def _bytes(part: Part) -> bytes:
    if "json" in part:
        return json.dumps(part["json"], ensure_ascii=False, separators=(",", ":")).encode()
    if "form" in part:
        return urlencode([(name, value) for name, value in part["form"]]).encode()
    return str(part.get("text", "")).encode()
